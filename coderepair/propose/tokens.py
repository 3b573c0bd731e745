"""Texts of edits cut into tokens and words; what was cut before is remembered."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from coderepair.propose.plain_features import Row

_TOKEN = re.compile(
    r"""[rbfu]{0,2}(?:"[^"\n]*"|'[^'\n]*')|[A-Za-z_]\w*|\d+(?:\.\d+)?|\*\*=?|//=?|[<>=!]=|[-+*/%&|^]=|<<|>>|\S"""
)
_MOST_TEXTS = 30_000
"""Pieces of text whose tokens are remembered: those of a few functions and the programs made of them."""


def difference(old: Row, new: Row) -> tuple[Row, Row]:
    """What is left of two token rows without their common start and end; at most 12 of each."""
    start = 0
    while start < len(old) and start < len(new) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end][:12], new[start : len(new) - end][:12]


@lru_cache(maxsize=_MOST_TEXTS)
def words(text: str) -> frozenset[str]:
    """Names, keywords and numbers, also those inside strings."""
    return frozenset(re.findall(r"\w+", text))


@lru_cache(maxsize=_MOST_TEXTS)
def split(text: str) -> Row:
    """Tokens of a piece of Python, which need not be complete."""
    return tuple(_TOKEN.findall(text))


@lru_cache(maxsize=1000)
def alike(one: str, other: str) -> int:
    """Similarity of two names in quarters, from 0 to 4."""
    return int(4 * SequenceMatcher(None, one, other).ratio())
