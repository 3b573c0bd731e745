"""How well candidates are contained here, found out by trying to break out.

L0  a process of its own, ended after its time
L1  L0 and a limit on memory
L2  L1 and no network, no new processes, no signals to others
L3  L2 and no reading or writing of files beyond what the tests need
"""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair.errors import SandboxError
from coderepair.runner.worker import Worker

NEEDED: tuple[tuple[str, ...], ...] = (
    (),
    ("memory",),
    ("tcp", "udp", "unix", "fork", "exec", "signal"),
    ("write", "create", "read", "environment"),
)
"""What has to be blocked for each level, on top of the level below."""
LEVELS = tuple(f"L{number}" for number in range(len(NEEDED)))
DEFAULT_LINUX = "L3"


@dataclass(frozen=True, slots=True)
class Isolation:
    """The result of a self-test."""

    level: str
    """`L0` to `L3`."""
    open: tuple[str, ...]
    """Attempts to break out that succeeded."""
    integrity: str = "shared-process"
    """Tests and candidate share a process, so a repair counts only once plain pytest confirms it."""

    def __str__(self) -> str:
        gaps = f", open: {', '.join(self.open)}" if self.open else ""
        return f"{self.level}{gaps} ({self.integrity})"


def judge(escapes: Mapping[str, bool]) -> Isolation:
    """The level that these outcomes amount to; an attempt without an outcome counts as an escape."""
    level = 0
    for number, names in enumerate(NEEDED):
        if any(escapes.get(name, True) for name in names):
            break
        level = number
    expected: Iterable[str] = (name for names in NEEDED for name in names)
    return Isolation(LEVELS[level], tuple(name for name in expected if escapes.get(name, True)))


def self_test(worker: Worker, layers: Mapping[str, bool]) -> Isolation:
    """Has a process of `worker`, confined as a candidate is, try to break out."""
    with (
        tempfile.TemporaryDirectory(prefix="coderepair-canary-") as folder,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        canary = Path(folder) / "canary"
        canary.write_text("alive")
        address = str(Path(folder) / "s")
        unix.bind(address)
        unix.listen()
        request: dict[str, Any] = {
            "op": "probe",
            "file": str(canary),
            "unix": address,
            "port": tcp.getsockname()[1],
            "pid": worker.pid,
            "isolation": dict(layers),
        }
        answer = worker.ask(request)
    return judge(answer.get("escapes", {}))


def require(found: Isolation, wanted: str) -> None:
    """Raises `SandboxError` if the level is below `wanted` (empty: L3 on Linux, anything elsewhere)."""
    needed = wanted or (DEFAULT_LINUX if sys.platform == "linux" else LEVELS[0])
    if LEVELS.index(found.level) < LEVELS.index(needed):
        raise SandboxError(
            f"this system contains candidates only at level {found.level}, not {needed} "
            f"(open: {', '.join(found.open)}); accept that with --isolation {found.level}"
        )
