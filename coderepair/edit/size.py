"""How large a change is, in words and signs."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST = 4_000_000
"""Pairs of words that are compared; beyond it the stretch that differs counts as a whole."""


def changed_tokens(before: str, after: str) -> int:
    """Words and signs that are in one text and not in the other, in order: the fewest that say it (longest
    common subsequence). White space does not count; a replaced word counts twice."""
    old, new = _apart(re.findall(_TOKEN, before), re.findall(_TOKEN, after))
    if len(old) * len(new) > _MOST:
        return len(old) + len(new)
    return len(old) + len(new) - 2 * _common(old, new)


_TOKEN = r"\w+|[^\w\s]"


def _apart(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Both without their common start and end."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(new) + 1)
    for word in old:
        before = 0
        for place, other in enumerate(new, 1):
            above = row[place]
            row[place] = before + 1 if word == other else max(above, row[place - 1])
            before = above
    return row[-1]
