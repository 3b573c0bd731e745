"""How likely the edit of a given rank is to solve the task, given that those before it did not.

The hazard of a ranked list falls about like a power of the rank, h(r) = a (1 + r / s)^-b, with one
curve for each relation of a node to its parent: what was edited last matters more than anything else
that is known before a list is made. The curves are maximum-likelihood fits over injected bugs
(`coderepair_training.ranker`), by the number of proposals that failed before the one that solved.
"""

from __future__ import annotations

from dataclasses import dataclass

from coderepair.model import ROOT, Node
from coderepair.search.tree import Tree

_MARGIN = 1e-9


@dataclass(frozen=True, slots=True)
class Curve:
    """Hazard of a ranked list: `first` at rank 0, falling with the rank."""

    first: float
    scale: float
    power: float

    def __call__(self, rank: int) -> float:
        """In [0, 1]; never rises with the rank."""
        return float(self.first * (1.0 + rank / self.scale) ** -self.power)


CURVES: dict[str, Curve] = {
    "root": Curve(0.13, 6.0, 1.25),
    "passes more": Curve(0.06, 5.0, 1.25),
    "nearer": Curve(0.02, 5.0, 1.25),
    "equal": Curve(0.0012, 8.0, 1.1),
    "worse": Curve(0.0005, 8.0, 1.1),
}
"""Relation of a node to its parent -> curve."""
DEEPER = 0.5
"""Factor for each further edit on the way from the root, beyond the first."""


def chance(tree: Tree, node: Node, rank: int) -> float:
    """Probability, in [0, 1], that proposal `rank` of the edit operators solves the task."""
    if node.program is None:
        return 0.0
    value = CURVES[relation(tree, node)](rank)
    return value * DEEPER ** max(0, node.depth - 1)


def relation(tree: Tree, node: Node) -> str:
    """How a node compares with the program it was made from."""
    if node.id == ROOT or node.parent is None:
        return "root"
    parent = tree.node(node.parent)
    if node.report is None or parent.report is None:
        return "equal"
    if node.report.passed != parent.report.passed:
        return "passes more" if node.report.passed > parent.report.passed else "worse"
    change = node.report.score - parent.report.score
    if abs(change) <= _MARGIN:
        return "equal"
    return "nearer" if change > 0 else "worse"
