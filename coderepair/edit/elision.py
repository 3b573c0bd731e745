"""Recognising replies that leave out part of a function."""

from __future__ import annotations

import ast
import io
import re
import tokenize

_PHRASES = re.compile(
    r"^#\W*(?:"
    r"(?:\.\.\.|…).*"
    r"|.*(?:\.\.\.|…)\W*$"
    r"|.*\b(?:rest|remainder|remaining)\b.*\b(?:function|code|method|body|logic|same|unchanged|here)\b.*"
    r"|.*\b(?:existing|previous|original|your|same)\s+(?:code|implementation|logic|body)\b.*"
    r"|.*\b(?:same as (?:before|above|the original)|(?:remains?|stays?|left|is|are) (?:the same|unchanged))\b.*"
    r"|\W*unchanged\W*"
    r")$",
    re.IGNORECASE,
)


def elided(text: str, present: str) -> str:
    """What stands for code that was left out (`...` or a comment), empty if nothing does.

    What the present function holds already is no elision.
    """
    if _ellipses(text) > _ellipses(present):
        return "`...`"
    known = set(_comments(present))
    for comment in _comments(text):
        if comment not in known and _PHRASES.match(comment):
            return f"`{comment[:60]}`"
    return ""


def _ellipses(text: str) -> int:
    """Statements that are nothing but `...`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return 0
    return sum(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is Ellipsis
        for node in ast.walk(tree)
    )


def _comments(text: str) -> list[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token.string.strip() for token in tokens if token.type == tokenize.COMMENT]
