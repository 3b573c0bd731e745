"""A world of bugs that take one edit or two, with ranked proposals and calibrated chances.

The right edit of a program is somewhere in a ranked list; its rank follows a law that the outlook
knows. Of the two-edit bugs some show progress after the first right edit, others do not; wrong edits
sometimes look like progress, and no edit repairs what has a wrong one in it.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from functools import cache

from coderepair.budget import Budget
from coderepair.contracts import Strategy
from coderepair.events import Solved
from coderepair.model import Node, Program, Proposal, Refinement
from coderepair.search.outlook import UniformOutlook
from coderepair.search.tree import Expansion, Tree
from coderepair.session import LARGEST_PULL, Session
from tests.worlds import CHECKS, OPERATORS, report, session

LENGTH = 600
"""Proposals of a program."""
IN_LIST = 0.8
"""Chance that a program's right edit is among them."""
ONE_EDIT = 0.6
"""Share of bugs that one edit repairs."""
PROGRESS_IF_RIGHT, PROGRESS_IF_WRONG = 0.6, 0.03
SAME_IF_WRONG = 0.6
SPOILT = -1
"""Stands for the number of right edits in a program that has a wrong one."""

_TOTAL = sum(1.0 / (rank + 3) for rank in range(LENGTH))


def law(rank: int) -> float:
    """Probability that the right edit of a program has this rank."""
    return IN_LIST / (rank + 3) / _TOTAL


@cache
def beyond(rank: int) -> float:
    """Probability that the right edit of a program has this rank or a later one, or is not listed."""
    return 1.0 if rank == 0 else beyond(rank - 1) - law(rank - 1)


for _rank in range(LENGTH + 1):  # fill the cache from the bottom, as recursion is limited
    beyond(_rank)


@dataclass
class Bug:
    """One bug, fixed by its seed."""

    seed: int
    edits: int = field(init=False)
    ranks: tuple[int | None, ...] = field(init=False)
    passed: int = field(init=False)
    shows: bool = field(init=False)

    def __post_init__(self) -> None:
        rng = random.Random(f"bug {self.seed}")
        self.edits = 1 if rng.random() < ONE_EDIT else 2
        self.ranks = tuple(_draw_rank(rng) for _ in range(2))
        self.passed = rng.choice([0, 0, 1, 2, 3])
        self.shows = rng.random() < PROGRESS_IF_RIGHT

    def refine(self, tree: Tree, expansion: Expansion) -> list[Refinement]:
        """What the proposals of a pull turn out to be. A description says how a node came about."""
        parent = tree.node(expansion.node)
        last = min(LENGTH, expansion.rank + expansion.k)
        return [self._one(parent, rank) for rank in range(expansion.rank, last)]

    def _one(self, parent: Node, rank: int) -> Refinement:
        name = f"{parent.program.source if parent.program else ''}{rank}/"
        right_so_far, before = _facts(parent, self.passed)
        right = rank == self.ranks[right_so_far] if 0 <= right_so_far < self.edits else False
        rng = random.Random(f"{self.seed} {name}")
        if right and right_so_far + 1 == self.edits:
            passed = CHECKS
        elif right:
            passed = min(CHECKS - 1, before + self.shows)
        else:
            passed = _wrong(rng, before)
        done = right_so_far + 1 if right else SPOILT
        proposal = Proposal(Program(name), OPERATORS, description=f"{done} {passed} {rank}")
        return Refinement(proposal, report(passed))


class Calibrated(UniformOutlook):
    """The true probabilities, given what can be seen."""

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        if rank >= LENGTH or node.depth > 1:
            return 0.0
        here = ONE_EDIT if node.depth == 0 else self._halfway(tree, node)
        return here * law(rank) / (here * beyond(rank) + 1 - here)

    def _halfway(self, tree: Tree, node: Node) -> float:
        """Probability that a child holds the first right edit of two."""
        gain = (node.h or 0.0) - (tree.root.h or 0.0)
        evidence = PROGRESS_IF_RIGHT / PROGRESS_IF_WRONG
        if gain <= 0:
            evidence = (1 - PROGRESS_IF_RIGHT) / SAME_IF_WRONG if gain == 0 else 1e-6
        odds = (1 - ONE_EDIT) * law(int(node.description.split()[2])) * evidence
        return odds / (1 + odds)


def evaluations_to_solve(bug: Bug, strategy: Strategy, limit: int) -> int | None:
    """Programs run until the bug was repaired, one at a time; None if `limit` were not enough."""
    search = _search(bug, strategy, largest_pull=1)
    while search.tree.drawn < limit and (expansion := search.ask(0.0)) is not None:
        search.tell(expansion.id, bug.refine(search.tree, expansion), 0.0)
        if search.solution is not None:
            return search.spent.evaluations
    return None


def solved_in_pulls(bug: Bug, strategy: Strategy, limit: int, *, ahead: bool) -> int | None:
    """The same with pulls that grow as those of a run do: each is told before the next is asked for,
    or as many are under way as a session allows."""
    search = _search(bug, strategy, largest_pull=LARGEST_PULL, budget=Budget(limit))
    open_pulls: deque[Expansion] = deque()
    while search.solution is None:
        while search.looks_ahead and (ahead or not open_pulls):
            if (expansion := search.ask(0.0)) is None:
                break
            open_pulls.append(expansion)
        if not open_pulls:
            return None
        first = open_pulls.popleft()
        for event in search.tell(first.id, bug.refine(search.tree, first), 0.0):
            if isinstance(event, Solved):
                return event.evaluations
    return None


def _search(
    bug: Bug, strategy: Strategy, largest_pull: int, budget: Budget | None = None
) -> Session:
    tree = Tree(Program("root/"), report(bug.passed), (OPERATORS,), outlook=Calibrated())
    return session(tree, strategy, budget, seed=bug.seed, samples=largest_pull)


def _facts(node: Node, root_passed: int) -> tuple[int, int]:
    """Right edits in a node's program, or `SPOILT`, and the checks it passes."""
    if not node.description:
        return 0, root_passed
    right, passed, _ = node.description.split()
    return int(right), int(passed)


def _wrong(rng: random.Random, before: int) -> int:
    kind = rng.random()
    if kind < PROGRESS_IF_WRONG:
        return min(CHECKS - 1, before + 1)
    return before if kind < PROGRESS_IF_WRONG + SAME_IF_WRONG else max(0, before - 1)


def _draw_rank(rng: random.Random) -> int | None:
    u = rng.random()
    for rank in range(LENGTH):
        u -= law(rank)
        if u < 0:
            return rank
    return None
