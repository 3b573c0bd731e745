"""Thompson sampling over the arms of the tree: REx with ranked proposals.

REx (Tang et al. 2024, Section 4 and Appendix A.1): refining program rho solves the task with an
unknown probability theta, the same at every attempt. The prior is Beta(1 + C h, 1 + C (1 - h)); after
N unsuccessful refinements the posterior is Beta(1 + C h, 1 + C (1 - h) + N). Each arm draws theta
from its posterior, the largest draw is pulled. Where h is unknown (the program written from nothing)
both C terms are dropped: Beta(1, 1 + N). Large C is greedier; the mean is (1 + C h) / (2 + C + N).

Ranked proposals are not exchangeable: the tenth edit of a list is worth less than the first. Let c_r
be the calibrated chance of the proposal of rank r given that those before it failed, and
w_r = c_r / c_0. Take theta as the success rate of the arm's *first* proposal and theta w_r as that of
rank r. The likelihood of failing at the ranks drawn is the product of (1 - theta w_i), which is
(1 - theta)^(sum of w_i) exactly for equal chances and to first order in theta otherwise. So the
posterior is REx's with N replaced by the arm's weight, the sum of w_i over failed and pending
proposals, and the arm's value is theta times the worth of its next proposal: its chance, discounted by
what failed in other arms that rest on the same assumption (`Tree.trust`). With equal chances and no
families w_i = 1 and the common factor drops out of the argmax: REx to the letter.

Many arms. A refined program costs milliseconds here, so a tree soon has thousands of arms of which
nearly all are hopeless; the largest of their draws would win by number alone (the maximum of n draws
grows like log n) and bury the root's good proposals. The chances say when that happens. An arm below
the top of the tree is *ripe* only while its next proposal is worth at least as much as the next one
of the same proposer at the top (of any proposer, once that one has no more there); unripe arms wait.
Then every pull has a chance no smaller than the proposal that flat ranked enumeration would have
tried instead, and since chances of a list only fall with rank, the tree has, proposal by proposal,
at least the hazard of the flat list, hence at least its probability of being solved, at every budget,
whatever theta is drawn; this is as true as the chances are. With equal chances every arm is ripe, and
again REx is left as it is.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from typing import ClassVar

from coderepair.search.tree import Arm, Tree

LONGEST = 64
"""Proposals that are looked at to see how many are ripe."""


@dataclass(frozen=True, slots=True)
class Thompson:
    """REx's Thompson sampling (rows A1 to A6)."""

    looks_ahead: ClassVar[bool] = True

    c: float = 10.0
    """REx's C >= 0: how much the heuristic value is trusted against failed refinements."""

    def __post_init__(self) -> None:
        if not self.c >= 0.0:
            raise ValueError(f"C is {self.c}, not >= 0")

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:
        """The arm with the largest draw of theta x worth, or None when no arm is left."""
        arms = ripe_arms(tree)
        if not arms:
            return None
        # theta <= 1, so an arm whose worth is below the best value so far need not draw at all.
        # Starting with the largest worth makes that frequent; the law of the maximum is the same.
        winner = max(arms, key=tree.worth)
        best = self._draw(winner, rng) * tree.worth(winner)
        for arm in arms:
            worth = tree.worth(arm)
            if worth > best and arm is not winner:
                value = self._draw(arm, rng) * worth
                if value > best:
                    winner, best = arm, value
        return winner

    def room(self, tree: Tree, arm: Arm) -> int:
        """As many proposals as are ripe, so that a large pull keeps the promise of a small one."""
        if arm.node.depth == 0:
            return sys.maxsize
        floor = _floors(tree)[arm.proposer] / tree.trust(arm)
        more = range(1, LONGEST)
        return next((k for k in more if tree.chance(arm, arm.drawn + k) < floor), LONGEST)

    def posterior(self, arm: Arm) -> tuple[float, float]:
        """Parameters of the Beta distribution of the arm's theta; both are at least 1."""
        h = arm.h
        if h is None:
            return 1.0, 1.0 + arm.weight
        return 1.0 + self.c * h, 1.0 + self.c * (1.0 - h) + arm.weight

    def _draw(self, arm: Arm, rng: random.Random) -> float:
        alpha, beta = self.posterior(arm)
        if alpha == 1.0:  # the inverse of the distribution function, many times faster
            return 1.0 - float((1.0 - rng.random()) ** (1.0 / beta))
        return rng.betavariate(alpha, beta)


def ripe_arms(tree: Tree) -> list[Arm]:
    """Live arms whose next proposal is worth at least what flat enumeration offers in its place.

    Arms at the top of the tree are always ripe; so is everything once the top is exhausted.
    """
    floor = _floors(tree)
    return [
        arm for arm in tree.arms() if arm.node.depth == 0 or tree.worth(arm) >= floor[arm.proposer]
    ]


def _floors(tree: Tree) -> dict[str, float]:
    """For each proposer the chance of the proposal that flat enumeration would try in its place."""
    top = tree.top_arms()
    best = max(map(tree.worth, top), default=0.0)
    return {
        proposer: max((tree.worth(arm) for arm in top if arm.proposer == proposer), default=best)
        for proposer in tree.proposers
    }
