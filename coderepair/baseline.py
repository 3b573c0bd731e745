"""What the user's own program tells about its tests before anything is tried."""

from __future__ import annotations

from dataclasses import replace

from coderepair.errors import FlakyTests, SandboxError
from coderepair.model import Limits, Outcome, TestReport

MIN_CANDIDATE_S = 1.5
"""A candidate gets this many wall seconds over all checks, and what the user's program took, times:"""
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
    """What a candidate may use over all checks: time in proportion to what the user's program took.

    Endless loops are common among candidates, and one that hangs in a check hangs in most.
    """
    done = sum(each.seconds for each in before.checks if each.outcome is not Outcome.TIMEOUT)
    total = min(limits.total_timeout_s, MIN_CANDIDATE_S + SLOWDOWN * done)
    return replace(limits, total_timeout_s=total)
