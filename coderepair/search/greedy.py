"""Greedy: always refine the best program so far (REx's first baseline)."""

from __future__ import annotations

import random
from dataclasses import dataclass

from coderepair.search.tree import Arm, Tree


@dataclass(frozen=True, slots=True)
class Greedy:
    """The arm of the highest heuristic value; of equals the more promising proposer, then the earlier."""

    empty_value: float = 0.0
    """Heuristic value given to the program written from nothing (REx tries 0 and 0.5)."""

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:  # noqa: ARG002
        return max(tree.arms(), key=self._value, default=None)

    def _value(self, arm: Arm) -> tuple[float, int, float]:
        h = self.empty_value if arm.h is None else arm.h
        return h, -arm.node.id, arm.chance
