"""Features that follow from an edit's tokens alone, whatever the program: read once and remembered."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, Generic, TypeVar

BUCKETS = 1 << 16
Places = tuple[int, ...]
"""Places of some features."""
Value = TypeVar("Value", float, Places)
"""What features are turned into, and added up as: their places, or the sum of their weights."""
Row = tuple[str, ...]
"""Some tokens."""

_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")
_MOST_KEPT = 50_000


class Memo(dict[_Key, _Kept]):
    """A dictionary that makes what it lacks; it starts anew when it holds too much."""

    def __init__(self, make: Callable[[_Key], _Kept]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _Key) -> _Kept:
        if len(self) >= _MOST_KEPT:
            self.clear()
        value = self[key] = self._make(key)
        return value


Read = Callable[[Iterable[str]], Value]
"""Turns the texts of features, each once, into a value."""


def reading(read: Read[Value], texts: Callable[..., Iterator[str]]) -> Memo[Any, Value]:
    """Values by the arguments of the function that yields the texts of the features."""
    return Memo(lambda key: read(dict.fromkeys(texts(*key))))


def place(text: str) -> int:
    """Where a feature stands, in [0, BUCKETS)."""
    return zlib.crc32(text.encode()) % BUCKETS


def places(texts: Iterable[str]) -> Places:
    """The places of features: the reading that training needs."""
    return tuple([place(text) for text in texts])


class PlainFeatures(Generic[Value]):
    """Values of features by what they follow from; one object may serve any number of functions."""

    def __init__(self, read: Read[Value]) -> None:
        self.read: Read[Value] = read
        self.novelty: Memo[Any, Value] = reading(read, _novelty)
        self.corner: Memo[Any, Value] = reading(read, _corner)
        self.edges: Memo[Any, Value] = reading(read, _edges)
        self.moves: Memo[Any, Value] = reading(read, _moves)
        self.answers: Memo[Any, Value] = reading(read, _answers)
        self.cures: Memo[Any, Value] = reading(read, _cures)
        self._change: Memo[Any, Value] = reading(read, _change)
        self._pair: Memo[Any, Value] = reading(read, _pair)
        self._size: Memo[Any, Value] = reading(read, _size)

    def exchange(self, kind: str, gone: Row, come: Row) -> Value:
        """What goes and what comes as a whole."""
        value = self._change[kind, gone, come] + self._size[kind, len(gone), len(come)]
        for pair in dict.fromkeys(pairwise(come)):
            value = value + self._pair[pair]
        return value


def _change(kind: str, gone: Row, come: Row) -> Iterator[str]:
    change = f"> {' '.join(gone)[:40]} > {' '.join(come)[:60]}"
    yield f"k> {kind}{change[1:]}"
    yield change


def _pair(first: str, second: str) -> Iterator[str]:
    yield f"++ {first} {second}"


def _size(kind: str, gone: int, come: int) -> Iterator[str]:
    yield f"size {_bin(gone)} {_bin(come)}"
    yield f"size {kind} {_bin(come - gone)}"


def _moves(sign: str, kind: str, token: str) -> Iterator[str]:
    """One token that comes or goes."""
    yield f"{sign} {token}"
    yield f"k{sign} {kind} {token}"


def _answers(symptoms: Row, sign: str, token: str) -> Iterator[str]:
    """One token that comes or goes, with each symptom."""
    for name in symptoms:
        yield f"s{sign} {name} {token}"


def _cures(symptoms: Row, gone: Row, come: Row) -> Iterator[str]:
    """A small change with each symptom."""
    change = f"{' '.join(gone)} > {' '.join(come)}"
    for name in symptoms:
        yield f"s> {name} {change}"


def _corner(site: str, gone: str, come: str) -> Iterator[str]:
    yield f"c@ {site} {gone} {come}"


def _edges(left: Row, first: str, last: str, right: Row) -> Iterator[str]:
    """The pairs of tokens at the two ends of what is new."""
    yield f"left {left[0] if left else '^'} {first}"
    yield f"right {last} {right[0] if right else '$'}"


def _novelty(kind: str, sites: int, fresh: int) -> Iterator[str]:
    yield kind
    yield f"sites {sites}"
    yield f"fresh {fresh}"
    yield f"fresh {kind} {min(fresh, 4)}"


def _bin(number: int) -> int:
    return max(-3, number) if number < 4 else 4 if number < 7 else 7
