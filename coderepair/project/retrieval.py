"""Definitions of the project that fit a text: BM25 (Robertson and Zaragoza 2009) over names and docstrings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from coderepair.project.index import ProjectIndex
from coderepair.project.reading import words
from coderepair.project.records import Definition, Module

K1, B = 1.2, 0.75
"""Saturation of a word's count, and how much a long entry is held back: the usual values."""
_EMPTY = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "def", "for", "from", "has", "if", "in", "is"}
    | {"it", "its", "line", "no", "not", "of", "on", "or", "returns", "self", "that", "the"}
    | {"this", "to", "with"}
)
"""Words that fit everything."""


def retrieve(
    index: ProjectIndex, text: str, limit: int, leave_out: Iterable[Definition] = ()
) -> list[tuple[Module, Definition]]:
    """At most `limit` definitions that share words with a text, best first, ties by path and line."""
    wanted = [word for word in dict.fromkeys(words(text)) if word not in _EMPTY and len(word) > 1]
    entries = index.definitions
    if not wanted or not entries:
        return []
    hits = [
        (number, counts)
        for number, (_, item) in enumerate(entries)
        if (counts := _counts(item.words, wanted))
    ]
    spread = Counter(word for _, counts in hits for word in counts)
    mean = sum(len(item.words) for _, item in entries) / len(entries)
    out = set(leave_out)
    scored = [
        (-_score(counts, len(entries[number][1].words) / mean, spread, len(entries)), number)
        for number, counts in hits
        if entries[number][1] not in out
    ]
    return [entries[number] for _, number in sorted(scored)[:limit]]


def _counts(entry: tuple[str, ...], wanted: list[str]) -> dict[str, int]:
    return {word: entry.count(word) for word in wanted if word in entry}


def _score(counts: dict[str, int], length: float, spread: Counter[str], entries: int) -> float:
    """BM25 of one entry; `length` is relative to the mean."""
    total = 0.0
    for word, count in counts.items():
        rarity = math.log(1 + (entries - spread[word] + 0.5) / (spread[word] + 0.5))
        total += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length))
    return total
