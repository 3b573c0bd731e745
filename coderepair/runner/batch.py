"""Programs under way in a pool of processes, any of which may die."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from coderepair.runner.worker import Channel

ATTEMPTS = 3
"""How often a program, or a request, is begun whose process dies meanwhile."""
GONE = f"the test process died {ATTEMPTS} times; see `coderepair doctor`"


@dataclass
class Batch:
    """Programs under way: which process has which."""

    requests: Sequence[dict[str, Any]]
    waiting: list[int]
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    running: dict[Channel, int] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)

    def again(self, channel: Channel) -> None:
        """The program of a process that died gets another try, and in the end a report that says so."""
        index = self.running.pop(channel, None)
        if index is None:
            return
        self.deaths[index] += 1
        if self.deaths[index] < ATTEMPTS:
            self.waiting.append(index)
        else:
            self.answers[index] = {"infra": GONE, "shared": 0}
