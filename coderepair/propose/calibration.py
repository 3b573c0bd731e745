"""How likely the edit of a given rank is to solve the task, given that those before it did not.

The hazard of a ranked list falls about like a power of the rank, h(r) = a (1 + r / s)^-b, with one
curve for each relation of a node to its parent: what was edited last matters more than anything else
that is known before a list is made.

The root's curve passes through the share of bugs that the first 1, 10, 50, 200 and 1000 edits mend:
34, 46, 60, 68 and 76 %, the mean of held-out injected bugs (n = 250) and of held-out bugs of the
problem bank (n = 240), by `coderepair_training.ranker`. A program on the way has the same curve times
the judged probability that its last edit is part of the repair; these factors are not fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from coderepair.model import ROOT, Node, Outcome, TestReport
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


ROOT_CURVE = Curve(0.34, 0.2, 0.85)
ON_THE_WAY = {
    "root": 1.0,
    "gains": 0.4,
    "trades": 0.12,
    "nearer": 0.13,
    "equal": 0.002,
    "worse": 0.0006,
}
"""Relation of a node to its parent -> probability that the edit between them belongs to the repair."""
DEEPER = 0.6
"""Factor for each further edit on the way from the root, beyond the first."""


def chance(tree: Tree, node: Node, rank: int) -> float:
    """Probability, in [0, 1], that proposal `rank` of the edit operators solves the task."""
    if node.program is None:
        return 0.0
    value = ON_THE_WAY[relation(tree, node)] * ROOT_CURVE(rank)
    return value * DEEPER ** max(0, node.depth - 1)


def relation(tree: Tree, node: Node) -> str:
    """How a node compares with the program it was made from: it `gains` checks and keeps all that
    passed, `trades` some for more others, is `nearer` by its score, `equal`, or `worse`."""
    if node.id == ROOT or node.parent is None:
        return "root"
    parent = tree.node(node.parent)
    if node.report is None or parent.report is None:
        return "equal"
    if node.report.passed != parent.report.passed:
        if node.report.passed < parent.report.passed:
            return "worse"
        return "gains" if _passing(parent.report) <= _passing(node.report) else "trades"
    change = node.report.score - parent.report.score
    if abs(change) <= _MARGIN:
        return "equal"
    return "nearer" if change > 0 else "worse"


def _passing(report: TestReport) -> set[str]:
    return {check.id for check in report.checks if check.outcome is Outcome.PASS}
