"""Rates, intervals and tests of difference, each with its definition and source.

Plain functions of numbers; what is counted is decided in `coderepair.bench.results`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

CONFIDENCE = 0.95
RESAMPLES = 5_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate with its confidence interval."""

    value: float
    low: float
    high: float
    n: int
    """Independent units behind it: problems, not records, where the two differ."""
    method: str
    """`wilson` or `bootstrap`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of `b - a` over the problems that both settings have, with two tests of it."""

    value: float
    low: float
    high: float
    n: int
    only_a: int
    """Records that a has and b has not."""
    only_b: int
    p_mcnemar: float
    """Exact two-sided p; for records, which it takes to be independent."""


def wilson(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Score interval of a binomial proportion (Wilson 1927, eq. 4 of Brown, Cai & DasGupta 2001).

    Returns (low, high) in [0, 1]; (0, 1) when n is 0. Raises ValueError unless 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def rate(
    hits: Sequence[bool],
    groups: Sequence[Hashable],
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Share of hits, averaged inside each group first (`groups[i]` is the problem of record i).

    With one record a group this is the plain proportion and Wilson's interval; otherwise the interval
    is a percentile bootstrap over groups, since records of one problem are not independent.
    """
    means = _group_means([float(hit) for hit in hits], groups)
    if len(means) == len(hits):
        low, high = wilson(sum(hits), len(hits), confidence)
        value = sum(hits) / len(hits) if hits else 0.0
        return Estimate(value, low, high, len(hits), "wilson")
    low, high = bootstrap(means, seed, confidence)
    return Estimate(fmean(means), low, high, len(means), "bootstrap")


def mean(
    values: Sequence[float],
    groups: Sequence[Hashable],
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Mean of real values, averaged inside each group first, with a bootstrap interval over groups."""
    means = _group_means(values, groups)
    low, high = bootstrap(means, seed, confidence)
    return Estimate(fmean(means) if means else 0.0, low, high, len(means), "bootstrap")


def bootstrap(
    values: Sequence[float], seed: int = 0, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Percentile interval of the mean from `RESAMPLES` seeded resamples (Efron 1979).

    Returns (0, 0) for no values.
    """
    if not values:
        return 0.0, 0.0
    rng = random.Random(seed)
    size = len(values)
    means = sorted(fmean(rng.choices(values, k=size)) for _ in range(RESAMPLES))
    tail = (1 - confidence) / 2
    return means[round(tail * (RESAMPLES - 1))], means[round((1 - tail) * (RESAMPLES - 1))]


def paired(
    a: Sequence[bool],
    b: Sequence[bool],
    groups: Sequence[Hashable],
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Difference:
    """How much more b hits than a on the same records, in the same order.

    The interval is a paired percentile bootstrap: groups are resampled, and a and b keep the same
    ones (Efron & Tibshirani 1993, ch. 16). Raises ValueError if the lengths differ.
    """
    gains = [float(y) - float(x) for x, y in zip(a, b, strict=True)]
    means = _group_means(gains, groups)
    low, high = bootstrap(means, seed, confidence)
    only_a = sum(x and not y for x, y in zip(a, b, strict=True))
    only_b = sum(y and not x for x, y in zip(a, b, strict=True))
    value = fmean(means) if means else 0.0
    return Difference(value, low, high, len(means), only_a, only_b, mcnemar(only_a, only_b))


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided McNemar test (1947) on the discordant pairs: binomial(only_a + only_b, 1/2)."""
    n = only_a + only_b
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, i) for i in range(min(only_a, only_b) + 1))
    return min(1.0, tail * 0.5 ** (n - 1))


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Unbiased chance that one of k of n samples is correct: 1 - C(n-c, k) / C(n, k).

    Chen et al. 2021, eq. 1. Raises ValueError unless 1 <= k <= n and 0 <= correct <= n.
    """
    if not (1 <= k <= n and 0 <= correct <= n):
        raise ValueError(f"pass@{k} of {n} samples with {correct} correct")
    return 1.0 - math.comb(n - correct, k) / math.comb(n, k)


def area(solved_at: int | None, budget: int) -> float:
    """One record's area under its solved-against-evaluations step, over log evaluations, in [0, 1].

    1 if the first evaluation solves it, 0 if none of `budget` does:
    (log budget - log solved_at) / log budget. The mean over records is the area under the curve.
    """
    if solved_at is None or solved_at > budget:
        return 0.0
    if budget == 1:
        return 1.0
    return 1.0 - math.log(max(1, solved_at)) / math.log(budget)


def _group_means(values: Sequence[float], groups: Sequence[Hashable]) -> list[float]:
    by_group: dict[Hashable, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        by_group.setdefault(group, []).append(value)
    return [fmean(members) for members in by_group.values()]
