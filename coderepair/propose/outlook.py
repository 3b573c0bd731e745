"""The outlook of a run: each proposer speaks for its own proposals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coderepair.propose.calibration import relation

if TYPE_CHECKING:
    from coderepair.contracts import Proposer
    from coderepair.model import Node
    from coderepair.search.tree import Tree


class ProposersOutlook:
    """Asks the proposer of this name for the chance of its proposal, and keeps it in [0, 1]."""

    def __init__(self, proposers: Mapping[str, Proposer]) -> None:
        self._proposers = proposers

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:
        return min(1.0, max(0.0, self._proposers[proposer].chance(tree, node, rank)))

    def family(self, tree: Tree, node: Node, proposer: str) -> str:
        """Nodes of one depth that compare alike with their parents and pass as many checks: that each
        passes one more was hoped to mean that the way to a repair leads through it, and most are wrong
        about that. A node that passes more than all before it is judged by itself."""
        if node.depth == 0:
            return ""
        passed = node.report.passed if node.report else 0
        return f"{proposer} {node.depth} {relation(tree, node)} {passed}"
