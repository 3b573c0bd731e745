"""Suspicious lines: what each part says, and that parts can be switched off."""

from __future__ import annotations

import pytest

from coderepair.errors import UsageError
from coderepair.localise.lines import PARTS, Choice, statements_of, suspicious_lines
from coderepair.model import CheckResult, Failure, Outcome

SOURCE = '''\
def price(items, member):
    """Sum of the items, less a tenth for members."""
    total = 0
    for item in items:
        total += item
    noise = len(
        items
    )
    if member:
        total = total * 0.8
    return total
'''
ALL = frozenset({3, 4, 5, 6, 7, 9, 11})


def check(name: str, passed: bool, line: int = 0) -> CheckResult:
    failure = None if passed else Failure("exception" if line else "assertion", line=line)
    return CheckResult(name, Outcome.PASS if passed else Outcome.FAIL, failure=failure)


CHECKS = (check("a", passed=False), check("b", passed=True))
LINES = {"a": ALL | {10}, "b": ALL}


def order(
    *parts: str, checks: tuple[CheckResult, ...] = CHECKS, formula: str = "ochiai"
) -> list[int]:
    found = suspicious_lines(SOURCE, ("price",), checks, LINES, Choice(parts, formula))
    assert all(0.0 <= each.score <= 1.0 for each in found)
    return [each.line for each in found]


@pytest.mark.parametrize("formula", ["ochiai", "dstar"])
def test_the_line_that_only_the_failing_check_runs_is_first(formula: str) -> None:
    assert order("spectrum", formula=formula)[0] == 10


def test_a_traceback_puts_its_line_first() -> None:
    raised = (check("a", passed=False, line=5), check("b", passed=True))
    assert order("traceback", checks=raised)[0] == 5


def test_the_slice_holds_what_the_value_depends_on_and_nothing_else() -> None:
    found = suspicious_lines(SOURCE, ("price",), CHECKS, LINES, Choice(("slice",)))
    scores = {each.line: each.score for each in found}
    assert scores[6] == 0.0
    assert scores[11] > scores[10] == scores[3] > scores[9] > 0.0


def test_a_slice_starts_at_the_line_that_raised() -> None:
    raised = (check("a", passed=False, line=5),)
    found = suspicious_lines(SOURCE, ("price",), raised, LINES, Choice(("slice",)))
    scores = {each.line: each.score for each in found}
    assert scores[5] == 1.0
    assert scores[10] == scores[11] == 0.0


def test_all_parts_together_and_each_left_out() -> None:
    orders = {tuple(order(*(part for part in PARTS if part != out))) for out in ("", *PARTS)}
    assert all(each[0] in (10, 11) for each in orders)
    assert order(*PARTS)[0] == 10


def test_lines_of_one_statement_are_one_suspect() -> None:
    assert statements_of(SOURCE, ("price",)).owner[7] == 6
    assert not {1, 2, 7, 8} & set(order(*PARTS))


def test_without_coverage_every_statement_is_a_suspect() -> None:
    found = suspicious_lines(SOURCE, ("price",), CHECKS, {})
    assert sorted(each.line for each in found) == [3, 4, 5, 6, 9, 10, 11]


def test_a_file_that_does_not_parse_has_no_suspects() -> None:
    assert suspicious_lines("def f(:\n", ("f",), CHECKS, LINES) == []


@pytest.mark.parametrize(
    "choice", [{"parts": ("gossip",)}, {"formula": "tarantula"}, {"exponent": 0.5}]
)
def test_unknown_choices_are_errors(choice: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Choice(**choice)  # type: ignore[arg-type]
