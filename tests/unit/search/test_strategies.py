from __future__ import annotations

import random
import statistics

import pytest

from coderepair.errors import UsageError
from coderepair.model import Node
from coderepair.search.base import STRATEGIES, open_strategy
from coderepair.search.best_of_n import BestOfN
from coderepair.search.breadth_first import BreadthFirst
from coderepair.search.fixed_width import FixedWidth
from coderepair.search.flat import Flat
from coderepair.search.greedy import Greedy
from coderepair.search.linear import Linear
from coderepair.search.outlook import UniformOutlook
from coderepair.search.thompson import Thompson, ripe_arms
from coderepair.search.tree import Tree
from tests.worlds import CHAT, OPERATORS, RandomWorld, drive, program, report, session


def pulled(strategy: object, pulls: int, **world: object) -> list[int]:
    """Nodes pulled, one proposal at a time."""
    tree = Tree(program("root"), report(1), (OPERATORS,))
    search = session(tree, strategy, samples=1)  # type: ignore[arg-type]
    refine = RandomWorld(length=10**6, **world).refine  # type: ignore[arg-type]
    drive(search, refine, pulls)
    return [expansion.node for expansion in tree.expansions]


def test_breadth_first_order() -> None:
    order = pulled(BreadthFirst(3), 12, duplicates=False)
    assert order == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("samples", [1, 2, 8])
def test_breadth_first_draws_each_node_as_often_as_it_branches(samples: int) -> None:
    tree = RandomWorld(5).tree(rewrite=False)
    search = session(tree, BreadthFirst(3), samples=samples)
    drive(search, RandomWorld(5).refine, 30)
    refined = sorted({expansion.node for expansion in tree.expansions})
    assert all(tree.drawn_of(node) == 3 for node in refined[:-1])
    assert refined == sorted(node.id for node in tree.nodes)[: len(refined)]


def test_fixed_width_refines_its_chains_in_turn() -> None:
    order = pulled(FixedWidth(width=3, depth=3), 100, duplicates=False)
    assert order == [0, 0, 0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("width", "depth"), [(1, 1), (1, 7), (5, 1), (4, 6), (25, 3)])
@pytest.mark.parametrize("samples", [1, 8])
def test_fixed_width_makes_exactly_width_times_depth_calls(
    width: int, depth: int, samples: int
) -> None:
    tree = Tree(program("root"), report(1), (OPERATORS,))
    search = session(tree, FixedWidth(width, depth), samples=samples)
    drive(search, RandomWorld(3, length=10**6).refine, 1000)
    assert tree.drawn == width * depth
    assert search.stopped_by == "exhausted"


def test_best_of_n_draws_n_of_the_top_and_shares_them_out() -> None:
    tree = RandomWorld(length=100).tree()
    drive(session(tree, BestOfN(20), samples=1), RandomWorld(length=100).refine, 1000)
    assert tree.drawn == 20
    assert [arm.drawn for arm in tree.top_arms()] == [5, 5, 5, 5]


def test_linear_refines_the_newest_program() -> None:
    assert pulled(Linear(6), 100, duplicates=False) == [0, 1, 2, 3, 4, 5]


def test_greedy_refines_the_best_program() -> None:
    tree = Tree(program("root"), report(1), (OPERATORS,))
    search = session(tree, Greedy(), samples=1)
    for _ in range(30):
        best = max(node.h or 0.0 for node in tree.nodes)
        drive(search, RandomWorld(length=100).refine, 1)
        assert tree.node(tree.expansions[-1].node).h == best


def test_flat_takes_the_proposals_of_the_root_by_chance() -> None:
    class Outlook(UniformOutlook):
        def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
            return 0.5 / (rank + 1) if proposer == CHAT else 0.2

    tree = RandomWorld(length=100).tree(outlook=Outlook(), rewrite=False)
    drive(session(tree, Flat(), samples=1), RandomWorld(length=100).refine, 1)
    assert tree.expansions[0].proposer == CHAT
    drive(session(tree, Flat(), samples=1), RandomWorld(length=100).refine, 8)
    assert {expansion.node for expansion in tree.expansions} == {0}
    assert tree.expansions[-1].proposer == OPERATORS


def told_tree(*passed: int, rewrite: bool = False) -> Tree:
    """A root and one child for each number of passing checks; all chances equal."""
    from tests.unit.search.test_tree import told

    tree = Tree(program("root"), report(0), (OPERATORS,), rewrite=rewrite)
    arm = tree.arm(0, OPERATORS)
    assert arm is not None
    children = [told(program(f"child {i}"), report(each)) for i, each in enumerate(passed)]
    tree.tell(tree.ask(arm, max(1, len(passed))).id, children)
    arm.exhausted = False
    return tree


@pytest.mark.parametrize("c", [0.5, 10.0, 20.0])
def test_thompson_chooses_arms_as_often_as_their_posteriors_say(c: float) -> None:
    tree = told_tree(0, 2, 4, rewrite=True)
    arms = tree.arms()
    reference = random.Random(1)
    parameters = []
    for arm in arms:
        h, n = arm.node.h, arm.failures
        parameters.append((1.0, 1.0 + n) if h is None else (1 + c * h, 1 + c * (1 - h) + n))
    draws = 20_000
    expected = [0] * len(arms)
    for _ in range(draws):
        values = [reference.betavariate(*each) for each in parameters]
        expected[values.index(max(values))] += 1
    rng = random.Random(2)
    chosen = [Thompson(c).select(tree, rng) for _ in range(draws)]
    for arm, wanted in zip(arms, expected, strict=True):
        p = max(wanted / draws, 1 / draws)
        tolerance = 4 * (2 * p * (1 - p) / draws) ** 0.5
        assert chosen.count(arm) / draws == pytest.approx(p, abs=tolerance)


def test_the_mean_of_theta_is_that_of_the_beta_distribution() -> None:
    tree = told_tree(2)
    arm = tree.arms()[-1]
    alpha, beta = Thompson(10.0).posterior(arm)
    assert alpha / (alpha + beta) == pytest.approx((1 + 10 * 0.4) / (2 + 10 + arm.failures))
    rng = random.Random(0)
    draws = [Thompson(10.0)._draw(arm, rng) for _ in range(4000)]
    assert statistics.fmean(draws) == pytest.approx(alpha / (alpha + beta), abs=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_thompson_with_a_large_c_is_greedy(seed: int) -> None:
    world = RandomWorld(seed, length=100)
    tree = Tree(program("root"), report(1), (OPERATORS,))
    search = session(tree, Thompson(1e9), seed=seed)
    for _ in range(30):
        best = max(arm.node.h or 0.0 for arm in tree.arms())
        drive(search, world.refine, 1)
        assert tree.node(tree.expansions[-1].node).h == best


class TableOutlook(UniformOutlook):
    """Chance of the root's proposals by rank, and one for all of every other node."""

    def __init__(self, root: list[float], child: float) -> None:
        self.root, self.child = root, child

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        return self.root[rank] if node.depth == 0 else self.child


def test_thousands_of_children_do_not_bury_the_root() -> None:
    world = RandomWorld(length=10**6, duplicates=False)
    falling = [0.5 / (rank + 1) for rank in range(2000)]
    tree = Tree(program("root"), report(1), (OPERATORS,), outlook=TableOutlook(falling, 0.5 / 1500))
    search = session(tree, Thompson(), samples=8)
    while tree.drawn < 1400:
        drive(search, world.refine, 1)
    assert {expansion.node for expansion in tree.expansions} == {0}
    drive(search, world.refine, 100)
    assert len({expansion.node for expansion in tree.expansions}) > 50


class Falling(UniformOutlook):
    """The root's next proposals are worth 0.1 each; a child's fall below that at rank 3."""

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        return 0.1 if node.depth == 0 else 0.4 / (rank + 1)


def test_a_pull_draws_no_proposal_of_a_child_that_is_not_ripe() -> None:
    world = RandomWorld(length=10**6, duplicates=False)
    tree = Tree(program("root"), report(1), (OPERATORS,), outlook=Falling())
    drive(session(tree, Thompson(), samples=16), world.refine, 200)
    ends = [each.rank + each.k for each in tree.expansions if each.node != 0]
    assert max(ends) == 4
    assert max(each.k for each in tree.expansions) == 4


def test_equal_chances_leave_every_arm_ripe() -> None:
    tree = told_tree(0, 1, 2, 3, 4, rewrite=True)
    assert ripe_arms(tree) == tree.arms()


class ByProposer(UniformOutlook):
    """Three operator proposals and one of the chat model for the root; 0.2 for all others."""

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        if node.depth > 0:
            return 0.2
        return 0.3 if rank < (1 if proposer == CHAT else 3) else 0.0


def test_children_wait_for_every_proposer_of_the_root() -> None:
    world = RandomWorld(length=10**6, duplicates=False)
    tree = world.tree(outlook=ByProposer(), rewrite=False)
    drive(session(tree, Thompson(), samples=1), world.refine, 10)
    assert [expansion.node for expansion in tree.expansions[:4]] == [0, 0, 0, 0]
    assert 0 not in [expansion.node for expansion in tree.expansions[4:]]


def test_a_promising_child_is_preferred_to_the_root() -> None:
    outlook = TableOutlook([0.01] * 1000, 0.2)
    world = RandomWorld(length=10**6, duplicates=False)
    tree = Tree(program("root"), report(1), (OPERATORS,), outlook=outlook)
    drive(session(tree, Thompson(), samples=1), world.refine, 50)
    assert [expansion.node for expansion in tree.expansions].count(0) < 15


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_are_opened_by_name_with_the_options_they_have(name: str) -> None:
    strategy = open_strategy(name, c=7.0)
    assert getattr(strategy, "c", 7.0) == 7.0


def test_a_dotted_path_names_a_strategy() -> None:
    assert open_strategy("coderepair.search.greedy.Greedy") == Greedy()


@pytest.mark.parametrize("name", ["thomson", "", "os.path", "os.path.join", "no.such.Thing"])
def test_an_unknown_strategy_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError):
        open_strategy(name)


def test_a_bad_option_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="C is -1"):
        open_strategy("thompson", c=-1.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: BreadthFirst(0),
        lambda: FixedWidth(0, 1),
        lambda: FixedWidth(1, 0),
        lambda: BestOfN(-1),
        lambda: Linear(-1),
        lambda: Thompson(float("nan")),
    ],
)
def test_options_are_checked_when_they_are_given(make: object) -> None:
    with pytest.raises(ValueError, match=r"not >= |have to be"):
        make()  # type: ignore[operator]
