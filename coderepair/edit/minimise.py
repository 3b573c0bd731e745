"""The smallest part of a repair that still passes, with the user's own text everywhere else.

Works like a test-case shrinker: one value (the set of changes against the user's file), one
predicate (all checks pass, and nothing known behaves differently), passes from coarse to fine (hunks,
lines, words) to a fixed point, and a cache, so nothing is run twice (Zeller & Hildebrandt 2002; the shape
follows Hypothesis's shrinker). Inside a line only layout is restored unless the behaviour is known to be
kept: half of a changed expression may pass the checks and mean nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest

from coderepair.edit.regions import program_of
from coderepair.edit.size import changed_tokens
from coderepair.edit.syntax import compile_error
from coderepair.errors import EditError
from coderepair.model import Program

_MAX_PAIRS = 40_000
_LEAST_SIMILARITY = 0.25
_SHORT_RUN = 4
MAX_RUNS = 60
"""Programs that one minimisation may run; the smallest found by then is the answer."""
MAX_SHORTER = 80
"""Shorter wordings of new text that one minimisation may compile."""

Alike = Callable[[Program], bool | None]
"""Whether a program behaves like the repair; None where that is not known."""


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
    alike: Alike | None = None,
) -> Program:
    """A program that passes and from which no change can be dropped, unless `max_runs` ended it.

    `repair` is taken to pass and is not run. Programs that do not compile, and those with a syntax
    tree that was judged before, cost no run. What is not `alike` is not taken; words are dropped only
    where it is known to be. Deterministic if `passes` and `alike` are.
    """
    shrinker = _Shrinker(original, repair, targets, passes, max_runs, alike or _unknown)
    changes = list(_between(original, repair.source, _lines))
    while True:
        before = shrinker.source(changes)
        changes = shrinker.drop(changes)
        changes = shrinker.drop([one for each in changes for one in _lines_apart(original, each)])
        changes = shrinker.shorten(changes)
        words = [one for each in changes for one in _words_apart(original, each)]
        changes = shrinker.drop(words, in_lines=True)
        changes = list(_between(original, shrinker.source(changes), _lines))
        if shrinker.source(changes) == before:
            return shrinker.program(changes)


def _unknown(_program: Program) -> None:
    return None


class _Shrinker:
    """The predicate with its cache and its limits."""

    def __init__(
        self,
        original: str,
        repair: Program,
        targets: tuple[str, ...],
        passes: Callable[[Program], bool],
        max_runs: int,
        alike: Alike,
    ) -> None:
        self._original, self._targets, self._passes = original, targets, passes
        self._alike = alike
        self._left, self._shorter = max_runs, MAX_SHORTER
        self._smallest = Program(repair.source).key
        self._known: dict[str, bool | None] = {
            Program(repair.source).key: True,
            Program(original).key: False,
        }
        """By the key of a program: False if it fails or behaves differently, True if it passes and is
        known to behave alike, None if it passes."""

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

    def drop(self, changes: list[Change], *, in_lines: bool = False) -> list[Change]:
        """Leaves out runs of neighbouring changes, long ones and the last ones first, until none can
        be left out. Runs, because a loop's head and body only go together."""
        dropped = True
        while dropped:
            dropped = False
            for size in _sizes(len(changes)):
                for start in reversed(range(len(changes) - size + 1)):
                    fewer = changes[:start] + changes[start + size :]
                    if len(fewer) < len(changes) and self._holds(fewer, in_lines):
                        changes, dropped = fewer, True
        return changes

    def shorten(self, changes: list[Change]) -> list[Change]:
        """Leaves out runs of words of what is put in, as long as that makes the difference smaller."""
        at = 0
        while at < len(changes):
            shorter = next(self._shorter_at(changes, at), None)
            changes, at = (changes, at + 1) if shorter is None else (shorter, at)
        return changes

    def _shorter_at(self, changes: list[Change], at: int) -> Iterator[list[Change]]:
        change = changes[at]
        old = self._original[change.start : change.end]
        for text in _fewer_words(change.text):
            if self._shorter <= 0 or self._left <= 0:
                return
            if changed_tokens(old, text) < changed_tokens(old, change.text):
                self._shorter -= 1
                shorter = [*changes[:at], replace(change, text=text), *changes[at + 1 :]]
                if self._holds(shorter, in_lines=True):
                    yield shorter

    def _holds(self, changes: list[Change], in_lines: bool) -> bool:
        """Whether a program with fewer changes will do, which then is the smallest. Inside of lines it has
        to have the same syntax tree, or be known to be alike: no run where nobody can know."""
        program = self.program(changes)
        key = Program(program.source).key
        if key not in self._known:
            if compile_error(program.source) is not None:
                self._known[key] = False
            elif self._left > 0 and not (in_lines and self._alike is _unknown):
                self._left -= 1
                self._known[key] = self._passes(program) and self._alike(program)
        known = self._known.get(key, False)
        holds = known is not False if not in_lines else known is True or key == self._smallest
        if holds:
            self._smallest = key
        return holds


def _fewer_words(text: str) -> Iterator[str]:
    """The text with an argument in the place of its call, then without a run of its words, long runs and
    the last ones first. `return None` stays."""
    words = _words(text)
    for start, end, inner in _arguments(words):
        yield "".join([*words[:start], *inner, *words[end:]])
    for size in _sizes(len(words))[1:]:
        for start in reversed(range(len(words) - size + 1)):
            gone = "".join(words[start : start + size]).strip()
            if gone not in ("", "None") and _balanced(gone):
                yield "".join(words[:start] + words[start + size :])


def _arguments(words: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Where a call, or what stands in brackets, begins and ends, and one of its arguments."""
    opened: list[list[int]] = []
    for at, word in enumerate(words):
        if word in "([{":
            opened.append([at])
        elif word == "," and opened:
            opened[-1].append(at)
        elif word in ")]}" and opened:
            commas = opened.pop()
            start = commas[0]
            while start and (words[start - 1].isidentifier() or words[start - 1] == "."):
                start -= 1
            for low, high in pairwise([*commas, at]):
                inner = words[low + 1 : high]
                yield start, at + 1, inner[inner[:1] == [" "] :]


def _balanced(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


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
