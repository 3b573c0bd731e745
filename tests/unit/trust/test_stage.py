"""Rivals are found, told apart by calls, and chosen from; with the real runner and the real edits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coderepair.comparison import Comparison, Difference
from coderepair.config import Settings
from coderepair.events import Compared, Event, Solved, Told
from coderepair.model import Limits, Node, Program, Result, Status, Task
from coderepair.repair import repair, resume
from coderepair.runner import ForkRunner, open_runner
from coderepair.task import make_task
from coderepair.trust.examine import examine

LAST = "def last(xs):\n    return xs[len(xs)]\n"
TESTS = "from solution import last\n\ndef test_it():\n    assert last([4, 7]) == 7\n"
LONE = "def last(xs):\n    return xs[1]\n"
ALIKE = ("def last(xs):\n    return xs[len(xs) - 1]\n", "def last(xs):\n    return xs[-1]\n")
SPECIAL = "def last(xs):\n    if xs == [4, 7]:\n        return 7\n    return xs[0]\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1) as opened:
        yield opened


def made(folder: Path, runner: ForkRunner | None = None, tests: str = TESTS) -> Task:
    (folder / "solution.py").write_text(LAST)
    (folder / "test_solution.py").write_text(tests)
    return make_task(
        folder / "solution.py",
        [folder / "test_solution.py"],
        function="last",
        python=sys.executable,
        runner=runner,
    )


def compared(folder: Path, runner: ForkRunner, *sources: str, **options: Any) -> Comparison:
    task = made(folder, runner)
    programs = [Program(source) for source in sources]
    reports = runner.run(task, programs, Limits())
    assert all(report.solved for report in reports)
    nodes = [
        Node(10 + place, 0, 1, program, report, "operators", f"edit {place}")
        for place, (program, report) in enumerate(zip(programs, reports, strict=True))
    ]
    return examine(task, runner, nodes, Limits(), **options)


def test_a_call_tells_a_program_from_its_rivals(tmp_path: Path, runner: ForkRunner) -> None:
    found = compared(tmp_path, runner, LONE, *ALIKE, by_agreement=False)
    assert (found.chosen, found.first, found.plausible, found.alike) == (10, 10, 3, 1)
    (rival,) = found.rivals
    assert (rival.node, rival.alike) == (11, 2)
    assert Difference("last([4])", "IndexError", "4") in rival.differences
    assert found.share + rival.share == pytest.approx(1.0, abs=0.001)
    assert found.calls > 10


def test_those_that_agree_win_where_agreement_counts(tmp_path: Path, runner: ForkRunner) -> None:
    found = compared(tmp_path, runner, LONE, *ALIKE, by_agreement=True)
    assert (found.chosen, found.first, found.alike) == (11, 10, 2)
    assert found.share > found.rivals[0].share


def test_a_special_case_loses_and_is_named(tmp_path: Path, runner: ForkRunner) -> None:
    found = compared(tmp_path, runner, SPECIAL, ALIKE[0], by_agreement=False)
    assert found.special == ("xs == [4, 7]",)
    assert found.rivals[0].share > found.share
    assert compared(tmp_path, runner, SPECIAL, ALIKE[0]).special == ()


def test_one_program_has_no_rivals(tmp_path: Path, runner: ForkRunner) -> None:
    found = compared(tmp_path, runner, ALIKE[0])
    assert (found.plausible, found.alike, found.share, found.rivals) == (1, 1, 1.0, ())


def test_the_comparison_is_the_same_every_time(tmp_path: Path, runner: ForkRunner) -> None:
    assert compared(tmp_path, runner, *ALIKE, LONE, seed=3) == compared(
        tmp_path, runner, *ALIKE, LONE, seed=3
    )


def repaired(folder: Path, tests: str = TESTS, **changes: Any) -> tuple[Result, list[Event]]:
    events: list[Event] = []
    given = {"model": "none", "timeout": 3000.0, "runs_dir": folder / "runs", **changes}
    return repair(made(folder, tests=tests), Settings(**given), events.append), events


def test_the_search_goes_on_for_as_many_programs_as_it_may(tmp_path: Path) -> None:
    result, events = repaired(tmp_path, rivals=20)
    (solved,) = [event for event in events if isinstance(event, Solved)]
    (found,) = [event.comparison for event in events if isinstance(event, Compared)]
    assert result.status is Status.REPAIR_AVAILABLE
    assert result.comparison == found
    assert found.first == solved.node
    assert result.spent.evaluations == solved.evaluations + 20
    passed = [
        each
        for event in events
        if isinstance(event, Told)
        for each in event.refinements
        if each.report is not None and each.report.solved
    ]
    assert found.plausible == len(passed) > 1


def test_rivals_are_no_reason_to_exceed_the_budget(tmp_path: Path) -> None:
    first, events = repaired(tmp_path, rivals=0)
    assert first.comparison is None
    assert not any(isinstance(event, Compared) for event in events)
    (solved,) = [event for event in events if isinstance(event, Solved)]
    limit = solved.evaluations + 3
    bounded, _ = repaired(tmp_path, rivals=20, max_candidates=limit, prefer="first")
    assert bounded.spent.evaluations <= limit
    assert bounded.diff == first.diff


def test_a_finished_comparison_is_not_searched_for_again(tmp_path: Path) -> None:
    whole, _ = repaired(tmp_path, rivals=8)
    events: list[Event] = []
    again = resume(tmp_path / "runs" / whole.run_id, on_event=events.append)
    assert again.spent.evaluations == whole.spent.evaluations
    assert again.comparison == whole.comparison


def test_nothing_is_compared_where_the_tests_are_slow(tmp_path: Path) -> None:
    slow = TESTS.replace("    assert", "    import time\n    time.sleep(0.8)\n    assert")
    result, _ = repaired(tmp_path, slow, timeout=60.0, rivals=20)
    assert result.status is Status.REPAIR_AVAILABLE
    assert result.comparison is None


def test_the_first_can_be_asked_for(tmp_path: Path) -> None:
    result, _ = repaired(tmp_path, rivals=20, prefer="first")
    assert result.comparison is not None
    assert result.path_in_tree[-1] == result.comparison.chosen == result.comparison.first


def test_the_likeliest_is_shown(tmp_path: Path) -> None:
    result, _ = repaired(tmp_path, rivals=20)
    assert result.status is Status.REPAIR_AVAILABLE
    assert result.comparison is not None
    shares = [rival.share for rival in result.comparison.rivals]
    assert result.comparison.share >= max(shares, default=0.0)
    assert result.path_in_tree[-1] == result.comparison.chosen
