"""What holds for every search that `solve` drives: programs run while the next pulls are made."""

from __future__ import annotations

import gc
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coderepair.budget import Budget
from coderepair.contracts import Strategy
from coderepair.errors import SandboxError
from coderepair.events import Asked, Event, Told
from coderepair.model import Limits, Node, Program, Proposal, Spent, Task, TestReport
from coderepair.search.base import Foresighted
from coderepair.search.flat import Flat
from coderepair.search.thompson import Thompson
from coderepair.search.tree import Expansion, Tree
from coderepair.session import MOST_OPEN, Session
from coderepair.solve import INTERRUPT, Driver, solve
from tests.worlds import (
    CHAT,
    OPERATORS,
    PROPOSERS,
    RandomWorld,
    program,
    report,
    session,
    state,
    strategies,
)

every_strategy = pytest.mark.parametrize("strategy", strategies(), ids=lambda s: type(s).__name__)
few = settings(max_examples=10, deadline=None)
TASK = Task("/p/m.py", "x = 'root'\n", (), (), "/p", "/usr/bin/python")
PATIENCE_S = 30.0
"""How long a test waits for what has to happen."""


@dataclass
class WorldProposer:
    """A random world as a proposer."""

    name: str
    world: RandomWorld
    reports: dict[str, TestReport]
    """What the tests say of each program, filled when it is proposed."""

    def chance(self, tree: Tree, node: Node, rank: int) -> float:  # noqa: ARG002
        return 0.1 / (1 + rank)

    def propose(self, task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:  # noqa: ARG002
        found = self.world.refine(tree, Expansion(0, node.id, self.name, rank, k, 0))
        for each in found:
            if each.proposal.program is not None and each.report is not None:
                self.reports[each.proposal.program.key] = each.report
        return [each.proposal for each in found]


@dataclass
class WorldRunner:
    """The tests of a random world, now quick, now slow."""

    reports: dict[str, TestReport]
    ran: list[str] = field(default_factory=list)
    delays: random.Random = field(default_factory=random.Random)

    def run(self, task: Task, programs: Sequence[Program], limits: Limits) -> list[TestReport]:  # noqa: ARG002
        time.sleep(self.delays.choice([0.0, 0.0, 0.001]))
        self.ran += [each.key for each in programs]
        return [self.reports[each.key] for each in programs]

    def close(self) -> None: ...


@dataclass
class Search:
    """A session with its driver."""

    session: Session
    world: RandomWorld
    events: list[Event] = field(default_factory=list)
    stop_after: int | None = None
    """Programs after which the search is asked to stop."""
    late: float = 0.0
    """Seconds that the search may be held up behind each pull, until it is to stop."""

    def __post_init__(self) -> None:
        reports: dict[str, TestReport] = {}
        self.runner: WorldRunner = WorldRunner(reports)
        self.proposers = {name: WorldProposer(name, self.world, reports) for name in PROPOSERS}

    def solve(self) -> None:
        driver = Driver(
            TASK,
            self.proposers,
            self.runner,
            Limits(),
            self.emit,
            self.should_stop,
            lambda: 0.0,
        )
        solve(self.session, driver)

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.runner.ran) >= self.stop_after

    def emit(self, event: Event) -> None:
        self.events.append(event)
        end = time.monotonic() + self.late * isinstance(event, Told)
        while time.monotonic() < end and not self.should_stop():
            time.sleep(0.001)


def search(strategy: Strategy, seed: int, evaluations: int, solve_rate: float = 0.0) -> Search:
    world = RandomWorld(seed, solve_rate=solve_rate)
    return Search(session(world.tree(), strategy, Budget(evaluations), seed=seed), world)


@every_strategy
@few
@given(seed=st.integers(0, 10**6), solve_rate=st.sampled_from([0.0, 0.05]))
def test_the_same_seed_repeats_a_run(strategy: Strategy, seed: int, solve_rate: float) -> None:
    runs = [search(strategy, seed, 50, solve_rate) for _ in range(2)]
    for each in runs:
        each.solve()
    assert runs[0].events == runs[1].events
    assert runs[0].runner.ran == runs[1].runner.ran


@every_strategy
@few
@given(seed=st.integers(0, 10**6), cut=st.floats(0, 1), solve_rate=st.sampled_from([0.0, 0.05]))
def test_a_log_cut_anywhere_goes_on_as_the_run_would_have(
    strategy: Strategy, seed: int, cut: float, solve_rate: float
) -> None:
    whole, resumed = (search(strategy, seed, 50, solve_rate) for _ in range(2))
    whole.solve()
    kept = whole.events[: round(cut * len(whole.events))]
    resumed.session.replay(kept)
    resumed.solve()
    assert [*pulls(kept), *pulls(resumed.events)] == pulls(whole.events)
    assert state(resumed.session.tree) == state(whole.session.tree)
    assert resumed.session.solution == whole.session.solution
    assert resumed.session.stopped_by == whole.session.stopped_by


@every_strategy
@few
@given(seed=st.integers(0, 10**6), stop=st.integers(0, 40), late=st.sampled_from([0.0, 0.01]))
def test_a_run_that_was_stopped_goes_on_as_it_would_have(
    strategy: Strategy, seed: int, stop: int, late: float
) -> None:
    whole, stopped, resumed = (search(strategy, seed, 50) for _ in range(3))
    whole.solve()
    stopped.stop_after, stopped.late = stop, late
    stopped.solve()
    if len(whole.runner.ran) > stop:
        assert stopped.session.stopped_by == INTERRUPT
    resumed.session.replay(stopped.events)
    resumed.solve()
    assert [*pulls(stopped.events), *pulls(resumed.events)] == pulls(whole.events)
    assert state(resumed.session.tree) == state(whole.session.tree)


@every_strategy
@few
@given(seed=st.integers(0, 10**6), evaluations=st.integers(0, 60))
def test_no_more_programs_are_run_than_the_budget_allows(
    strategy: Strategy, seed: int, evaluations: int
) -> None:
    one = search(strategy, seed, evaluations, 0.02)
    one.solve()
    assert len(one.runner.ran) == one.session.spent.evaluations <= evaluations
    assert len(set(one.runner.ran)) == len(one.runner.ran)
    assert one.session.stopped_by


@every_strategy
@few
@given(
    seed=st.integers(0, 10**6), stop=st.integers(0, 40), cut=st.floats(0, 1), more=st.integers(0, 9)
)
def test_a_run_resumed_with_a_smaller_budget_keeps_it_and_one_with_the_old_one_loses_nothing(
    strategy: Strategy, seed: int, stop: int, cut: float, more: int
) -> None:
    whole, stopped, small, large = (search(strategy, seed, 50) for _ in range(4))
    whole.solve()
    stopped.stop_after = stop
    stopped.solve()
    kept = stopped.events[: round(cut * len(stopped.events))]
    small.session.replay(kept)
    limit = small.session.spent.evaluations + more
    small.session.budget = Budget(min(limit, 50))
    small.solve()
    assert small.session.spent.evaluations <= limit
    assert small.session.stopped_by
    large.session.replay([*kept, *small.events])
    large.solve()
    assert large.session.spent.evaluations <= 50
    assert not large.session.tree.open_expansions
    if more == 0:
        assert state(large.session.tree) == state(whole.session.tree)


@every_strategy
@few
@given(seed=st.integers(0, 10**6))
def test_pulls_are_told_in_the_order_of_the_asks(strategy: Strategy, seed: int) -> None:
    one = search(strategy, seed, 60)
    one.solve()
    told = [event.expansion for event in one.events if isinstance(event, Told)]
    assert told == [event.expansion for event in one.events if isinstance(event, Asked)]
    most = MOST_OPEN if isinstance(strategy, Foresighted) else 1
    assert 1 <= most_open(one.events) <= most


@few
@given(seed=st.integers(0, 10**6))
def test_nothing_behind_the_solution_is_run(seed: int) -> None:
    one = search(Thompson(), seed, 200, 0.03)
    one.solve()
    if one.session.solution is not None:
        last = [event for event in one.events if isinstance(event, Told)][-1]
        assert any(each.report and each.report.solved for each in last.refinements)
        assert one.runner.ran[-1] in {
            each.proposal.program.key for each in last.refinements if each.proposal.program
        }


@few
@given(seed=st.integers(0, 10**6))
def test_a_rejected_solution_does_not_change_what_comes_next(seed: int) -> None:
    whole, resumed = (search(Thompson(), seed, 60, 0.03) for _ in range(2))
    whole.solve()
    while (found := whole.session.solution) is not None:
        whole.events += whole.session.reject(found, "overfit")
        whole.solve()
    kept = whole.events[: len(whole.events) // 2]
    resumed.session.replay(kept)
    resumed.solve()
    while (found := resumed.session.solution) is not None:
        resumed.events += resumed.session.reject(found, "overfit")
        resumed.solve()
    assert state(resumed.session.tree) == state(whole.session.tree)


@few
@given(seed=st.integers(0, 10**6))
def test_a_model_is_asked_when_all_before_it_is_told(seed: int) -> None:
    one = search(Thompson(), seed, 60)
    ask = one.proposers[CHAT].propose

    def propose(task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:
        assert len(tree.open_expansions) == 1
        return ask(task, tree, node, rank, k)

    one.proposers[CHAT].propose = propose  # type: ignore[method-assign]
    one.solve()
    assert any(event.proposer == CHAT for event in one.events if isinstance(event, Asked))


@dataclass
class Slow(WorldRunner):
    """Runs no program before the next pull was made, once there is time for that."""

    made: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    warm_up: int = 40

    def run(self, task: Task, programs: Sequence[Program], limits: Limits) -> list[TestReport]:
        if len(self.ran) == self.warm_up:
            assert self.made.acquire(timeout=PATIENCE_S)
        return super().run(task, programs, limits)


def test_a_pull_is_made_while_another_is_run() -> None:
    world = RandomWorld(3, length=10**6, duplicates=False)
    tree = Tree(program("root"), report(1), (OPERATORS,))
    one = Search(session(tree, Flat(), Budget(60), samples=1), world)
    runner = one.runner = Slow(one.runner.reports)
    make = one.proposers[OPERATORS].propose

    def propose(task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:
        if rank > runner.warm_up:
            runner.made.release()
        return make(task, tree, node, rank, k)

    one.proposers[OPERATORS].propose = propose  # type: ignore[method-assign]
    one.solve()
    assert one.session.spent == Spent(60)


@dataclass
class Broken(WorldRunner):
    def run(self, task: Task, programs: Sequence[Program], limits: Limits) -> list[TestReport]:
        if len(self.ran) > 20:
            raise SandboxError("gone")
        return super().run(task, programs, limits)


def test_a_broken_runner_ends_the_search_and_leaves_nothing_behind() -> None:
    one = search(Thompson(), 1, 60)
    one.runner = Broken(one.runner.reports)
    before = threading.active_count(), sys.getswitchinterval(), gc.get_threshold()
    with pytest.raises(SandboxError, match="gone"):
        one.solve()
    assert (threading.active_count(), sys.getswitchinterval(), gc.get_threshold()) == before


def pulls(events: Sequence[Event]) -> list[Event]:
    return [
        replace(event, spent=Spent()) if isinstance(event, Told) else event
        for event in events
        if isinstance(event, Asked | Told)
    ]


def most_open(events: Sequence[Event]) -> int:
    count = most = 0
    for event in events:
        count += isinstance(event, Asked) - isinstance(event, Told)
        most = max(most, count)
    return most
