"""How well candidates are contained here, found out by trying to break out.

L0  a process of its own, ended after its time
L1  L0 and limits on memory, files and descriptors that it cannot raise
L2  L1 and no network, no new processes, no signals to others
L3  L2 and no reading or writing of files beyond what the tests need
L4  L3 and a world of its own: other processes do not exist, the network has no interfaces
L5  L4 and a kernel of its own; nothing here makes one, a virtual machine or gVisor around it does
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair.errors import SandboxError
from coderepair.runner.worker import Worker

NEEDED: tuple[tuple[str, ...], ...] = (
    (),
    ("memory", "limits", "descriptors"),
    ("tcp", "udp", "unix", "fork", "exec", "signal"),
    ("write", "create", "read", "environment"),
    ("other processes", "interfaces"),
    ("kernel",),
)
"""What has to be blocked for each level, on top of the level below."""
LEVELS = tuple(f"L{number}" for number in range(len(NEEDED)))
DEFAULT_LINUX = "L3"
BEYOND = 4
"""From this level on what is open is no gap that has to be told with every result."""

ALONE: Mapping[str, tuple[str, ...]] = {
    "limits": ("memory", "limits"),
    "Landlock": ("write", "create", "read"),
    "seccomp": ("udp", "fork", "exec", "signal"),
    "namespaces": ("processes", "tcp"),
}
"""What each layer has to block without the others."""
SWITCHES = {"Landlock": "landlock", "seccomp": "seccomp"}
OFF = dict.fromkeys(SWITCHES.values(), False)


@dataclass(frozen=True, slots=True)
class Isolation:
    """The result of a self-test."""

    level: str
    """`L0` to `L5`."""
    open: tuple[str, ...]
    """Attempts to break out that succeeded, of those that the levels up to L3 have to block."""
    integrity: str = "shared-process"
    """Tests and candidate share a process, so a repair counts only once plain pytest confirms it."""
    layers: tuple[str, ...] = ()
    """Those that hold by themselves, of `ALONE`."""

    def __str__(self) -> str:
        layers = f": {', '.join(self.layers)}" if self.layers else ""
        gaps = f"; open: {', '.join(self.open)}" if self.open else ""
        return f"{self.level}{layers}{gaps} ({self.integrity})"


def judge(escapes: Mapping[str, bool], layers: tuple[str, ...] = ()) -> Isolation:
    """The level that these outcomes amount to; an attempt without an outcome counts as an escape."""
    level = 0
    for number, names in enumerate(NEEDED):
        if any(escapes.get(name, True) for name in names):
            break
        level = number
    gaps = [name for names in NEEDED[:BEYOND] for name in names if escapes.get(name, True)]
    return Isolation(LEVELS[level], tuple(gaps), layers=layers)


def self_test(worker: Worker, layers: Mapping[str, bool]) -> Isolation:
    """Has processes of `worker`, confined as a candidate is and by each layer alone, try to break out."""
    told = _attempts(worker, layers)
    bare: Mapping[str, bool] = told.get("outside", {})
    escapes = {
        **told.get("candidate", {}),
        "other processes": bare.get("processes", True),
        "interfaces": bare.get("tcp", True),
    }
    return judge(escapes, tuple(name for name in ALONE if _holds(name, told, layers)))


def _holds(name: str, told: Mapping[str, Mapping[str, bool]], layers: Mapping[str, bool]) -> bool:
    switch = SWITCHES.get(name, "")
    if switch and not layers.get(switch, True):
        return False
    escapes = told.get(switch or "outside", {})
    return not any(escapes.get(each, True) for each in ALONE[name])


def _attempts(worker: Worker, layers: Mapping[str, bool]) -> Mapping[str, Mapping[str, bool]]:
    """By the name of each probe, which attempts went through."""
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
            "pid": os.getpid(),
            "processes": _own_namespace(),
            "kernel": list(os.uname()[:4]),
            "probes": {
                "candidate": dict(layers),
                "outside": OFF,
                **{switch: {**OFF, switch: True} for switch in SWITCHES.values()},
            },
        }
        answer: Mapping[str, Mapping[str, bool]] = worker.ask(request)
    return answer


def _own_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def require(found: Isolation, wanted: str) -> None:
    """Raises `SandboxError` if the level is below `wanted` (empty: L3 on Linux, anything elsewhere)."""
    needed = wanted or (DEFAULT_LINUX if sys.platform == "linux" else LEVELS[0])
    if LEVELS.index(found.level) < LEVELS.index(needed):
        gaps = f" (open: {', '.join(found.open)})" if found.open else ""
        raise SandboxError(
            f"this system contains candidates only at level {found.level}, not {needed}{gaps}; "
            f"see coderepair doctor, or accept that with --isolation {found.level}"
        )
