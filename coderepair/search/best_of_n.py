"""Best of n: independent attempts at the program as it was given, no refinement of refinements."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from typing import ClassVar

from coderepair.search.tree import Arm, Tree


@dataclass(frozen=True, slots=True)
class BestOfN:
    """`n` proposals of the top of the tree, an equal share from each of its arms."""

    looks_ahead: ClassVar[bool] = True

    n: int = 0
    """Proposals to draw, >= 0; 0 means as many as the budget allows."""

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(f"n is {self.n}, not >= 0")

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:  # noqa: ARG002
        if self.n and tree.drawn >= self.n:
            return None
        return min(tree.top_arms(), key=lambda arm: arm.drawn, default=None)

    def room(self, tree: Tree, arm: Arm) -> int:  # noqa: ARG002
        return self.n - tree.drawn if self.n else sys.maxsize
