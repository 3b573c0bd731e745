"""Who descends from whom, and where."""

from __future__ import annotations

from pathlib import Path


def children(parent: int) -> list[int]:
    """Processes that `parent` has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def inner(workers: list[int]) -> list[int]:
    """The process that a worker's namespaces begin with, or the worker itself where it has none."""
    return [next((pid for pid in children(each) if _elsewhere(pid)), each) for each in workers]


def _elsewhere(pid: int) -> bool:
    return Path(f"/proc/{pid}/ns/pid").readlink() != Path("/proc/self/ns/pid").readlink()
