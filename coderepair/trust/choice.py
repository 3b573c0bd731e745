"""Which of several programs that pass all checks is right: a chance for each, from what sets them apart.

A log-linear model over the programs of one task: the chance of program i is proportional to exp(w . x_i).
Programs that behave alike share their chances, so that agreement counts: the group of the largest sum is
taken, and of it the first program, or else the likeliest. The weights are fitted by
`coderepair_training.choice`; docs/LOG.md has what they bring on held-out bugs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Traits:
    """What speaks for or against a program."""

    later: float
    """0 for the program that was found first, 1 for the others."""
    place: float
    """ln(1 + programs proposed between the first that passed and this one): the ranker's opinion."""
    size: float
    """ln(1 + words and signs that differ from the original)."""
    special: float
    """1 if a new condition compares with a value that only a test's input has, else 0."""
    conditions: float
    """New conditions, at most 3."""
    constants: float
    """New values that nothing explains, at most 3."""
    crashes: float
    """Share of the calls that raise and did not in the original program."""
    kept: float
    """Share of the calls that come to what they came to in the original program."""
    distinct: float
    """Outcomes that differ from each other, a share of the calls: a program that always says the same was
    made for the tests."""


WEIGHTS = Traits(
    later=-0.34,
    place=-0.76,
    size=-1.96,
    special=-2.0,
    conditions=0.44,
    constants=-2.07,
    crashes=-2.03,
    kept=0.65,
    distinct=0.27,
)
"""Nats for one unit of each trait: `python -m coderepair_training.choice`, seed 0, on 439 bugs with hidden
tests. `special` is set by hand, as hardly an edit of those bugs was special."""


def chances(traits: Sequence[Traits], weights: Traits = WEIGHTS) -> list[float]:
    """Chance of each program that it is right, if one of them is."""
    scores = [_score(each, weights) for each in traits]
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    return [each / sum(odds) for each in odds]


def ordered(groups: Sequence[Sequence[int]], shares: Sequence[float]) -> list[list[int]]:
    """The groups by the sum of their chances, the members of each by their own; equals keep their order.
    The first program leads its group: where others only do the same, nothing speaks for them."""
    inside = [sorted(group, key=lambda index: (index != 0, -shares[index])) for group in groups]
    return sorted(inside, key=lambda group: -sum(shares[index] for index in group))


def _score(traits: Traits, weights: Traits) -> float:
    pairs = zip(astuple(traits), astuple(weights), strict=True)
    return float(sum(value * weight for value, weight in pairs))
