"""Changes that the parser's message names: which bracket was never closed, that a colon was expected."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator

from coderepair.edit.syntax.indentation import misplaced, no_block, tabs
from coderepair.edit.syntax.place import (
    CLOSER,
    FOLLOWING,
    HEADER,
    TOKEN,
    Change,
    Place,
    indent,
    without_comment,
)

_OPENER = {close: opened for opened, close in CLOSER.items()}
_LOOKALIKES = str.maketrans(
    "\u2018\u2019\u201c\u201d\u2013\u2014\u2212\u00d7\uff08\uff09\uff0c\uff1a\u00a0\u200b\ufeff",
    "''\"\"---*(),:   ",
)


def _never_closed(place: Place) -> Iterator[Change]:
    close = CLOSER.get(place.source[place.at : place.at + 1], ")")
    tail = without_comment(place.line).rstrip()
    if tail.endswith(":") and HEADER.match(tail):
        at = place.starts[place.row] + len(tail) - 1
        yield Change(0.0, at, at, close)
    yield from _at_line_ends(place, place.row, close, 0.1)
    for token in TOKEN.finditer(tail, min(place.column + 1, len(tail))):
        at = place.starts[place.row] + token.end()
        yield Change(0.6, at, at, close)
    yield Change(1.0, place.at, place.at + 1, "")


def _at_line_ends(place: Place, row: int, text: str, cost: float) -> Iterator[Change]:
    for later in range(row, min(len(place.lines), row + FOLLOWING)):
        if without_comment(place.lines[later]).strip():
            at = place.code_end(later)
            yield Change(cost + 0.15 * (later - row), at, at, text)


def _unmatched(place: Place) -> Iterator[Change]:
    yield Change(0.0, place.at, place.at + 1, "")
    yield from _missing_opener(place)


def _missing_opener(place: Place) -> Iterator[Change]:
    """Before a word in front of the closer, or within one that was two: `rangen)`."""
    opened = _OPENER.get(place.source[place.at : place.at + 1], "(")
    start = place.starts[place.row]
    others = re.findall(r"\w+", place.source[:start] + place.source[start + len(place.line) :])
    known = {*others, *dir(builtins)}
    for token in TOKEN.finditer(place.line, 0, place.column):
        yield Change(0.6, start + token.start(), start + token.start(), opened)
        for cut in range(1, len(token[0])) if token[0].isidentifier() else ():
            unknown = (token[0][:cut] not in known) + (token[0][cut:] not in known)
            whole = 0.4 if token[0] in known else 0.0
            at = start + token.start() + cut
            yield Change(0.1 + whole + 0.4 * unknown, at, at, opened)


def _mismatched(place: Place) -> Iterator[Change]:
    opened = re.search(r"opening parenthesis '(.)'", place.message)
    if opened is None:
        return
    close = CLOSER[opened[1]]
    yield from _missing_opener(place)
    yield Change(0.0, place.at, place.at + 1, close)
    yield Change(0.2, place.at, place.at, close)
    before = place.source.rfind(opened[1], 0, place.at)
    if before >= 0:
        wanted = _OPENER.get(place.source[place.at : place.at + 1], opened[1])
        yield Change(0.1, before, before + 1, wanted)
    yield from _at_line_ends(place, max(0, place.row - 3), close, 0.5)


def _colon(place: Place) -> Iterator[Change]:
    yield Change(0.1, place.at, place.at, ":")
    yield Change(0.0, place.code_end(place.row), place.code_end(place.row), ":")


def _unterminated(place: Place) -> Iterator[Change]:
    """A quote is missing at the end of a string, or the one at the place is too many."""
    found = re.match(r"[rbfuRBFU]*(['\"]{3}|['\"])", place.source[place.at :])
    quote = found[1] if found else '"'
    if len(quote) == 3:
        half = quote[:2]
        for short in re.finditer(
            rf"(?<!{quote[0]}){half}(?!{quote[0]})", place.source[place.at + 3 :]
        ):
            at = place.at + 3 + short.end()
            yield Change(0.0, at, at, quote[0])
        yield from _at_line_ends(place, place.row, quote, 0.0)
        yield from _at_line_ends(place, place.row, "\n" + quote, 0.4)
        return
    end = place.code_end(place.row)
    rest = place.source[place.at + 1 : end]
    closing = len(rest) - len(rest.rstrip(")]},:"))
    for back in range(closing + 1):
        yield Change(0.05 * (closing - back), end - back, end - back, quote)
    for token in re.finditer(r"\w+|[^\w\s]", place.line):
        for cost, at in ((0.6, token.end()), (0.8, token.start())):
            yield Change(cost, place.starts[place.row] + at, place.starts[place.row] + at, quote)
    for quotes in re.finditer(r"['\"]", place.line):
        at = place.starts[place.row] + quotes.start()
        yield Change(0.7, at, at + 1, "")
        yield Change(0.5, at, at + 1, "'" if quotes[0] == '"' else '"')
        yield Change(0.6, at, at, "\\")


def _equals(place: Place) -> Iterator[Change]:
    for found in re.finditer(r"(?<![=<>!+\-*/%&|^:])=(?!=)", place.line):
        at = place.starts[place.row] + found.start()
        yield Change(0.0, at, at + 1, "==")


def _comma(place: Place) -> Iterator[Change]:
    tokens = list(TOKEN.finditer(place.line, min(place.column, len(place.line))))
    for index, token in enumerate(tokens[:-1]):
        at = place.starts[place.row] + token.end()
        yield Change(0.1 + 0.1 * index, at, at, ",")
    yield from _at_line_ends(place, place.row, ",", 0.1)


def _statement_call(place: Place) -> Iterator[Change]:
    """`print x` of Python 2."""
    found = re.search(r"\b(print|exec)\s+(.*)$", without_comment(place.line).rstrip())
    if found:
        start = place.starts[place.row]
        text = f"{found[1]}({found[2]})"
        yield Change(0.0, start + found.start(), start + found.end(), text)


def _exceptions(place: Place) -> Iterator[Change]:
    """`except A, B:` of Python 2."""
    found = re.search(r"except\s+([\w.]+)\s*,\s*(\w+)\s*:", place.line)
    if found:
        start = place.starts[place.row]
        for cost, text in (
            (0.0, f"except ({found[1]}, {found[2]}):"),
            (0.1, f"except {found[1]} as {found[2]}:"),
        ):
            yield Change(cost, start + found.start(), start + found.end(), text)


def _characters(place: Place) -> Iterator[Change]:
    """Quotation marks of word processors, spaces that are none, and the like: all of the file at once."""
    plain = place.source.translate(_LOOKALIKES)
    if plain != place.source:
        yield Change(0.0, 0, len(place.source), plain)
    yield Change(0.5, place.at, place.at + 1, "")


def _zeros(place: Place) -> Iterator[Change]:
    for found in re.finditer(r"\b0+(?=\d)", place.line):
        start = place.starts[place.row]
        yield Change(0.0, start + found.start(), start + found.end(), "")


def _asynchronous(place: Place) -> Iterator[Change]:
    """The function about an `await`."""
    for row in range(place.row, -1, -1):
        found = re.match(r"(\s*)(def)\b", place.lines[row])
        if found and indent(place.lines[row]) < indent(place.line):
            at = place.starts[row] + found.start(2)
            yield Change(0.0, at, at, "async ")
            return


SUGGESTED: tuple[tuple[str, Callable[[Place], Iterator[Change]]], ...] = (
    ("was never closed", _never_closed),
    ("unmatched", _unmatched),
    ("does not match opening", _mismatched),
    ("expected ':'", _colon),
    ("unterminated", _unterminated),
    ("==", _equals),
    ("cannot assign", _equals),
    ("forgot a comma", _comma),
    ("Missing parentheses", _statement_call),
    ("exception types must be parenthesized", _exceptions),
    ("invalid character", _characters),
    ("non-printable", _characters),
    ("null bytes", _characters),
    ("leading zeros", _zeros),
    ("'await' outside", _asynchronous),
    ("outside async function", _asynchronous),
    ("expected an indented block", no_block),
    ("unexpected indent", misplaced),
    ("unindent does not match", misplaced),
    ("outside function", misplaced),
    ("outside loop", misplaced),
    ("not properly in loop", misplaced),
    ("inconsistent use of tabs", tabs),
)
