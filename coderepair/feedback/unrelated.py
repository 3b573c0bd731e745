"""Feedback about something else: the control that shows whether a model reads feedback at all (row D12).

Gehring et al. 2025 (RLEF), section 3.4, replace the execution feedback by that of another problem; here
it comes from a small bank of failures that no task has.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from coderepair.model import CheckResult, Failure, Feedback, Outcome

if TYPE_CHECKING:
    from coderepair.feedback.kinds import About

_BANK = (
    ("celsius_of(451)", "232.8", "505.9", ""),
    ("initials('ada king')", "'A. K.'", "'a. k.'", ""),
    ("weekday(2024, 2, 29)", "'Thursday'", "", "KeyError: 29"),
    ("seats_left({'A': 3}, 5)", "0", "-2", ""),
    ("parse_port('localhost')", "80", "", "IndexError: list index out of range"),
    ("is_leap(1900)", "False", "True", ""),
    ("slug('Hello,  World')", "'hello-world'", "'hello--world'", ""),
    ("overdue([], 30)", "[]", "", "ZeroDivisionError: division by zero"),
)
"""Call, expected value, value that came, or the exception in its place."""


def unrelated(feedback: Feedback, about: About) -> Feedback:
    """As many failures as there are, none of them of this task; the same ones each time for a node."""
    if not feedback.failures:
        return feedback
    rng = random.Random(f"{about.sources.seed}:{about.node.id}")
    chosen = rng.sample(_BANK, min(len(feedback.failures), len(_BANK)))
    failures = tuple(_check(number, *each) for number, each in enumerate(chosen, 1))
    return replace(feedback, failures=failures, passing=(), values=(), trace=())


def _check(number: int, call: str, expected: str, got: str, raised: str) -> CheckResult:
    if raised:
        failure = Failure("exception", raised, call, expected, exception=raised.partition(":")[0])
        return CheckResult(f"test_{number}", Outcome.ERROR, failure=failure)
    message = f"assert {got} == {expected}"
    return CheckResult(
        f"test_{number}", Outcome.FAIL, failure=Failure("assertion", message, call, expected, got)
    )
