"""Breadth-first: every program is refined the same number of times, in the order found."""

from __future__ import annotations

import random
from dataclasses import dataclass

from coderepair.search.base import most_promising
from coderepair.search.tree import Arm, Tree


@dataclass(frozen=True, slots=True)
class BreadthFirst:
    """REx's queue: 0, 0, 0, 1, 1, 1, 2, ... with `branching` 3."""

    branching: int = 3
    """Proposals drawn of each node, over all its proposers, >= 1."""

    def __post_init__(self) -> None:
        if self.branching < 1:
            raise ValueError(f"branching is {self.branching}, not >= 1")

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:  # noqa: ARG002
        """The most promising arm of the first node that has proposals left to draw."""
        waiting = (
            arm.node.id for arm in tree.arms() if tree.drawn_of(arm.node.id) < self.branching
        )
        first = min(waiting, default=None)
        return None if first is None else most_promising(tree, tree.arms_of(first))

    def room(self, tree: Tree, arm: Arm) -> int:
        return self.branching - tree.drawn_of(arm.node.id)
