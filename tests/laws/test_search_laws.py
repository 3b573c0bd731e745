"""What holds for every strategy."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coderepair.budget import Budget
from coderepair.compact import Packer, Unpacker
from coderepair.contracts import Strategy
from coderepair.events import Asked, Baseline, Event, RunStarted, Told
from coderepair.model import Node, Task
from coderepair.search.outlook import UniformOutlook
from coderepair.search.thompson import Thompson
from coderepair.search.tree import Expansion, Tree
from tests.worlds import CHAT, PROPOSERS, RandomWorld, drive, report, session, state, strategies

every_strategy = pytest.mark.parametrize("strategy", strategies(), ids=lambda s: type(s).__name__)
TASK = Task("/p/m.py", "x = 'root'\n", (), (), "/p", "/usr/bin/python")


class FallingOutlook(UniformOutlook):
    """Chances that fall with rank and rise with the heuristic value, as calibrated ones do."""

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        start = 0.3 if proposer == CHAT else 0.1
        return start * (0.2 + (node.h or 0.0)) / (1 + rank)

    def family(self, tree: Tree, node: Node, proposer: str) -> str:  # noqa: ARG002
        return f"{proposer} {node.depth}" if node.depth else ""


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), falling=st.booleans())
def test_a_tell_told_again_changes_nothing(strategy: Strategy, seed: int, falling: bool) -> None:
    world = RandomWorld(seed)
    outlook = FallingOutlook() if falling else None
    once = session(world.tree(outlook=outlook), strategy)
    again = session(world.tree(outlook=outlook), strategy)

    def twice(tree: Tree, expansion: Expansion) -> list:
        found = world.refine(tree, expansion)
        again.tell(expansion.id, found, 0.0)
        assert again.tell(expansion.id, found, 99.0) == []
        return found

    drive(once, world.refine, 25)
    drive(again, twice, 25, seconds_a_pull=0.0)
    assert state(once.tree) == state(again.tree)
    assert once.spent.evaluations == again.spent.evaluations


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), order=st.randoms(use_true_random=False))
def test_the_order_of_tells_does_not_matter(
    strategy: Strategy, seed: int, order: random.Random
) -> None:
    world = RandomWorld(seed, duplicates=False)
    first, second = (session(world.tree(), strategy, seed=seed) for _ in range(2))
    for search in (first, second):
        drive(search, world.refine, 6)
    asked = [(first.ask(9.0), second.ask(9.0)) for _ in range(6)]
    assert all(a == b for a, b in asked)
    pending = [a for a, _ in asked if a is not None]
    for expansion in pending:
        first.tell(expansion.id, world.refine(first.tree, expansion), 9.0)
    for expansion in order.sample(pending, len(pending)):
        second.tell(expansion.id, world.refine(second.tree, expansion), 9.0)
    assert state(first.tree) == state(second.tree)
    assert first.tree.nodes == second.tree.nodes
    assert first.spent == second.spent
    assert first.ask(9.0) == second.ask(9.0)


def logged(events: list[Event]) -> list[str]:
    packer = Packer()
    return [json.dumps(packer.pack(event)) for event in events]


def read(lines: list[str]) -> list[Event]:
    unpacker = Unpacker()
    return [unpacker.unpack(json.loads(line)) for line in lines]


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), cut=st.floats(0, 1), solve_rate=st.sampled_from([0.0, 0.05]))
def test_a_log_cut_anywhere_goes_on_as_the_run_would_have(
    strategy: Strategy, seed: int, cut: float, solve_rate: float
) -> None:
    world = RandomWorld(seed, solve_rate=solve_rate)
    whole = session(world.tree(outlook=FallingOutlook()), strategy, seed=seed)
    head = [RunStarted("r", TASK), Baseline(report(1))]
    events = drive(whole, world.refine, 20)
    lines = logged([*head, *events])
    kept = read(lines[: len(head) + round(cut * len(events))])

    resumed = session(world.tree(outlook=FallingOutlook()), strategy, seed=seed)
    resumed.replay(kept)
    drive(resumed, world.refine, whole.asks - resumed.asks)
    assert state(resumed.tree) == state(whole.tree)
    assert resumed.spent == whole.spent
    assert resumed.ask(99.0) == whole.ask(99.0)
    assert resumed.stopped_by == whole.stopped_by


@every_strategy
@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    evaluations=st.integers(0, 40),
    calls=st.integers(0, 5),
    tokens=st.integers(0, 60),
    seconds=st.integers(0, 30),
    samples=st.integers(1, 8),
    together=st.integers(1, 4),
)
def test_the_budget_is_never_exceeded(
    strategy: Strategy,
    seed: int,
    evaluations: int,
    calls: int,
    tokens: int,
    seconds: int,
    samples: int,
    together: int,
) -> None:
    world = RandomWorld(seed)
    budget = Budget(evaluations, calls, tokens, seconds)
    search = session(world.tree(), strategy, budget, samples=samples)
    now = 0.0
    for _ in range(200):
        tokens_before = search.spent.tokens
        batch = [each for _ in range(together) if (each := search.ask(now)) is not None]
        assert not (batch and now >= seconds)
        assert not (tokens_before >= tokens and any(each.proposer == CHAT for each in batch))
        for expansion in batch:
            search.tell(expansion.id, world.refine(search.tree, expansion), now)
        assert search.spent.evaluations <= evaluations
        assert search.spent.calls <= calls
        now += 1.0
        if not batch:
            break
    assert search.stopped_by
    assert not batch


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_the_same_seed_repeats_a_run(strategy: Strategy, seed: int) -> None:
    world = RandomWorld(seed)
    runs = [session(world.tree(), strategy, seed=seed) for _ in range(2)]
    events = [drive(each, world.refine, 25) for each in runs]
    assert events[0] == events[1]


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), depth=st.integers(0, 3))
def test_no_node_is_deeper_than_the_limit(strategy: Strategy, seed: int, depth: int) -> None:
    search = session(RandomWorld(seed).tree(max_depth=depth), strategy)
    drive(search, RandomWorld(seed).refine, 30)
    assert max(node.depth for node in search.tree.nodes) <= depth
    assert all(arm.node.depth < depth for arm in search.tree.arms())


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_a_search_ends_with_the_first_solution(strategy: Strategy, seed: int) -> None:
    world = RandomWorld(seed, solve_rate=0.1)
    search = session(world.tree(), strategy)
    drive(search, world.refine, 100)
    solved = [node.id for node in search.tree.nodes if node.report and node.report.solved]
    if solved:
        assert (search.solution, search.stopped_by) == (solved[0], "solved")
        assert search.tree.best().id == solved[0]
    else:
        assert search.solution is None


@every_strategy
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_strategies_pull_only_what_can_be_pulled(strategy: Strategy, seed: int) -> None:
    world = RandomWorld(seed, length=3)
    search = session(world.tree(max_depth=2), strategy)
    for _ in range(40):
        live = {(arm.node.id, arm.proposer) for arm in search.tree.arms()}
        events = drive(search, world.refine, 1)
        if not events:
            break
        pull = events[0]
        assert isinstance(pull, Asked)
        assert (pull.node, pull.proposer) in live
        assert isinstance(events[1], Told)


@given(
    passed=st.integers(0, 9),
    checks=st.integers(1, 9),
    c=st.floats(0, 1e6),
    failures=st.integers(0, 10**6),
)
def test_beta_parameters_are_positive_and_h_lies_in_the_unit_interval(
    passed: int, checks: int, c: float, failures: int
) -> None:
    tree = Tree(RandomWorld().tree().root.program, report(passed, checks), PROPOSERS, rewrite=True)
    assert 0.0 <= (tree.root.h or 0.0) <= 1.0
    for arm in tree.arms():
        arm.weight = float(failures)
        alpha, beta = Thompson(c).posterior(arm)
        assert alpha >= 1.0
        assert beta >= 1.0
        assert 0.0 <= random.Random(failures).betavariate(alpha, beta) <= 1.0
