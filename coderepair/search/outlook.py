"""How promising an arm is, said before any of its proposals is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coderepair.model import Node
    from coderepair.search.tree import Tree


class Outlook(Protocol):
    """How promising the proposals of an arm are, before any of them is made."""

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:
        """Probability, in [0, 1], that the proposal of this rank (0-based) solves the task given that
        those before it did not; 0 means that the proposer cannot refine this node."""
        ...

    def family(self, tree: Tree, node: Node, proposer: str) -> str:
        """Arms whose chances rest on one assumption about this task, so that what fails in one of them
        speaks against all; empty for an arm that stands for itself."""
        ...


class UniformOutlook:
    """Knows nothing: every proposal is worth the same, as in REx."""

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        return 1.0

    def family(self, tree: Tree, node: Node, proposer: str) -> str:  # noqa: ARG002
        return ""
