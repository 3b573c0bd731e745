"""A warm worker between two owners: finding the functions to repair and repairing them share one.

At most one is parked; it is ended if nobody takes it before the process exits.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coderepair.runner.pool import Prepared
    from coderepair.runner.worker import Worker

_parked: list[tuple[Worker, Prepared]] = []


def park(worker: Worker, prepared: Prepared) -> None:
    """Leaves a worker, with the task it holds, for whoever wants it next."""
    clear()
    _parked.append((worker, prepared))
    atexit.register(clear)


def take(python: str) -> tuple[Worker, Prepared] | None:
    """The parked worker if it runs `python`."""
    if _parked and _parked[0][0].python == python:
        return _parked.pop()
    return None


def clear() -> None:
    """Ends the parked worker."""
    while _parked:
        _parked.pop()[0].close()
