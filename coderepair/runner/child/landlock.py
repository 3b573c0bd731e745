"""Which files a process may read and write: Landlock, versions 1 to 7 (`Documentation/userspace-api/landlock.rst`)."""

from __future__ import annotations

import os
import struct
import sys
from typing import Iterable, List, NamedTuple, Optional

from . import system
from .syscalls import LANDLOCK_ADD_RULE, LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE = sum(1 << bit for bit in range(6, 13))
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
READS = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
NET_TCP = 3
SCOPES = 3
SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/nix/store", "/sys/devices/system/cpu",
    "/dev/zero", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
)  # fmt: skip
"""Not /proc as a whole: other processes' environments hold secrets."""


class Rights(NamedTuple):
    """What a version of Landlock can bound."""

    writes: int
    reads: int
    network: int
    """TCP: bind and connect, from version 4."""
    scopes: int
    """Abstract sockets and signals to processes outside, from version 6."""


def rights(abi: int) -> Rights:
    """What version `abi` handles; one that is not known yet counts as the newest that is."""
    writes = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE if abi >= 1 else 0
    writes |= (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0)
    writes |= IOCTL_DEV if abi >= 5 else 0
    return Rights(
        writes, READS if abi >= 1 else 0, NET_TCP if abi >= 4 else 0, SCOPES if abi >= 6 else 0
    )


def attributes(abi: int, reads: bool) -> bytes:
    """`struct landlock_ruleset_attr`, only as long as that version knows it."""
    can = rights(abi)
    fields = [can.writes | (can.reads if reads else 0)]
    fields += [can.network] if can.network else []
    fields += [can.scopes] if can.scopes else []
    return struct.pack("=%dQ" % len(fields), *fields)


def landlock_abi() -> int:
    """Version of Landlock in this kernel, 0 for none."""
    if not system.LINUX:
        return 0
    return max(0, int(system.libc().syscall(LANDLOCK_CREATE_RULESET, None, 0, 1)))


def readable_paths(project: Iterable[str]) -> List[str]:
    """What a Python process needs to read: the system's libraries, the interpreter, `sys.path`, the project."""
    editable = [
        path
        for name, module in list(sys.modules.items())
        if name.startswith("__editable__")
        for path in getattr(module, "MAPPING", {}).values()
    ]
    prefixes = (
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        os.path.dirname(os.path.abspath(__file__)),
    )
    paths = [path for path in sys.path if path]
    linked = [each for path in paths if path.endswith("-packages") for each in _linked_from(path)]
    return sorted({*SYSTEM, *prefixes, *paths, *linked, *map(str, editable), *project})


def _linked_from(folder: str) -> List[str]:
    """Where packages really lie that an installer only linked to, whole or file by file."""
    found: List[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    found.append(os.path.realpath(entry.path))
                elif entry.is_dir():
                    with os.scandir(entry.path) as files:
                        link = next((file.path for file in files if file.is_symlink()), None)
                    if link is not None:
                        found.append(os.path.dirname(os.path.realpath(link)))
    except OSError:
        pass
    return found


def confine_files(
    readable: Optional[Iterable[str]], writable: Iterable[str], listable: Iterable[str] = ()
) -> bool:
    """Writes only below `writable` and to /dev/null; reads only below `readable` (None: anywhere), and
    the names of files, not what is in them, below `listable`.

    TCP is closed and signals to processes outside are blocked too, where this kernel can do it.
    """
    ruleset = rules(readable, writable, listable)
    if ruleset < 0:
        return False
    try:
        return restrict(ruleset)
    finally:
        os.close(ruleset)


def rules(
    readable: Optional[Iterable[str]], writable: Iterable[str], listable: Iterable[str] = ()
) -> int:
    """A descriptor of the rules that `confine_files` describes, -1 where there are none to be had."""
    abi = landlock_abi()
    if abi < 1:
        return -1
    bounded = attributes(abi, readable is not None)
    (handled,) = struct.unpack_from("=Q", bounded)
    ruleset = int(system.libc().syscall(LANDLOCK_CREATE_RULESET, bounded, len(bounded), 0))
    if ruleset < 0:
        return -1
    for path in writable:
        _allow(ruleset, path, handled & ~(MAKE_CHAR | MAKE_BLOCK))
    _allow(ruleset, "/dev/null", (WRITE_FILE | READ_FILE | TRUNCATE) & handled)
    for path in readable or ():
        _allow(ruleset, path, READS)
    for path in listable if readable is not None else ():
        _allow(ruleset, path, READ_DIR)
    return ruleset


def restrict(ruleset: int) -> bool:
    """Puts these rules on this thread and all it starts, on top of those it has."""
    system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
    return bool(system.libc().syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)


def _allow(ruleset: int, path: str, granted: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            granted &= ON_FILES
        rule = struct.pack("=Qi", granted, fd)
        system.libc().syscall(LANDLOCK_ADD_RULE, ruleset, 1, rule, 0)
    finally:
        os.close(fd)
