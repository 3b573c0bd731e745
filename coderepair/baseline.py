"""What the user's own program tells about its tests before anything is tried."""

from __future__ import annotations

from dataclasses import replace

from coderepair.errors import FlakyTests, SandboxError
from coderepair.model import Limits, Outcome, TestReport

MIN_CANDIDATE_TIMEOUT_S = 0.5
"""A candidate's check gets at least this long, and ten times what the slowest check took before."""
SLOWDOWN = 10.0


def check_baseline(before: TestReport, again: TestReport) -> None:
    """Two runs of the user's program have to agree. Raises `SandboxError` or `FlakyTests`."""
    if before.infra_error or again.infra_error:
        raise SandboxError(before.infra_error or again.infra_error)
    first = {check.id: check.outcome for check in before.checks}
    second = {check.id: check.outcome for check in again.checks}
    differing = [name for name in first | second if first.get(name) != second.get(name)]
    if differing:
        raise FlakyTests(
            f"two runs of the same program disagree on {differing[0]}"
            + (f" and {len(differing) - 1} more" if len(differing) > 1 else "")
            + "; make these tests deterministic, or leave them out with -k"
        )


def candidate_limits(limits: Limits, before: TestReport) -> Limits:
    """What a candidate may use: time in proportion to what the user's program took.

    Endless loops are common among candidates, and each costs its whole time limit.
    """
    timings = [each.seconds for each in before.checks if each.outcome is not Outcome.TIMEOUT]
    slowest, together = max(timings, default=0.0), sum(timings)
    check = min(limits.test_timeout_s, max(MIN_CANDIDATE_TIMEOUT_S, SLOWDOWN * slowest))
    total = min(limits.total_timeout_s, 2 * check + SLOWDOWN * together)
    return replace(limits, test_timeout_s=check, total_timeout_s=total)
