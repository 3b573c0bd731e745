"""A warm worker between two owners: finding the functions to repair and repairing them share one.

At most one is parked; it is ended if nobody takes it before the process exits.
"""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coderepair.runner.isolation import Isolation
    from coderepair.runner.prepared import Prepared
    from coderepair.runner.worker import Worker


@dataclass(frozen=True)
class Parked:
    """A worker, the task it holds, and how well it contains a candidate."""

    worker: Worker
    prepared: Prepared
    isolation: Isolation


_parked: list[Parked] = []


def park(parked: Parked) -> None:
    """Leaves a worker for whoever wants it next."""
    clear()
    _parked.append(parked)
    atexit.register(clear)


def take(python: str, integrity: str) -> Parked | None:
    """The parked worker if it runs `python` and judges where it is wanted."""
    if not _parked or _parked[0].worker.python != python:
        return None
    if _parked[0].prepared.request["integrity"] != integrity:
        return None
    return _parked.pop()


def clear() -> None:
    """Ends the parked worker."""
    while _parked:
        _parked.pop().worker.close()
