"""Which processes a server has started, and whether they are still there."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lsp.client import PATIENCE_S


def descendants(pid: int) -> set[int]:
    """Ids of all processes below one, at this moment."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def wait_until_gone(pids: set[int]) -> None:
    """Raises `TimeoutError` if one of them stays."""
    deadline = time.monotonic() + PATIENCE_S
    while left := {pid for pid in pids if _lives(pid)}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"still there: {left}")
        time.sleep(0.02)


def wait_for_some(pid: int, count: int) -> set[int]:
    """Waits until a process has at least so many below it."""
    deadline = time.monotonic() + PATIENCE_S
    while len(found := descendants(pid)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {len(found)} processes")
        time.sleep(0.02)
    return found


def resident_kb(pid: int) -> int:
    """Memory of a process that is in use, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
