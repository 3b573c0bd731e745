"""Tries to break out of the sandbox and says what succeeded: the self-test behind the isolation level.

Runs confined exactly as a candidate is. `escapes` maps each attempt to whether it went through.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Callable, Dict

from . import entry, sandbox, wire

EXTRA_MB = 512
"""Allocated beyond the limit."""


def run(request: Dict[str, Any], fd: int, folder: str) -> None:
    """Confines this process, tries everything, tells the result to `fd`."""
    sandbox.remember_own_size()
    if request["isolation"].get("landlock", True):
        sandbox.confine_files(sandbox.readable_paths([]), [os.path.dirname(folder)])
    entry.enter({"memory_mb": 256, "cpu_s": 10, "isolation": request["isolation"]}, folder)
    attempts: Dict[str, Callable[[], Any]] = {
        "write": lambda: os.close(os.open(request["file"], os.O_WRONLY | os.O_APPEND)),
        "create": lambda: os.mkdir(request["file"] + ".made"),
        "read": lambda: os.close(os.open(request["file"], os.O_RDONLY)),
        "tcp": lambda: _connect(socket.AF_INET, ("127.0.0.1", request["port"])),
        "unix": lambda: _connect(socket.AF_UNIX, request["unix"]),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "fork": _fork,
        "exec": _exec,
        "signal": lambda: os.kill(request["pid"], 0),
        "environment": lambda: _read("/proc/%d/environ" % request["pid"]),
        "memory": lambda: bytearray((256 + EXTRA_MB) << 20),
    }
    wire.write(fd, {"escapes": {name: _succeeds(attempts[name]) for name in attempts}})


def _succeeds(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError):
        return False
    return True


def _connect(family: int, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(1.0)
        one.connect(address)


def _read(path: str) -> None:
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError("nothing there")


def _exec() -> None:
    """There is nothing to run, but whether the call itself is refused shows all the same."""
    try:
        os.execv("/proc/self/no-such-program", ["no"])
    except FileNotFoundError:
        return


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
