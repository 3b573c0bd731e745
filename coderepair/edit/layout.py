"""Giving new code the indentation of the code that it replaces, without touching its strings."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator

from coderepair.edit.regions import indentation

_LAYOUT = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


def relayout(text: str, unit: str, prefix: str) -> str:
    """`text` with `unit` for each of its levels, the first one at `prefix`.

    Lines inside strings stay as they are, but those of docstrings move with their code. Text that
    cannot be read as tokens comes back unchanged.
    """
    lines = text.split("\n")
    try:
        starts = dict(_logical_lines(text))
    except (tokenize.TokenError, SyntaxError):
        return text
    moved = {indentation(lines[row]): prefix + unit * level for row, (level, _) in starts.items()}
    inside = {row for _, strings in starts.values() for row in strings}
    old = new = ""
    out = []
    for row, line in enumerate(lines):
        if row in starts:
            old, new = indentation(line), prefix + unit * starts[row][0]
        if row in inside or not line.strip():
            out.append(line if row in inside else "")
        elif row not in starts and line.lstrip().startswith("#"):
            own = indentation(line)
            out.append(moved.get(own, new) + line[len(own) :])
        else:
            out.append(new + line[len(old) :] if line.startswith(old) else new + line.lstrip())
    return "\n".join(out)


def unit_of(text: str) -> str:
    """White space of one level in a text: that of its first indented block, or else four spaces."""
    outer = indentation(text.lstrip("\n"))
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.INDENT and token.string != outer:
                return token.string.removeprefix(outer)
    except (tokenize.TokenError, SyntaxError):
        pass
    return "    "


def _logical_lines(text: str) -> Iterator[tuple[int, tuple[int, list[int]]]]:
    """First row (0-based) of each logical line, its level below the first one's, and the rows inside
    its strings, docstrings not counted."""
    level, row = (-1 if text[:1] in (" ", "\t") else 0), -1
    strings: list[int] = []
    statement: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.INDENT:
            level += 1
        elif token.type == tokenize.DEDENT:
            level -= 1
        if token.type in _LAYOUT or token.type == tokenize.ENDMARKER:
            continue
        if row < 0:
            row = token.start[0] - 1
        if token.type == tokenize.NEWLINE:
            docstring = statement == [tokenize.STRING]
            yield row, (level, [] if docstring else strings)
            row, strings, statement = -1, [], []
            continue
        statement.append(token.type)
        if token.end[0] > token.start[0]:
            strings += range(token.start[0], token.end[0])
