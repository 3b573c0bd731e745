"""A worker's own world, where the system lets it have one: processes, network, message queues, mounts.

Everything the worker starts ends with its first process, nothing outside can be seen or signalled, the
network has no interfaces, and the scratch folder is a file system of its own with a size.
"""

from __future__ import annotations

import os
import shutil

from . import system

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
WANTED = NEWPID | NEWNET | NEWIPC
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
DISK = 1024 * 1024 * 1024
"""Bytes that all files of a worker may take."""
FILES = 65536
PIDFD_OPEN = 434
"""The call's number, on every machine."""


def enter(scratch: str, control: int) -> None:
    """Returns in a new process with namespaces of its own; this one waits for its end.

    Where the system has none for us it returns here. Call it before any thread is started.
    """
    if not _leave():
        return
    pid = os.fork()
    if pid:
        _wait(pid, scratch, control)
    system.die_with_parent()
    _unshare(NEWNS)
    _mount(scratch)
    os.chdir(scratch)


def _leave() -> bool:
    """Root needs no user namespace, and could not read everybody's files in one."""
    if not system.LINUX:
        return False
    if _unshare(WANTED):
        return True
    return _works(WANTED | NEWUSER) and _unshare(WANTED | NEWUSER)


def _works(flags: int) -> bool:
    """Whether a process may have them, found out by one that is thrown away: there is no way back."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if _unshare(flags) else 1)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _unshare(flags: int) -> bool:
    user, group = os.getuid(), os.getgid()
    if system.libc().unshare(flags) != 0:
        return False
    if flags & NEWUSER:
        try:
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", "%d %d 1" % (user, user)),
                ("gid_map", "%d %d 1" % (group, group)),
            ):
                with open("/proc/self/" + name, "w") as file:
                    file.write(text)
        except OSError:
            return False
    return True


# -- one program's own processes ------------------------------------------------------------------

_own = -1
"""A descriptor of a process in the namespace to come back to, where forks are fenced in."""


def fence(wanted: bool) -> None:
    """Whether each `fork` begins a process namespace, so that all it starts ends with it.

    For where the filter of system calls cannot keep a program from starting processes.
    """
    global _own
    _own = -1
    if wanted and system.LINUX:
        _own = int(system.libc().syscall(PIDFD_OPEN, os.getpid(), 0))


def fork() -> int:
    """As `os.fork`, fenced in if that is wanted and the system lets us."""
    if _own < 0 or system.libc().unshare(NEWPID) != 0:
        return os.fork()
    pid = os.fork()
    if pid:
        system.libc().setns(_own, NEWPID)
    return pid


# -- a worker's world -----------------------------------------------------------------------------


def _mount(scratch: str) -> None:
    """Each mount may be refused, as in many containers; the rest holds without it."""
    mount = system.libc().mount
    mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
    mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None)
    options = "size=%d,nr_inodes=%d,mode=0700,uid=%d,gid=%d"
    given = options % (DISK, FILES, os.getuid(), os.getgid())
    mount(b"scratch", os.fsencode(scratch), b"tmpfs", MS_NOSUID | MS_NODEV, given.encode())


def _wait(pid: int, scratch: str, control: int) -> None:
    """The outer process: lives as long as the inner one, and removes what that cannot."""
    try:
        os.close(control)
        os.waitpid(pid, 0)
        shutil.rmtree(scratch, ignore_errors=True)
    finally:
        os._exit(0)
