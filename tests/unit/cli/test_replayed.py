"""A run read back from its events is the result it had."""

from __future__ import annotations

import pytest

from coderepair.cli.replayed import result_of
from coderepair.errors import StoreError
from coderepair.events import (
    Asked,
    Baseline,
    Event,
    Finished,
    Minimised,
    RunStarted,
    Told,
    Verified,
)
from coderepair.model import (
    CheckResult,
    Outcome,
    Program,
    Proposal,
    Refinement,
    Spent,
    Status,
    Task,
    TestReport,
    Verification,
)

TASK = Task("/p/a.py", "0", ("f",), (), "/p", "/usr/bin/python3")
VERIFIED = Verification(True, "pytest", before_passed=1, after_passed=3, total=3)


def _report(passed: int) -> TestReport:
    outcomes = [Outcome.PASS] * passed + [Outcome.FAIL] * (3 - passed)
    return TestReport(tuple(CheckResult(f"t{n}", outcome) for n, outcome in enumerate(outcomes)))


def _tried(text: str, passed: int) -> Refinement:
    return Refinement(Proposal(Program(text), "operators", f"edit {text}"), _report(passed))


SEARCH: list[Event] = [
    RunStarted("id", TASK),
    Baseline(_report(1)),
    Asked(0, 0, "operators", 0, 2),
    Told(0, (_tried("1", 0), _tried("2", 2)), Spent(2), (1, 2)),
    Asked(1, 2, "operators", 0, 1),
    Told(1, (_tried("3", 3),), Spent(3), (3,)),
]


def test_a_finished_run() -> None:
    end: list[Event] = [
        Minimised(3, Program("small")),
        Verified(3, VERIFIED),
        Finished(Status.REPAIR_AVAILABLE, "solved", Spent(4, seconds=1.5), 3),
    ]
    result = result_of([*SEARCH, *end])
    assert result.status is Status.REPAIR_AVAILABLE
    assert result.program == Program("small")
    assert result.path_in_tree == (0, 2, 3)
    assert result.descriptions == ("edit 2", "edit 3")
    assert result.verification == VERIFIED
    assert (result.before, result.after) == (_report(1), _report(3))
    assert (result.spent.evaluations, result.run_id, result.stopped_by) == (4, "id", "solved")


def test_a_cut_run_has_the_best_so_far() -> None:
    result = result_of(SEARCH[:4])
    assert result.status is Status.INTERRUPTED
    assert result.program == Program("2")
    assert result.descriptions == ("edit 2",)
    assert result.spent.evaluations == 2


def test_nothing_better_than_the_program_as_it_was() -> None:
    result = result_of([*SEARCH[:3], Told(0, (_tried("1", 0),), Spent(1), (1,))])
    assert result.program is None
    assert result.after == result.before == _report(1)


def test_a_log_without_a_start_is_an_error() -> None:
    with pytest.raises(StoreError, match="does not begin"):
        result_of([])
