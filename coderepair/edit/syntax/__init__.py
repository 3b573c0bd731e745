"""Repairs of files that Python cannot parse: few changes near where the parser gives up.

The compiler judges here, not the tests: a best-first search over the changes that its message suggests
yields every text that compiles, the cheapest first. A text with another error is
changed again as long as the error has moved towards the end of the file.
"""

from __future__ import annotations

import heapq
import warnings
from collections.abc import Iterator
from itertools import count

from coderepair.edit.syntax.indentation import shifted
from coderepair.edit.syntax.messages import SUGGESTED
from coderepair.edit.syntax.place import Change, place_of
from coderepair.edit.syntax.words import headers, line_ends, misspelt, near

MOST_COMPILED = 1_000
"""Texts that are given to the compiler for one file, at most; fewer of a long one:"""
MOST_CHARACTERS = 30_000_000
MOST_CHANGES = 4
STEP = 1.0
"""Cost of every change besides its own."""


def compile_error(source: str) -> SyntaxError | None:
    """What the compiler says of a file; None if it compiles. A null byte counts as such an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<file>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxError(str(error), ("<file>", 1, 1, ""))
    return None


def parsed(source: str) -> Iterator[str]:
    """Texts that compile, the cheapest first, each once; `source` itself if it does."""
    order = count()
    heap = [(0.0, next(order), source, 0, (0, 0))]
    seen = {source}
    for _ in range(min(MOST_COMPILED, MOST_CHARACTERS // (1 + len(source)))):
        if not heap:
            return
        cost, _, text, made, reached = heapq.heappop(heap)
        error = compile_error(text)
        if error is None:
            yield text
            continue
        at = (error.lineno or 1, error.offset or 0)
        if made == MOST_CHANGES or (made and at <= reached):
            continue
        for change in _changes(text, error):
            new = text[: change.start] + change.text + text[change.end :]
            if new not in seen:
                seen.add(new)
                item = (cost + STEP + change.cost, next(order), new, made + 1, at)
                heapq.heappush(heap, item)


def readable(source: str) -> str:
    """The likeliest text that compiles in the place of a file that does not; the file itself if none is
    found."""
    return next(parsed(source), source)


def _changes(source: str, error: SyntaxError) -> Iterator[Change]:
    """Changes of `source` that may mend an error of the compiler or move it on."""
    place = place_of(source, error)
    for part, made in SUGGESTED:
        if part in place.message:
            yield from made(place)
    yield from misspelt(place)
    yield from line_ends(place)
    yield from headers(place)
    yield from near(place)
    yield from shifted(place, 1.5)
