"""The C library by `ctypes`, for what Python has no function for. Each call does nothing where it is unknown."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from typing import Any, List

LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
CAPABILITY_VERSION = 0x20080522
KEPT_CAPABILITIES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root reads a project that belongs to somebody else."""

_libc: Any = None
_children = (0, -1)
"""A process, and the open file that lists its children."""


def libc() -> Any:
    """The C library of this process."""
    global _libc
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
    return _libc


def prctl(option: int, value: int) -> None:
    """Linux only."""
    if LINUX:
        libc().prctl(option, value, 0, 0, 0)


def die_with_parent() -> None:
    """SIGKILL for this process when the process that forked it ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def drop_capabilities() -> None:
    """What root may do beyond others, raising its own limits and making devices above all."""
    if not LINUX:
        return
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    data = ctypes.create_string_buffer(24)
    if libc().capget(header, data) != 0:
        return
    kept = [word & KEPT_CAPABILITIES for word in struct.unpack("=6I", data.raw)[:2]]
    libc().capset(header, struct.pack("=6I", *kept, 0, 0, 0, 0))


def kill(pid: int) -> None:
    """SIGKILL by a descriptor of the process where the system has them, so that no other is hit."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        _kill_number(pid)
        return
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        pass  # it has ended
    finally:
        os.close(descriptor)


def _kill_number(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


# -- descendants ----------------------------------------------------------------------------------


def adopt_descendants() -> None:
    """From now on orphans among this process's descendants become its children, so that it can end them."""
    global _children
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid = os.getpid()
    _children = (pid, -1)
    try:
        if os.readlink("/proc/self") == str(pid):  # else it counts processes from elsewhere
            path = "/proc/self/task/%d/children" % pid
            _children = (pid, os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        pass


def children() -> List[int]:
    """This process's children where the system tells them; /proc may be out of reach by now."""
    owner, listing = _children
    if listing < 0 or owner != os.getpid():
        return []
    return [int(word) for word in os.pread(listing, 1 << 16, 0).split()]


def end_orphans(known: List[int]) -> None:
    """Kills the children that are not among `known`, and theirs in turn as they come to this process."""
    while True:
        strangers = [pid for pid in children() if pid not in known]
        if not strangers:
            return
        for pid in strangers:
            kill(pid)
            try:
                os.waitpid(pid, 0)
            except OSError:
                pass
