"""Spectra: which parts of a file failing and passing checks execute, and how suspect that makes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coderepair.model import CheckResult, Outcome

DSTAR_EXPONENT = 2.0
"""The exponent of D* that its authors recommend (Wong et al. 2014, section V)."""
Formula = Callable[[int, int, int], float]
"""(failing checks that execute it, passing checks that execute it, all failing checks) -> [0, 1]."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Lines (1-based) that each failing, and each passing, check executed; those that executed none are
    left out, for nothing is known of them."""

    failing: tuple[frozenset[int], ...]
    passing: tuple[frozenset[int], ...]

    def suspicion(self, part: frozenset[int], formula: Formula) -> float:
        """The formula's value for whatever stands on the lines `part`, in [0, 1]."""
        hits = sum(not part.isdisjoint(lines) for lines in self.failing)
        passes = sum(not part.isdisjoint(lines) for lines in self.passing)
        return formula(hits, passes, len(self.failing))


def spectrum_of(checks: Sequence[CheckResult], lines: Mapping[str, frozenset[int]]) -> Spectrum:
    """From a report's checks and the lines that each of them executed."""
    found: tuple[list[frozenset[int]], list[frozenset[int]]] = ([], [])
    for check in checks:
        executed = lines.get(check.id, frozenset())
        if executed:
            found[check.outcome is Outcome.PASS].append(executed)
    return Spectrum(tuple(found[0]), tuple(found[1]))


def ochiai(failing_hits: int, passing_hits: int, failing: int) -> float:
    """Ochiai's coefficient (Abreu et al. 2007), in [0, 1]."""
    if not failing or not failing_hits:
        return 0.0
    return failing_hits / math.sqrt(failing * (failing_hits + passing_hits))


def dstar(
    failing_hits: int, passing_hits: int, failing: int, exponent: float = DSTAR_EXPONENT
) -> float:
    """D* of Wong et al. 2014, hits^exponent / (passing hits + failing misses), as d / (1 + d).

    That map keeps the order and brings [0, infinity] to [0, 1]. `exponent` is at least 1.
    """
    if not failing_hits:
        return 0.0
    power = math.pow(failing_hits, exponent)
    return power / (power + passing_hits + failing - failing_hits)
