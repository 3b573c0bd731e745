"""How a program's process ended, and whether that was one of its bounds."""

from __future__ import annotations

import os
import signal
from typing import Any, Dict, List

BREAKDOWNS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGKILL)
"""What ends a process that gets no memory and does not take that well."""
NEARLY = 0.9
"""Share of its memory that a process has used which broke down for want of it."""
KILOBYTES = 1024

BOUNDS: Dict[str, List[Any]] = {
    "disk": ["output_limit", 0.0, {"kind": "output", "message": "wrote more files than the limit"}],
    "memory": ["memory_limit", 0.0, {"kind": "memory", "message": "took all memory it may take"}],
    "timeout": ["timeout", 0.0, {"kind": "timeout", "message": "used up its processor time"}],
}
"""Outcome, closeness and failure of a check that met such an end."""


def of(status: int, used: Any, memory_mb: int) -> str:
    """`exit N`, `signal N`, `memory` or `timeout`, from what `os.wait4` says of a process."""
    if os.WIFEXITED(status):
        return "exit %d" % os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "timeout"
    peak_mb = used.ru_maxrss / KILOBYTES
    return (
        "memory" if number in BREAKDOWNS and peak_mb > NEARLY * memory_mb else "signal %d" % number
    )


def charge(events: List[Any], end: str) -> None:
    """Where a process met a bound, says so of the checks that it broke off.

    Too many files may be found only after the last check, which is charged then.
    """
    if end not in BOUNDS:
        return
    met = [event for event in events if event[0] == "c" and _broken_off(event, end)]
    for event in met:
        event[3:6] = BOUNDS[end]
    told = [event for event in events if event[0] in ("c", "n")]
    if end == "disk" and not met and told:
        if told[-1][0] == "c":
            told[-1][3:6] = BOUNDS[end]
        elif told[-1][2] != "skip":
            told[-1][2:4] = ["fail", BOUNDS[end][2]]


def _broken_off(event: List[Any], end: str) -> bool:
    """Whether a check came to its verdict by that end; a full disk shows in several ways."""
    outcome, failure = event[3], event[5]
    if outcome == "crash":
        return True
    full = isinstance(failure, dict) and failure.get("exception") == "OSError"
    return end == "disk" and (outcome == "timeout" or (outcome == "error" and full))
