"""Runs the programs of pulls in a thread of its own, while the next pulls are being made.

The sandbox's processes are not ours, so running what one pull proposes and making the proposals of
the next keep two cores busy. Only this thread uses the runner while a search is under way.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from coderepair.errors import SandboxError
from coderepair.model import Program, Proposal, TestReport

if TYPE_CHECKING:
    from coderepair.budget import Budget
    from coderepair.solve import Driver

CHUNK = 4
"""Programs given to the runner at once, so that a stop is noticed between two chunks."""
MIN_TIMEOUT_S = 0.1
SWITCH_S = 0.0005
"""Seconds after which whoever makes proposals lets the runner's thread have the interpreter. At
Python's 5 ms each of the few messages about a program would wait that long for its turn."""

NEW_OBJECTS = 50_000
"""Objects after which Python looks for garbage in cycles. A list of edits is some hundred thousand
objects that stay, and looking through them after every 700 takes a sixth of the time of making them."""

Reports = dict[str, TestReport]
"""By the key of the program."""


def take_report(reports: Reports, proposal: Proposal) -> TestReport | None:
    """The report of a proposal's program; the second proposal of the same program is a duplicate."""
    return None if proposal.program is None else reports.pop(proposal.program.key, None)


@contextmanager
def interpreter_for_search() -> Iterator[None]:
    """Settings of the interpreter while a search is under way; afterwards they are as they were."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(min(SWITCH_S, interval))
    gc.set_threshold(max(NEW_OBJECTS, thresholds[0]), *thresholds[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)


class Evaluator(AbstractContextManager["Evaluator"]):
    """Runs what it is given in the order given; leaving it ends what is under way."""

    def __init__(self, driver: Driver, budget: Budget) -> None:
        self._driver, self._budget = driver, budget
        self._solved = self._ended = False
        self._thread = ThreadPoolExecutor(1, "coderepair-runs")

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.shutdown(cancel_futures=True)

    @property
    def solved(self) -> bool:
        """Whether a program has passed all checks; nothing that was given later is run."""
        return self._solved

    def submit(self, programs: Sequence[Program]) -> Future[Reports | None]:
        """Reports of distinct programs; None instead if the search was stopped before they were all
        run. Once one of them has passed, a stop does not take that back: the rest has no report."""
        return self._thread.submit(self._run_all, programs)

    def _run_all(self, programs: Sequence[Program]) -> Reports | None:
        if self._solved:
            return None
        reports: Reports = {}
        for start in range(0, max(1, len(programs)), CHUNK):
            if self._stopped():
                break
            chunk = programs[start : start + CHUNK]
            found = self._run(chunk) if chunk else []
            reports.update(zip((each.key for each in chunk), found, strict=True))
            self._solved = self._solved or any(report.solved for report in found)
        else:
            return reports
        return reports if self._solved else None

    def _stopped(self) -> bool:
        driver = self._driver
        return self._ended or driver.should_stop() or self._budget.out_of_time(driver.clock())

    def _run(self, programs: Sequence[Program]) -> list[TestReport]:
        driver, limits = self._driver, self._driver.limits
        if self._budget.seconds is not None:
            left = max(MIN_TIMEOUT_S, self._budget.seconds - driver.clock())
            limits = replace(limits, total_timeout_s=min(limits.total_timeout_s, left))
        reports = driver.runner.run(driver.task, programs, limits)
        if all(report.infra_error for report in reports):  # not the candidates' fault: once more
            reports = driver.runner.run(driver.task, programs, limits)
        if all(report.infra_error for report in reports):
            raise SandboxError(reports[0].infra_error)
        return reports
