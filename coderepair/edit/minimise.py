"""The smallest part of a repair that still passes, with the user's own text everywhere else.

Works like a test-case shrinker: one value (the set of changes against the user's file), one
predicate (all checks pass), passes from coarse to fine (hunks, lines) to a fixed point, and a cache,
so nothing is run twice (Zeller & Hildebrandt 2002; the shape follows Hypothesis's shrinker). Inside a
line only layout is restored: half of a changed expression may pass the checks and mean nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from coderepair.edit.regions import program_of
from coderepair.edit.syntax import compile_error
from coderepair.errors import EditError
from coderepair.model import Program

_MAX_PAIRS = 40_000
_LEAST_SIMILARITY = 0.25
_SHORT_RUN = 4
MAX_RUNS = 60
"""Programs that one minimisation may run; the smallest found by then is the answer."""


@dataclass(frozen=True, slots=True)
class Change:
    """Characters `start` to `end` of the user's file become `text`."""

    start: int
    end: int
    text: str


def minimise(
    original: str,
    repair: Program,
    targets: tuple[str, ...],
    passes: Callable[[Program], bool],
    max_runs: int = MAX_RUNS,
) -> Program:
    """A program that passes and from which no change can be dropped, unless `max_runs` ended it.

    `repair` is taken to pass and is not run. Programs that do not compile, and those with a syntax
    tree that was judged before, cost no run. Deterministic if `passes` is.
    """
    shrinker = _Shrinker(original, repair, targets, passes, max_runs)
    changes = list(_between(original, repair.source, _lines))
    while True:
        before = shrinker.source(changes)
        changes = shrinker.drop(changes)
        changes = shrinker.drop([one for each in changes for one in _lines_apart(original, each)])
        words = [one for each in changes for one in _words_apart(original, each)]
        changes = shrinker.drop(words, layout_only=True)
        changes = list(_between(original, shrinker.source(changes), _lines))
        if shrinker.source(changes) == before:
            return shrinker.program(changes)


class _Shrinker:
    """The predicate with its cache and its limit."""

    def __init__(
        self,
        original: str,
        repair: Program,
        targets: tuple[str, ...],
        passes: Callable[[Program], bool],
        max_runs: int,
    ) -> None:
        self._original, self._targets, self._passes = original, targets, passes
        self._left = max_runs
        self._known = {Program(repair.source).key: True, Program(original).key: False}

    def source(self, changes: Sequence[Change]) -> str:
        """The user's file with these changes, which are in order and do not overlap."""
        parts, position = [], 0
        for change in changes:
            parts += [self._original[position : change.start], change.text]
            position = change.end
        return "".join([*parts, self._original[position:]])

    def program(self, changes: Sequence[Change]) -> Program:
        source = self.source(changes)
        try:
            return program_of(source, self._targets)
        except EditError:
            return Program(source)

    def drop(self, changes: list[Change], *, layout_only: bool = False) -> list[Change]:
        """Leaves out runs of neighbouring changes, long ones and the last ones first, until none can
        be left out. Runs, because a loop's head and body only go together."""
        runs, self._left = self._left, 0 if layout_only else self._left
        dropped = True
        while dropped:
            dropped = False
            for size in _sizes(len(changes)):
                for start in reversed(range(len(changes) - size + 1)):
                    fewer = changes[:start] + changes[start + size :]
                    if len(fewer) < len(changes) and self._holds(fewer):
                        changes, dropped = fewer, True
        self._left = runs if layout_only else self._left
        return changes

    def _holds(self, changes: list[Change]) -> bool:
        program = self.program(changes)
        key = Program(program.source).key
        if key not in self._known:
            if compile_error(program.source) is not None:
                self._known[key] = False
            elif self._left > 0:
                self._left -= 1
                self._known[key] = self._passes(program)
        return self._known.get(key, False)


def _sizes(count: int) -> list[int]:
    """Lengths of runs to try: halves of halves, and all the short ones."""
    halves = {count >> shift for shift in range(count.bit_length())}
    return sorted(halves | set(range(1, min(count, _SHORT_RUN) + 1)), reverse=True)


def _between(
    old: str, new: str, split: Callable[[str], list[str]], offset: int = 0
) -> Iterator[Change]:
    """Changes, by the units of `split`, that turn `old` (at `offset` of the file) into `new`."""
    before, after = split(old), split(new)
    starts = [offset]
    for unit in before:
        starts.append(starts[-1] + len(unit))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, low, high, start, stop in matcher.get_opcodes():
        if tag != "equal":
            yield Change(starts[low], starts[high], "".join(after[start:stop]))


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\S\n]+|\n|[^\w\s]", text)


def _lines_apart(original: str, change: Change) -> Iterator[Change]:
    """A hunk as changes of single lines, each line with the one it is most like."""
    old, new = _lines(original[change.start : change.end]), _lines(change.text)
    position = change.start
    for before, after in _aligned(old, new):
        if before != after:
            yield Change(position, position + len(before), after)
        position += len(before)


def _aligned(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    """Both texts line by line in order, "" where one has no counterpart; the pairing of the greatest
    total similarity (Needleman & Wunsch 1970). Very long hunks are paired from the top."""
    if len(old) * len(new) > _MAX_PAIRS:
        return list(zip_longest(old, new, fillvalue=""))
    words = [Counter(_words(line)) for line in old], [Counter(_words(line)) for line in new]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = best[i + 1][j + 1] + _similarity(words[0][i], words[1][j])
            best[i][j] = max(best[i + 1][j], best[i][j + 1], paired)
    pairs, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            pairs.append((old[i], ""))
            i += 1
        elif best[i][j] == best[i][j + 1]:
            pairs.append(("", new[j]))
            j += 1
        else:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
    return [*pairs, *((line, "") for line in old[i:]), *(("", line) for line in new[j:])]


def _similarity(left: Counter[str], right: Counter[str]) -> float:
    """Share of common words and signs, white space left out; 0 below a quarter."""
    total = sum(n for word, n in (left + right).items() if word.strip())
    common = sum(n for word, n in (left & right).items() if word.strip())
    return share if total and (share := 2 * common / total) >= _LEAST_SIMILARITY else 0.0


def _words_apart(original: str, change: Change) -> Iterator[Change]:
    """A changed line as changes of its words, spaces and signs; an added or deleted one as it is."""
    old = original[change.start : change.end]
    if not old.strip() or not change.text.strip():
        yield change
        return
    yield from _between(old, change.text, _words, change.start)
