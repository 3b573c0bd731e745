"""How well a test command is contained here, found out by a command that tries to break out."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from coderepair.runner.child.landlock import SYSTEM
from coderepair.runner.child.programs import EXTRA_MB
from coderepair.runner.isolation import Isolation, judge
from coderepair.runner.launch import OUTPUT, interpreter_paths, supervise
from coderepair.runner.worker import environment

PROBE = Path(__file__).parent / "child" / "command_probe.py"
PROBE_S = 20.0
MEMORY_MB = 256
BY_NATURE = ("fork", "exec")
"""A command runs programs; what holds it holds these too."""
NOT_TRIED = ("other processes", "interfaces", "kernel")


def self_test(integrity: str) -> Isolation:
    """The level of everything but starting programs, which is told as open."""
    with (
        tempfile.TemporaryDirectory(prefix="coderepair-canary-") as outside,
        tempfile.TemporaryDirectory(prefix="coderepair-") as inside,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        canary, address = Path(outside, "canary"), str(Path(outside, "s"))
        canary.write_text("alive")
        unix.bind(address)
        unix.listen()
        attempts = {
            "file": str(canary),
            "unix": address,
            "port": tcp.getsockname()[1],
            "pid": os.getpid(),
            "bytes": (MEMORY_MB + 2 * EXTRA_MB) << 20,
        }
        told = _tried(attempts, Path(os.path.realpath(inside)))
    blocked = dict.fromkeys(BY_NATURE, False)
    found = judge({**told, **blocked, **dict.fromkeys(NOT_TRIED, True)})
    return replace(found, open=(*found.open, *BY_NATURE), integrity=integrity)


def _tried(attempts: dict[str, object], folder: Path) -> dict[str, bool]:
    """What the probe says; nothing if it could not."""
    command = [sys.executable, "-I", "-S", str(PROBE), json.dumps(attempts)]
    output = folder / "output"
    request: dict[str, object] = {
        "command": shlex.join(command),
        "folder": str(folder),
        "environ": environment(str(folder)),
        "readable": [*SYSTEM, *interpreter_paths(sys.executable, os.devnull), str(PROBE)],
        "listable": [],
        "watched": str(PROBE),
        "output": str(output),
        "output_bytes": OUTPUT,
        "memory_mb": MEMORY_MB,
        "cpu_s": int(PROBE_S),
        "total_s": PROBE_S,
    }
    supervise(request, folder, PROBE_S)
    try:
        told = json.loads(output.read_text())
        return {str(name): bool(escaped) for name, escaped in told.items()}
    except (OSError, ValueError, AttributeError):
        return {}
