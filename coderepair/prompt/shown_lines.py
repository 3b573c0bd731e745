"""Which lines of a function the embedded model is shown, under which numbers, and their indentation.

The docstring has a slot of its own and takes no numbers. Of a function that is too long, the head and
a window around the line to look at are shown.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

MAX_LINES = 64
"""Most lines shown, and the highest number a line can have."""
CODE_CHARS = 2000
"""Most characters of code shown, an indentation counted as four."""
LINE_CHARS = 200
"""Most characters shown of one line."""


@dataclass(frozen=True, slots=True)
class ShownLines:
    """The lines of a function with the numbers of those that are shown."""

    lines: tuple[str, ...]
    unit: str
    """White space of one level of indentation."""
    shown: tuple[int, ...]
    """0-based line of the function for each number, in ascending order."""
    anchors: dict[int, int] = field(hash=False)
    """Line behind which `insert` after a number puts its text (behind the docstring after `def`)."""

    def number(self, line: int) -> int:
        """Number of a 0-based line; 0 if it is not shown."""
        return self.shown.index(line) + 1 if line in self.shown else 0


@lru_cache(maxsize=256)
def shown_lines(function: str, focus: int) -> ShownLines:
    """What is shown of a function when its 0-based line `focus` (or -1) is the one to look at."""
    lines = function.split("\n")
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    hidden = _docstring_lines(function)
    visible = [index for index in range(len(lines)) if index not in hidden]
    shown = _window(lines, visible, focus)
    anchors = {0: -1}
    for number, line in enumerate(shown, 1):
        anchors[number] = hidden[-1] if line + 1 in hidden else line
    return ShownLines(tuple(lines), _unit(lines), tuple(shown), anchors)


def _window(lines: Sequence[str], visible: list[int], focus: int) -> list[int]:
    """All visible lines, or the head and as many around the focus as fit the two bounds."""
    head = visible[:1]
    rest = visible[1:]
    centre = min(range(len(rest)), key=lambda i: abs(rest[i] - focus), default=0)
    if focus < 0:
        centre = 0
    chars = sum(min(len(lines[index]), LINE_CHARS) for index in head)
    low = high = centre
    while high - low < MAX_LINES - len(head):
        grow_up = low > 0 and (centre - low < high - centre or high == len(rest))
        candidate = low - 1 if grow_up else high
        if candidate >= len(rest):
            break
        chars += min(len(lines[rest[candidate]].strip()) + 4, LINE_CHARS)
        if chars > CODE_CHARS:
            break
        low, high = (candidate, high) if grow_up else (low, candidate + 1)
    return head + rest[low:high]


def _unit(lines: Sequence[str]) -> str:
    """Leading white space of the first indented line with code: one level of indentation."""
    for line in lines[1:]:
        stripped = line.lstrip(" \t")
        if stripped and stripped != line:
            return "\t" if line[0] == "\t" else line[: len(line) - len(stripped)]
    return "    "


def _docstring_lines(function: str) -> range:
    """0-based lines that hold the docstring and nothing else."""
    node = _definition(function)
    if node is None or ast.get_docstring(node, clean=False) is None or len(node.body) < 2:
        return range(0)
    first, second = node.body[0], node.body[1]
    if first.lineno == node.lineno or (first.end_lineno or 0) >= second.lineno:
        return range(0)
    return range(first.lineno - 1, first.end_lineno or first.lineno)


def docstring(function: str) -> str:
    node = _definition(function)
    return (ast.get_docstring(node) or "") if node is not None else ""


@lru_cache(maxsize=256)
def _definition(function: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    try:
        body = ast.parse(function).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    node = body[0] if body else None
    return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
