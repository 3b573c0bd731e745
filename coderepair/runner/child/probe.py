"""Tries to break out of the sandbox and says what succeeded: the self-test behind the isolation level.

Runs confined exactly as a candidate is, or by some of the layers only. `run` tells for each attempt whether
it went through.
"""

from __future__ import annotations

import os
import resource
import socket
from typing import Any, Callable, Dict, List

from . import entry, sandbox, wire

MEMORY_MB, EXTRA_MB = 256, 512
"""The limit, and what is allocated beyond it."""
DESCRIPTORS = 64
"""Looked at for what was left open."""


def run(request: Dict[str, Any], layers: Dict[str, bool], fd: int, folder: str) -> None:
    """Confines this process, tries everything, tells the result to `fd`."""
    sandbox.remember_own_size()
    own = [fd, sandbox.size_descriptor()]
    if layers.get("landlock", True):
        sandbox.confine_files(sandbox.readable_paths([]), [os.path.dirname(folder)])
    entry.enter({"memory_mb": MEMORY_MB, "cpu_s": 10, "isolation": layers}, folder)
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
        "processes": lambda: _sees(request["pid"], request["processes"]),
        "environment": lambda: _read("/proc/%d/environ" % request["pid"]),
        "memory": lambda: bytearray((MEMORY_MB + EXTRA_MB) << 20),
        "limits": _raise_limit,
        "descriptors": lambda: _inherited(own),
        "kernel": lambda: _same_kernel(request["kernel"]),
    }
    wire.write(fd, {name: _succeeds(attempts[name]) for name in attempts})


def _succeeds(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError, ValueError):
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


def _sees(pid: int, namespace: str) -> None:
    """By number, which means another process where the numbers are counted anew."""
    os.getpgid(pid)
    if namespace and os.readlink("/proc/self/ns/pid") != namespace:
        raise OSError("another process of that number")


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if hard == resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard + 1))


def _inherited(own: List[int]) -> None:
    """Raises OSError if nothing is open but the standard streams and what this process needs."""
    for fd in range(3, DESCRIPTORS):
        if fd not in own and _is_open(fd):
            return
    raise OSError("nothing is open")


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _same_kernel(ours: List[str]) -> None:
    if list(os.uname()[:4]) != ours:
        raise OSError("a kernel of its own")
