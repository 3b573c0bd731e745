"""What a runner knows of a task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from coderepair.errors import TestsNotRunnable
from coderepair.model import Limits, Outcome, Task
from coderepair.runner import reports, stdio
from coderepair.runner.pins import Pins
from coderepair.runner.requests import no_tests

FLOOR_S = 0.3
"""A check of a candidate always gets this much, however fast the original's are."""
FACTOR = 10.0
"""How much slower than the original's slowest check a candidate's check may be."""
UNKNOWN_S = 1.0
"""Limit while no check of the original came to an end, so that nothing is known."""
COUNTED = (Outcome.PASS, Outcome.FAIL, Outcome.ERROR)


@dataclass
class Prepared:
    """What is known of a task once its tests were collected."""

    task: Task
    request: dict[str, Any]
    pins: Pins
    nodes: tuple[reports.TestNode, ...] = ()
    skipped: frozenset[str] | None = None
    reasons: tuple[str, ...] = ()
    """For each node why it has to be judged in the candidate's own process; empty for those that need not."""
    cases: tuple[stdio.Case, ...] = ()
    """Inputs and outputs that are judged here, where the tests are such."""
    slowest_s: float = 0.0
    """Longest time of a check of the original that came to its end, or of the import."""

    def judged(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer of a process, with verdicts on what the program wrote."""
        return stdio.judged(self.cases, answer) if self.cases else answer

    def same_run(self, task: Task) -> bool:
        """Whether this holds for `task` too: other functions may change, but all that runs is the same."""
        mine, other = (
            replace(each, targets=(), reached=(), statement="") for each in (self.task, task)
        )
        return mine == other

    def learn(self, answer: dict[str, Any]) -> None:
        """From a run of the original: which nodes it skips, and how long checks take that come to an end.

        Raises `TestsNotRunnable` if it skips all of them.
        """
        self.skipped = reports.skipped_nodes(self.nodes, answer)
        found = reports.report(self.nodes, answer, self.skipped)
        if not found.checks:
            raise TestsNotRunnable(f"every test is skipped; {no_tests(self.task)}")
        timings = [each.seconds for each in found.checks if each.outcome in COUNTED]
        known = timings or [UNKNOWN_S / FACTOR]
        self.slowest_s = max(*known, *reports.import_seconds(answer), 0.0)

    def check_limit(self, limits: Limits) -> float:
        """CPU seconds a candidate's check may take: far above what the original needs, far below the cap."""
        return min(limits.test_timeout_s, max(FLOOR_S, FACTOR * self.slowest_s))
