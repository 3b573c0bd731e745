"""Where Python's parser gave up, and the lines about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\w+|&&|\|\||[-+*/<>=!&|^%@]+|[^\w\s]")
HEADER = re.compile(
    r"\s*(async\s|def\b|class\b|if\b|elif\b|else\b|for\b|while\b|with\b|try\b|except\b|finally\b|match\b|case\b)"
)
CLOSER = {"(": ")", "[": "]", "{": "}"}
FOLLOWING = 12
"""Lines behind the error that may belong to it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Characters `start` to `end` of a text become `text`."""

    cost: float
    """At least 0; the smaller the likelier."""
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Place:
    """Where the parser gave up."""

    source: str
    row: int
    """0-based."""
    column: int
    """0-based."""
    message: str
    lines: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Offset of the first character of each line."""

    @property
    def line(self) -> str:
        return self.lines[self.row]

    @property
    def at(self) -> int:
        return self.starts[self.row] + min(self.column, len(self.line))

    def code_end(self, row: int) -> int:
        """Offset behind the last character of a line that is no comment or blank."""
        return self.starts[row] + len(without_comment(self.lines[row]).rstrip())

    def filled(self, row: int, step: int) -> int | None:
        """The next row in a direction that is not blank."""
        row += step
        while 0 <= row < len(self.lines):
            if without_comment(self.lines[row]).strip():
                return row
            row += step
        return None


def place_of(source: str, error: SyntaxError) -> Place:
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    row = min(max(0, (error.lineno or 1) - 1), len(lines) - 1)
    return Place(source, row, max(0, (error.offset or 1) - 1), error.msg or "", lines, starts)


def without_comment(line: str) -> str:
    """The line up to a comment, as far as that can be told without parsing it."""
    quote = ""
    for index, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#":
            return line[:index]
    return line


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def step(source: str) -> str:
    """One level of indentation, as the file has it."""
    found = re.search(r"^([ \t]+)\S", source, re.MULTILINE)
    return "\t" if found and found[1][0] == "\t" else " " * min(4, len(found[1]) if found else 4)
