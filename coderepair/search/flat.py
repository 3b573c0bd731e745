"""Flat ranked enumeration: the proposals of the user's program in order of chance, no refinement.

The baseline for ranked proposers; what a tree has to beat.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from coderepair.search.base import most_promising
from coderepair.search.tree import Arm, Tree


@dataclass(frozen=True, slots=True)
class Flat:
    """The arm of the top of the tree with the largest chance."""

    looks_ahead: ClassVar[bool] = True

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:  # noqa: ARG002
        return most_promising(tree, tree.top_arms())
