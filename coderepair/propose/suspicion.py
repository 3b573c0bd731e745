"""Which lines the failing and the passing checks execute, and what that says about an edit.

A single edit mends a failing check only if the check executes one of the places that it changes.
Ochiai's coefficient (Abreu et al. 2007) orders the places that remain: ef / sqrt(f (ef + ep)), with
f failing checks, of which ef execute the place, as do ep passing ones.
"""

from __future__ import annotations

import ast
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from coderepair.model import CheckResult, Outcome
from coderepair.propose.operators import Edit, FunctionContext


class Suspicion:
    """Coverage of one function by the checks of its program."""

    def __init__(self, context: FunctionContext) -> None:
        self._context = context
        covered = [check for check in context.around.coverage if check[1]]
        self._failing = [lines for passed, lines in covered if not passed]
        self._passing = [lines for passed, lines in covered if passed]
        self._starts = [0]
        for index, char in enumerate(context.text):
            if char == "\n":
                self._starts.append(index + 1)
        self._known: dict[frozenset[int], tuple[str, ...]] = {}

    def of(self, edit: Edit) -> tuple[str, ...]:
        """Features of an edit; none where nothing is known of the coverage."""
        if not self._failing:
            return ()
        places = frozenset(self._lines(edit))
        known = self._known.get(places)
        if known is None:
            known = self._known[places] = self._features(places)
        return known

    def _lines(self, edit: Edit) -> Iterator[int]:
        """Lines of the file at which an edit takes effect."""
        first = self._context.around.first_line
        for start, end, _ in edit.replacements:
            low = bisect_right(self._starts, start)
            high = max(low, bisect_right(self._starts, max(start, end - 1)))
            yield from range(low + first - 1, high + first)
        anchor = edit.anchor
        if anchor is not self._context.function:
            anchor = self._context.statement_of(anchor)
            yield self._context.line(anchor) + first - 1
            if edit.sites == 1 and not isinstance(anchor, ast.expr):
                yield self._context.line(edit.anchor) + first - 1

    def _features(self, places: frozenset[int]) -> tuple[str, ...]:
        failing = sum(not places.isdisjoint(lines) for lines in self._failing)
        passing = sum(not places.isdisjoint(lines) for lines in self._passing)
        among = _share(failing, len(self._failing))
        also = _share(passing, len(self._passing)) if self._passing else "-"
        ochiai = failing / math.sqrt(len(self._failing) * (failing + passing)) if failing else 0.0
        return f"covered {among}", f"covered {among} {also}", f"ochiai {int(ochiai * 6)}"


def coverage_of(
    checks: tuple[CheckResult, ...], lines: Mapping[str, frozenset[int]]
) -> tuple[tuple[bool, frozenset[int]], ...]:
    """Whether each check passed and which lines it executed, as `Surroundings` wants it."""
    return tuple(
        (check.outcome is Outcome.PASS, lines.get(check.id, frozenset())) for check in checks
    )


def _share(part: int, whole: int) -> str:
    return "none" if part == 0 else "all" if part == whole else "some"
