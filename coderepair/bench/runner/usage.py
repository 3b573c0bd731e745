"""CPU time and memory of this process and everything that it started, read from /proc (Linux)."""

from __future__ import annotations

import os
import resource
from pathlib import Path

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_PARENT, _USED = 1, slice(11, 15)
"""Places behind the name in /proc/PID/stat: parent; user and system time, own and of ended children."""


class CpuMeter:
    """CPU seconds of this process, its living descendants and those that have ended, since it was made.

    A descendant's part is exact to some hundredths of a second, so a difference needs many candidates.
    """

    def __init__(self) -> None:
        self._below = sum(_descendants().values())
        self._own = _own_seconds()  # last, as reading the others takes time too

    def seconds(self) -> float:
        own = _own_seconds() - self._own
        return own + sum(_descendants().values()) - self._below


def _own_seconds() -> float:
    """Of this process and of children that it has waited for."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def memory_mb() -> float:
    """Proportional set size of all living descendants, in MiB: a shared page counts once in the sum.

    Raises `PermissionError` where the system hides it from this user.
    """
    return sum(map(_pss_kb, _descendants())) / 1024


def _descendants() -> dict[int, float]:
    """Id -> CPU seconds of every process below this one, with those of its children that have ended."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(entry)
            if fields:
                parents[int(entry.name)] = int(fields[_PARENT])
                used[int(entry.name)] = _TICK_S * sum(map(int, fields[_USED]))
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return {pid: used[pid] for pid in below - {os.getpid()}}


def _stat(entry: Path) -> list[str]:
    """Fields of a process's stat behind its name; none if it has just ended."""
    try:
        return (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _pss_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:"), 0)
