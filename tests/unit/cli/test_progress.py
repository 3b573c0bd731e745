"""What the live view knows is what the events say."""

from __future__ import annotations

from coderepair.cli.progress import Progress
from coderepair.events import Asked, Baseline, Finished, SearchStarted, Solved, Told
from coderepair.model import (
    CheckResult,
    Outcome,
    Program,
    Proposal,
    Refinement,
    Spent,
    Status,
    TestReport,
)


def _report(passed: int, total: int = 4) -> TestReport:
    outcomes = [Outcome.PASS] * passed + [Outcome.FAIL] * (total - passed)
    return TestReport(tuple(CheckResult(f"t{n}", outcome) for n, outcome in enumerate(outcomes)))


def _tried(passed: int, text: str) -> Refinement:
    return Refinement(Proposal(Program(text), "operators", text), _report(passed))


class Clock:
    """Time that passes when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_counts_best_and_tree_follow_the_events() -> None:
    clock = Clock()
    progress = Progress(30.0, clock)
    assert progress.headline() == "running the tests | 30 s left"
    progress.take(Baseline(_report(1)))
    progress.take(SearchStarted(("operators",)))
    progress.take(Asked(0, 0, "operators", 0, 3))
    invalid = Refinement(Proposal(None, "operators", error="no edit"))
    refinements = (_tried(2, "a"), invalid, _tried(3, "b"))
    clock.now += 2.0
    progress.take(Told(0, refinements, Spent(2), (2, -1, 4)))
    assert (
        progress.headline()
        == "searching with operators | best 3/4 (0.750) | 2 run, 1/s | 28 s left"
    )
    progress.take(Asked(1, 4, "chat", 0, 1))
    progress.take(Told(1, (_tried(4, "c"),), Spent(3, 1, 500), (5,)))
    progress.take(Solved(5, 3, 2.0))
    assert progress.lines() == [
        "looking for rivals | best 4/4 (1.000) | 3 run, 2/s | 1 model calls, 250 tokens/s | 28 s left",
        "0  1/4 0.250  as it is",
        "  4  3/4 0.750  b",
        "    5  4/4 1.000  c",
        "  2  2/4 0.500  a",
    ]
    progress.take(Finished(Status.REPAIRED, "solved", Spent(4)))
    assert progress.spent.evaluations == 4


def test_time_left_is_never_negative() -> None:
    clock = Clock()
    progress = Progress(1.0, clock)
    clock.now += 9.0
    assert progress.headline().endswith("| 0 s left")
