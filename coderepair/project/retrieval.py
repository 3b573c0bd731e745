"""Definitions of the project that fit a text: BM25 (Robertson and Zaragoza 2009) over names and docstrings."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict

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


def retrieve(index: ProjectIndex, text: str, limit: int) -> list[tuple[Module, Definition]]:
    """At most `limit` definitions that share words with a text, best first, ties by path and line."""
    entries = index.definitions
    scores: defaultdict[int, float] = defaultdict(float)
    for word in dict.fromkeys(words(text)):
        if word in _EMPTY or len(word) < 2 or word not in index.postings:
            continue
        counts = Counter(index.postings[word])
        rarity = math.log(1 + (len(entries) - len(counts) + 0.5) / (len(counts) + 0.5))
        for number, count in counts.items():
            length = len(entries[number][1].words) / index.mean_words
            scores[number] += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length))
    best = heapq.nsmallest(limit, scores, key=lambda number: (-scores[number], number))
    return [entries[number] for number in best]
