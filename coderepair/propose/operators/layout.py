"""Small questions about lines, parentheses and docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence


def line_starts(lines: Sequence[str]) -> list[int]:
    """Offset of the first character of each line, and one behind the end."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def is_call(before: str) -> bool:
    """Whether the text ends in the opening parenthesis of a call or of a `def`."""
    rest = before[:-1]
    return bool(rest) and (rest[-1].isalnum() or rest[-1] in "_)]") and not _KEYWORD.search(rest)


_KEYWORD = re.compile(
    r"\b(?:if|elif|while|return|in|and|or|not|else|yield|assert|is|lambda|for|print|del|raise)$"
)


def is_docstring(statement: ast.stmt) -> bool:
    """Whether the statement is a string by itself."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def only_comment(tail: str) -> bool:
    """Whether nothing but blanks or a comment is left of a line."""
    tail = tail.strip()
    return not tail or tail.startswith("#")


def indent_lines(text: str, prefix: str) -> str:
    """The lines of `text` behind `prefix`, each with its newline."""
    return "".join(f"{prefix}{line}\n" for line in text.split("\n"))
