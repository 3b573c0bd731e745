"""Fixed width: a number of independent chains, refined in turn.

REx's second baseline. Its released code advances the chain index twice a step and so makes 201 calls
where width 100 and depth 3 ask for 300; here the count is width x depth, exactly.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from coderepair.search.base import most_promising
from coderepair.search.tree import Arm, Tree


@dataclass(frozen=True, slots=True)
class FixedWidth:
    """`width` proposals at the root, then `depth` - 1 rounds that refine each chain's last program.

    A refinement that makes no new program leaves its chain as it is; the chain's next turn draws the
    next proposal of the same program. Expansions have to be told before the next is asked for.
    """

    width: int = 25
    """Chains, >= 1 (REx: 25, 50, 100; ARC 2, 4, 8)."""
    depth: int = 8
    """Programs in a chain, >= 1."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.depth < 1:
            raise ValueError(f"width {self.width} and depth {self.depth} have to be >= 1")

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:  # noqa: ARG002
        if tree.drawn >= self.width * self.depth:
            return None
        # The n-th proposal ever drawn belongs to chain n mod width, and may have become a node.
        for number in range(tree.drawn - self.width, -1, -self.width):
            if tree.has(node_id := tree.first_id + number) and (arms := tree.arms_of(node_id)):
                return most_promising(tree, arms)
        return most_promising(tree, tree.top_arms())

    def room(self, tree: Tree, arm: Arm) -> int:  # noqa: ARG002
        return max(1, self.width - tree.drawn)
