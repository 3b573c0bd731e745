"""What a test command gives up before it starts: it may run programs, which a candidate may not.

It keeps what shells, build tools and test runners need (fork, exec, signals, sessions); Landlock bounds
its files, and from version 6 its signals, to its own processes.
"""

from __future__ import annotations

import errno
import os
import resource
from functools import lru_cache
from typing import Any, Dict

from . import sandbox, seccomp, system
from .calls import FORBIDDEN, PRETENDED
from .syscalls import AUDIT_ARCH, NUMBERS

NEEDED = (
    "fork", "vfork", "execve", "execveat", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "pidfd_send_signal", "setpgid", "setsid", "setpriority", "sched_setaffinity", "personality", "accept",
    "accept4", "listen",
)  # fmt: skip
"""Of what candidates are refused. No socket can be made, so there is nothing to listen on but pairs."""
EXTRA_MB = 512
"""Address space of a process beyond the limit of a candidate: interpreters map more than they use."""
PROCESSES = 512
"""Tasks that a command may add to those of its user."""


def confine(request: Dict[str, Any], folder: str) -> None:
    """Irrevocable, for this process and all it starts."""
    sandbox.limit_resources(request["memory_mb"] + EXTRA_MB, request["cpu_s"])
    _lower_processes()
    layers = request.get("isolation", {})
    if layers.get("landlock", True):
        sandbox.confine_files(request["readable"], [folder], request["listable"])
    system.drop_capabilities()
    if layers.get("seccomp", True) and seccomp.MACHINE in NUMBERS and system.LINUX:
        seccomp.install(_filter(seccomp.MACHINE))


def _lower_processes() -> None:
    """The limit counts all tasks of the user, so it lies above those that there are; root has none."""
    uid = os.getuid()
    if not uid or not system.LINUX:
        return
    most = PROCESSES + sum(_tasks(name, uid) for name in os.listdir("/proc") if name.isdigit())
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (bound, bound))
    except (ValueError, OSError):
        pass


def _tasks(name: str, uid: int) -> int:
    try:
        return (
            len(os.listdir("/proc/%s/task" % name)) if os.stat("/proc/" + name).st_uid == uid else 0
        )
    except OSError:
        return 0


@lru_cache(maxsize=1)
def _filter(machine: str) -> bytes:
    """Refuses what no test needs; other calls are allowed, as nobody knows what a command runs."""
    table, code = NUMBERS[machine], seccomp.Code()
    denied = seccomp.REFUSE | errno.EPERM
    code.emit(seccomp.LOAD, seccomp.ARCHITECTURE)
    code.emit(seccomp.JUMP_EQ, AUDIT_ARCH[machine], 1, 0)
    code.emit(seccomp.RETURN, denied)
    code.emit(seccomp.LOAD, seccomp.NUMBER)
    if machine == "x86_64":
        code.emit(seccomp.JUMP_GE, seccomp.X32, 0, 1)
        code.emit(seccomp.RETURN, denied)
    refused = [name for name in FORBIDDEN if name not in NEEDED]
    code.on(seccomp.numbers_of(table, PRETENDED), seccomp.REFUSE)
    code.on(seccomp.numbers_of(table, refused), denied)
    code.emit(seccomp.RETURN, seccomp.ALLOW)
    return b"".join(code.parts)
