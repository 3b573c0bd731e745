"""Linear repair: each program refines the one before it, no tree (LDB, LeDex, CoCoGen)."""

from __future__ import annotations

import random
from dataclasses import dataclass

from coderepair.search.base import most_promising
from coderepair.search.tree import Arm, Tree


@dataclass(frozen=True, slots=True)
class Linear:
    """Always the newest program that can still be refined; an attempt that makes none is repeated."""

    rounds: int = 0
    """Proposals to draw, >= 0 (LDB 10, LeDex 3); 0 means as many as the budget allows."""

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise ValueError(f"rounds is {self.rounds}, not >= 0")

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:  # noqa: ARG002
        if self.rounds and tree.drawn >= self.rounds:
            return None
        newest = max((arm.node.id for arm in tree.arms()), default=None)
        return None if newest is None else most_promising(tree, tree.arms_of(newest))

    def room(self, tree: Tree, arm: Arm) -> int:  # noqa: ARG002
        return 1
