"""Words misspelt, missing or too many about the place where the parser gave up."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from coderepair.edit.syntax.place import CLOSER, HEADER, TOKEN, Change, Place, without_comment

_FOREIGN = {
    "&&": "and",
    "||": "or",
    "!": "not ",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=<": "<=",
    "=>": ">=",
    "=!": "!=",
    "=+": "+=",
    "=-": "-=",
    "++": " += 1",
    "--": " -= 1",
    ":=": "=",
    "//": "#",
    "function": "def",
    "func": "def",
    "fn": "def",
    "elseif": "elif",
    "elsif": "elif",
    "foreach": "for",
    "of": "in",
    "do": "",
    "then": "",
    "var": "",
    "let": "",
    "const": "",
    "new": "",
    "catch": "except",
    "throw": "raise",
    "{": ":",
    ";": ":",
    ",": ":",
}
"""What other languages write, and slips of the finger."""
_OPENING = (
    "def",
    "if",
    "for",
    "elif",
    "else",
    "while",
    "with",
    "class",
    "try",
    "except",
    "finally",
)
_INSERTED = (
    ":",
    ",",
    ")",
    "(",
    "]",
    "[",
    "}",
    "{",
    "=",
    ".",
    " in ",
    " and ",
    " not ",
    "*",
    "'",
    '"',
)


def misspelt(place: Place) -> Iterator[Change]:
    """Misspelt keywords and what other languages write, in the line of the error and the one before."""
    for row in (place.row, place.filled(place.row, -1)):
        if row is None:
            continue
        far = 0.0 if row == place.row else 0.3
        start = place.starts[row]
        if re.match(r"\s*(return|if|elif|while|assert)\b", place.lines[row]):
            for one in re.finditer(r"(?<![=<>!:])=(?!=)", place.lines[row]):
                yield Change(0.4 + far, start + one.start(), start + one.end(), "==")
        found = re.search(r"\belse\s+if\b", place.lines[row])
        if found:
            yield Change(far, start + found.start(), start + found.end(), "elif")
        for token in TOKEN.finditer(without_comment(place.lines[row])):
            for cost, text in _meant(token[0]):
                yield Change(cost + far, start + token.start(), start + token.end(), text)


def _meant(token: str) -> Iterator[tuple[float, str]]:
    foreign = _FOREIGN.get(token)
    if foreign is not None:
        yield (1.0 if len(token) == 1 and token != "!" else 0.2), foreign
    if not token.isidentifier() or len(token) < 2:
        return
    known = 0.5 if keyword.iskeyword(token) else 0.0
    for word in keyword.kwlist:
        alike = SequenceMatcher(None, token, word, autojunk=False).ratio()
        if word != token and (alike >= 0.7 or sorted(token) == sorted(word)):
            yield 1.0 - alike + known, word
        elif token.startswith(word) and len(token) > len(word) + 1:
            yield 0.5, f"{word} {token[len(word) :]}"


def line_ends(place: Place) -> Iterator[Change]:
    """What the line of the error or the one before it may lack at its end."""
    for row in (place.row, place.filled(place.row, -1)):
        if row is None:
            continue
        far = 0.0 if row == place.row else 0.1
        end = place.code_end(row)
        if HEADER.match(place.lines[row]) and not place.source[:end].endswith(":"):
            yield Change(0.2 + far, end, end, ":")
        for close in open_brackets(place.lines[row]):
            last = end - 1 if place.source[:end].endswith(":") else end
            yield Change(0.3 + far, last, last, close)


def headers(place: Place) -> Iterator[Change]:
    """The line opens a block, but its first word is misspelt beyond recognition or not there."""
    code = without_comment(place.line).strip()
    first = re.match(r"\w+", code)
    if first is None or not code.endswith(":"):
        return
    start = place.starts[place.row] + place.line.index(code)
    if re.match(r"\w+\s*\(", code):
        yield Change(0.3, start, start, "def ")
    for rank, word in enumerate(_OPENING):
        if word != first[0]:
            yield Change(0.7 + 0.03 * rank, start, start + first.end(), word)


def near(place: Place) -> Iterator[Change]:
    """A word too many or too few about the error."""
    start = place.starts[place.row]
    tokens = list(TOKEN.finditer(without_comment(place.line)))
    here = next((i for i, each in enumerate(tokens) if each.end() > place.column), len(tokens))
    for index, token in enumerate(tokens):
        far = 0.2 * abs(index - here)
        if far > 1.0:
            continue
        yield Change(1.0 + far, start + token.start(), start + token.end(), "")
        for rank, text in enumerate(_INSERTED):
            yield Change(
                1.1 + far + 0.03 * rank, start + token.start(), start + token.start(), text
            )
    before = place.filled(place.row, -1)
    ends = [place.code_end(row) for row in (place.row, before) if row is not None]
    for index, end in enumerate(ends):
        for rank, text in enumerate(_INSERTED):
            yield Change(1.2 + 0.3 * index + 0.03 * rank, end, end, text)
        yield Change(1.4 + 0.3 * index, max(0, end - 1), end, "")


def open_brackets(line: str) -> list[str]:
    """Closers that a line lacks, the innermost first."""
    stack: list[str] = []
    for token in TOKEN.finditer(without_comment(line)):
        if token[0] in CLOSER:
            stack.append(CLOSER[token[0]])
        elif stack and token[0] == stack[-1]:
            stack.pop()
    return stack[::-1]
