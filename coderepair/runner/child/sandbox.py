"""What a process gives up before it runs code it has no reason to trust. Irrevocable and inherited.

Covered on Linux: writes outside the scratch folder and reads outside the interpreter, the project
and the tests (`landlock`), all system calls but those a program needs (`seccomp`), memory, file size,
descriptors and CPU time (rlimits), what root may do beyond others (capabilities), debuggers, death with
the parent; other processes and networks (`namespaces`) for a whole worker.
Not covered: metadata of files outside can be read (`stat`); changes of modes and times seem to
succeed and do nothing. Where the kernel lacks a layer the others still apply, and the self-test says so.
"""

from __future__ import annotations

import os
import resource
from typing import Dict

from . import landlock, seccomp, system
from .landlock import confine_files, readable_paths
from .seccomp import confine_calls, prepare_calls
from .system import die_with_parent

__all__ = [
    "assume_own_size",
    "close_to_debuggers",
    "confine_calls",
    "confine_candidate",
    "confine_files",
    "confine_prepared",
    "die_with_parent",
    "limit_cpu",
    "limit_memory",
    "limit_resources",
    "limit_sizes",
    "own_size",
    "prepare_calls",
    "readable_paths",
    "remember_own_size",
    "size_descriptor",
]

OPEN_FILES = 256
FILE_SIZE = 64 * 1024 * 1024

_statm = -1
_assumed = 512 * 1024 * 1024
"""Bytes that are taken to be mapped where nothing tells."""


def limit_resources(memory_mb: int, cpu_s: int) -> None:
    """Memory comes on top of what the interpreter itself has mapped already."""
    limit_memory(memory_mb)
    limit_cpu(cpu_s)
    limit_sizes()


def limit_sizes() -> None:
    """Core dumps, sizes of files, numbers of descriptors."""
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", FILE_SIZE),
        ("RLIMIT_NOFILE", OPEN_FILES),
    ):
        _lower(getattr(resource, name), value)


def limit_cpu(seconds: int) -> None:
    """CPU seconds of this process."""
    _lower(resource.RLIMIT_CPU, seconds)


def limit_memory(memory_mb: int) -> None:
    """Address space, on top of what is mapped already."""
    _lower(resource.RLIMIT_AS, _mapped() + memory_mb * 1024 * 1024)


def _lower(kind: int, value: int, more: int = 0) -> None:
    """`more` is what the hard limit may lie above the other one."""
    hard = resource.getrlimit(kind)[1]
    upper = value + more if hard == resource.RLIM_INFINITY else min(value + more, hard)
    try:
        resource.setrlimit(kind, (min(value, upper), upper))
    except (ValueError, OSError):  # macOS refuses RLIMIT_AS
        pass


def _mapped() -> int:
    """Bytes of address space that this process, or the one it was forked from, has mapped."""
    if _statm < 0:
        return _assumed
    return int(os.pread(_statm, 64, 0).split()[0]) * resource.getpagesize()


def assume_own_size(size: int) -> None:
    """For a process that may not look: bytes that are surely as many as it has mapped."""
    global _assumed
    _assumed = size


def own_size() -> int:
    """Bytes of address space for a process that was started like this one."""
    return _mapped()


def size_descriptor() -> int:
    """What a fork has to keep open for `limit_resources`."""
    return _statm


def remember_own_size() -> None:
    """Opens what `limit_resources` will need, as /proc is out of reach later."""
    global _statm
    try:
        _statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        _statm = -1


def confine_candidate(folder: str, layers: Dict[str, bool]) -> None:
    """The layers around one candidate; its reads are bounded by the server's own confinement."""
    close_to_debuggers()
    if layers.get("limits", True):
        system.drop_capabilities()
    if layers.get("landlock", True):
        landlock.confine_files(None, [folder])
    if layers.get("seccomp", True):
        seccomp.confine_calls()


def confine_prepared(rules: int, layers: Dict[str, bool]) -> None:
    """The same for a fork of a process that has given up the rest, with rules made before (-1: none)."""
    if rules >= 0:
        landlock.restrict(rules)
        os.close(rules)  # whoever has it may change them
    if layers.get("seccomp", True):
        seccomp.confine_calls()


def close_to_debuggers() -> None:
    """For this process and its forks."""
    system.prctl(system.PR_SET_DUMPABLE, 0)
