"""Which checks of a report are shown: several failures of different kinds, some that pass."""

from __future__ import annotations

from coderepair.model import CheckResult, Outcome, TestReport

MAX_FAILURES = 8
MAX_PASSING = 8


def failing(report: TestReport | None, limit: int = MAX_FAILURES) -> tuple[CheckResult, ...]:
    """Failing checks that were run, at most `limit`: the first of every kind before more of the same.

    The kind of a failure is its outcome, exception and line (rows B6 and B8).
    """
    if report is None:
        return ()
    failures = [check for check in report.checks if check.outcome is not Outcome.PASS]
    failures = [check for check in failures if check.outcome is not Outcome.NOT_RUN] or failures
    seen: set[tuple[str, str, int]] = set()
    first: list[CheckResult] = []
    others: list[CheckResult] = []
    for check in failures:
        (others if _kind(check) in seen else first).append(check)
        seen.add(_kind(check))
    return tuple([*first, *others][:limit])


def passing(report: TestReport | None, limit: int = MAX_PASSING) -> tuple[str, ...]:
    """Ids of checks that pass and must keep passing, in their order."""
    if report is None:
        return ()
    return tuple(check.id for check in report.checks if check.outcome is Outcome.PASS)[:limit]


def _kind(check: CheckResult) -> tuple[str, str, int]:
    failure = check.failure
    if failure is None:
        return check.outcome, "", 0
    return check.outcome, failure.exception, failure.line
