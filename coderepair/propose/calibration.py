"""How likely the edit of a given rank is to solve the task, given that those before it did not.

The hazard of a ranked list falls about like a power of the rank, h(r) = a (1 + r / s)^-b, with one
curve for each relation of a node to its parent: what was edited last matters more than anything else
that is known before a list is made.

The root's curve passes through the share of bugs that the first 1, 10, 50, 200 and 1000 edits mend:
34, 46, 60, 68 and 76 %, the mean of held-out injected bugs (n = 250) and of held-out bugs of the
problem bank (n = 240), by `coderepair_training.ranker`.

What a node's own list is worth was fitted on the problem bank's training bugs, 48 programs with two or
three bugs and 24 with one, weighted half-way to the bank's mixture: the first 200 edits of each root
were run, then the first 80 of the refined programs that gained checks or were a step towards the
reference, as far as time allowed (286 programs). Besides the relation to the parent it counts how
early in its list an edit stood and how many of the failing checks it mends: the list behind a gain of
half of them or more held the repair in 43 % of the cases, behind a smaller gain in 8 %. Of all other
programs that were a step towards the reference 6 of 60 held it; the rest is taken to hold none.
"""

from __future__ import annotations

import math
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


ROOT_CURVE = Curve(0.34, 0.2, 0.85)
HELD = 0.62
"""Share of bugs that the first 80 edits of the root mend, by its curve."""
MOST = 0.9
"""No edit is surer than this to belong to the repair."""


@dataclass(frozen=True, slots=True)
class Way:
    """Probability that the list of a node's own edits holds the repair: a logistic model."""

    log_odds: float
    """For the first edit of its parent's list, if it mends no check."""
    power: float
    """The odds fall like this power of the rank that the node's edit had, counted from 1."""
    mended: float = 0.0
    """Log-odds gained if the edit mends all failing checks, and of a share of them that share."""

    def __call__(self, rank: int, share: float) -> float:
        """In [0, 1]; `share` of the failing checks is mended."""
        odds = math.exp(self.log_odds + self.mended * share) * (1.0 + rank) ** -self.power
        return float(odds / (1.0 + odds))


ON_THE_WAY = {
    "gains": Way(-2.4, 0.33, 4.5),
    "trades": Way(-3.9, 0.45),
    "nearer": Way(-3.3, 0.8),
    "equal": Way(-4.1, 0.75),
    "worse": Way(-5.8, 0.55),
    "parses": Way(1.6, 5.0),
}
"""By the relation of a node to its parent. Of 300 functions made unparsable the first text that parses was
the right one in 81 %, one of the first three in 94 % (docs/LOG.md);
the odds of `parses` are set to that, not fitted."""


def chance(tree: Tree, node: Node, rank: int) -> float:
    """Probability, in [0, 1], that proposal `rank` of the edit operators solves the task."""
    return 0.0 if node.program is None else on_the_way(tree, node) * ROOT_CURVE(rank)


def on_the_way(tree: Tree, node: Node) -> float:
    """How much likelier, in [0, 1], an edit of this node mends the task than one of the root's: each
    edit on the way from there has to belong to the repair."""
    value, below = 1.0, node
    while below.parent is not None:
        above = tree.node(below.parent)
        way = ON_THE_WAY[relation(tree, below)]
        value *= min(MOST, way(tree.rank(below.id), _mended(above, below)) / HELD)
        below = above
    return value


def relation(tree: Tree, node: Node) -> str:
    """How a node compares with the program it was made from: it `gains` checks and keeps all that
    passed, `trades` some for more others, is `nearer` by its score, `equal`, or `worse`; or it `parses`, which
    its parent did not."""
    if node.id == ROOT or node.parent is None:
        return "root"
    parent = tree.node(node.parent)
    if node.report is None or parent.report is None:
        return "equal"
    if _has_regions(node) and not _has_regions(parent):
        return "parses"
    if node.report.passed != parent.report.passed:
        if node.report.passed < parent.report.passed:
            return "worse"
        return "gains" if parent.report.passing <= node.report.passing else "trades"
    change = node.report.score - parent.report.score
    if abs(change) <= _MARGIN:
        return "equal"
    return "nearer" if change > 0 else "worse"


def _mended(above: Node, below: Node) -> float:
    """Share of the failing checks of `above` that `below` has fewer of, in [0, 1]."""
    if above.report is None or below.report is None:
        return 0.0
    failing = len(above.report.checks) - above.report.passed
    return max(0.0, below.report.passed - above.report.passed) / max(1, failing)


def _has_regions(node: Node) -> bool:
    """Whether functions were found in the node's program; none are in a file that does not parse."""
    return node.program is not None and bool(node.program.regions)
