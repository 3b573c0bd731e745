"""What the user's own program tells about its tests, and how much time that gives to candidates."""

from __future__ import annotations

from dataclasses import replace

from coderepair.config import Settings
from coderepair.errors import FlakyTests, SandboxError
from coderepair.model import Limits, Outcome, TestReport

VERIFICATION_S = 60.0
"""Wall seconds that plain pytest may take with a solution."""
BASELINE_SHARE = 1 / 3
"""Share of the whole run's time that one run of the user's program may take: it may hang."""
MIN_CANDIDATE_S = 1.5
"""A candidate gets this many wall seconds over all checks, and what the user's program took, times:"""
SLOWDOWN = 10.0

NO_VERDICT = (Outcome.TIMEOUT, Outcome.NOT_RUN)
"""Outcomes of checks that hang, and of those behind them."""


def verification_limits(settings: Settings) -> Limits:
    """For a solution, whose time is not the search's."""
    total = max(VERIFICATION_S, settings.test_timeout)
    return Limits(settings.test_timeout, total, settings.memory)


def baseline_limits(settings: Settings) -> Limits:
    """For the user's own program."""
    limits = verification_limits(settings)
    total = min(limits.total_timeout_s, BASELINE_SHARE * settings.timeout)
    return replace(limits, total_timeout_s=max(total, min(settings.test_timeout, settings.timeout)))


def candidate_limits(limits: Limits, before: TestReport) -> Limits:
    """For a candidate: time in proportion to what the user's program took with `limits`.

    Endless loops are common among candidates, and one that hangs in a check hangs in most.
    """
    took = sum(each.seconds for each in before.checks if each.outcome is not Outcome.TIMEOUT)
    if not any(each.outcome in NO_VERDICT for each in before.checks):
        took = max(took, before.seconds)  # imports and fixtures too, and no time spent hanging
    total = min(limits.total_timeout_s, MIN_CANDIDATE_S + SLOWDOWN * took)
    return replace(limits, total_timeout_s=total)


def check_baseline(before: TestReport, again: TestReport) -> None:
    """Two runs of the user's program have to pass the same checks; where one of them ran out of time
    is no disagreement. Raises `SandboxError` or `FlakyTests`."""
    if before.infra_error or again.infra_error:
        raise SandboxError(before.infra_error or again.infra_error)
    second = {check.id: check.outcome for check in again.checks}
    differing = [
        check.id
        for check in before.checks
        if _disagree(check.outcome, second.get(check.id, Outcome.NOT_RUN))
    ]
    if differing:
        more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
        raise FlakyTests(
            f"two runs of the same program disagree on {differing[0]}{more}; "
            "make these tests deterministic, or leave them out with -k"
        )


def _disagree(first: Outcome, second: Outcome) -> bool:
    if first in NO_VERDICT or second in NO_VERDICT:
        return False
    return (first is Outcome.PASS) != (second is Outcome.PASS)
