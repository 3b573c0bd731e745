"""Does the tree find what it should? Thompson sampling against the baselines at equal evaluations."""

from __future__ import annotations

import random
import time

import pytest

from coderepair.contracts import Strategy
from coderepair.search.breadth_first import BreadthFirst
from coderepair.search.fixed_width import FixedWidth
from coderepair.search.flat import Flat
from coderepair.search.greedy import Greedy
from coderepair.search.thompson import Thompson
from coderepair.search.tree import Tree
from tests.quality.two_edits import Bug, evaluations_to_solve, solved_in_pulls
from tests.worlds import OPERATORS, RandomWorld, drive, program, report, session

BUDGETS = (10, 50, 200)
BUGS = [Bug(seed) for seed in range(400)]
NOISE = 0.01
"""A difference of so little is chance with this many bugs."""


@pytest.fixture(scope="module")
def thompson() -> dict[int, float]:
    return solved(Thompson())


def solved(strategy: Strategy, bugs: list[Bug] = BUGS) -> dict[int, float]:
    """Share of bugs repaired within each budget."""
    needed = [evaluations_to_solve(bug, strategy, BUDGETS[-1]) for bug in bugs]
    return {
        limit: sum(n is not None and n <= limit for n in needed) / len(bugs) for limit in BUDGETS
    }


def test_thompson_composes_two_edits() -> None:
    two_edits = [bug for bug in BUGS if bug.edits == 2 and bug.shows][:40]
    assert solved(Flat(), two_edits)[200] == 0.0
    assert solved(Thompson(), two_edits)[200] >= 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "baseline",
    [Flat(), Greedy(), BreadthFirst(3), BreadthFirst(50), FixedWidth(25, 8)],
    ids=str,
)
def test_thompson_does_not_lose(baseline: Strategy, thompson: dict[int, float]) -> None:
    other = solved(baseline)
    assert all(thompson[limit] >= other[limit] - NOISE for limit in BUDGETS), (thompson, other)
    assert sum(thompson.values()) > sum(other.values()), (thompson, other)


@pytest.mark.slow
@pytest.mark.parametrize("c", [2.0, 5.0, 20.0])
def test_no_c_loses_to_the_flat_list(c: float) -> None:
    mine, flat = solved(Thompson(c)), solved(Flat())
    assert all(mine[limit] >= flat[limit] - NOISE for limit in BUDGETS), (mine, flat)


@pytest.mark.slow
def test_what_is_told_late_costs_little() -> None:
    """Pulls that are asked for while others are under way lack what those will teach."""
    needed = {
        ahead: [solved_in_pulls(bug, Thompson(), BUDGETS[-1], ahead=ahead) for bug in BUGS]
        for ahead in (False, True)
    }
    for limit in BUDGETS:
        late, prompt = (
            sum(n is not None and n <= limit for n in needed[ahead]) for ahead in (True, False)
        )
        assert late >= prompt - NOISE * len(BUGS), (limit, late, prompt)


@pytest.mark.slow
def test_asking_is_cheap_with_ten_thousand_arms() -> None:
    world = RandomWorld(length=10**6, duplicates=False)
    tree = Tree(program("root"), report(1), (OPERATORS,))
    search = session(tree, Thompson(), samples=1000)
    while len(tree.arms()) < 10_000:
        drive(search, world.refine, 1)
    begin = time.process_time()
    for number in range(20):
        Thompson().select(tree, random.Random(number))
    assert (time.process_time() - begin) / 20 < 0.05
