"""Values near a given one: the boundaries of its type, what is shorter, longer, repeated, turned round.

Every list is finite, in a fixed order with the most telling values first, and of the value's own type,
as a program need not do anything sensible with another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

LARGEST = 10**6
"""Numbers above it are not made larger, as a program may count up to them."""
LONGEST = 60
"""Texts and series above this length are not made longer."""
_DEPTH = 3
_INNER = 3
"""Variants of one element that a series is tried with."""

Constants = Mapping[type, Sequence[Any]]
"""Values of interest by their type, such as those that the program compares with."""


def variants(value: Any, constants: Constants, depth: int = _DEPTH) -> list[Any]:
    """Distinct values other than `value`; empty for types that are not known and for None."""
    make = _MAKERS.get(type(value))
    if make is None or depth == 0:
        return []
    seen, found = {repr(value)}, []
    for each in make(value, constants, depth):
        text = repr(each)
        if text not in seen:
            seen.add(text)
            found.append(each)
    return found


def _booleans(value: bool, _constants: Constants, _depth: int) -> Iterator[bool]:
    yield not value


def _integers(value: int, constants: Constants, _depth: int) -> Iterator[int]:
    yield from (0, value + 1, value - 1, 1)
    for each in constants.get(int, ()):
        yield from (each, each + 1, each - 1)
    yield from (-value, -1, 2)
    if abs(value) <= LARGEST:
        yield from (value * 2, value * 10, value + 2)


def _floats(value: float, constants: Constants, _depth: int) -> Iterator[float]:
    yield from (0.0, value + 1, value - 1, -value, value / 2, value + 0.5, 1.0)
    for each in (*constants.get(float, ()), *constants.get(int, ())):
        yield from (float(each), each + 0.5, each - 0.5)


def _texts(value: str, constants: Constants, _depth: int) -> Iterator[str]:
    yield from ("", value[:1], value[1:], value[:-1], value[::-1], value.swapcase())
    if len(value) <= LONGEST:
        yield from (value + value, value + value[-1:], value[:1] + value)
        yield from (f"{value} ", f" {value}", f"{value}1", f"{value}-")
        for each in constants.get(str, ()):
            yield from (each, value + each, each + value)
    yield from ("".join(sorted(value)), value[:1] * len(value), value.upper(), value.lower())


def _bytes(value: bytes, _constants: Constants, _depth: int) -> Iterator[bytes]:
    yield from (b"", value[:1], value[1:], value[:-1], value[::-1], value + value[:LONGEST])


def _lists(value: list[Any], constants: Constants, depth: int) -> Iterator[list[Any]]:
    for each in (value[:0], value[:1], value[1:], value[:-1], value[::-1], _ordered(value)):
        yield list(each)
    if len(value) <= LONGEST:
        yield from (value + value[-1:], value[:1] + value, value + value)
    yield from (value[:2], value[:1] * len(value), _ordered(value)[::-1])
    yield from _one_changed(value, constants, depth)


def _tuples(value: tuple[Any, ...], constants: Constants, depth: int) -> Iterator[tuple[Any, ...]]:
    """A tuple of one type may have any length, one of several types is a record."""
    changed = _one_changed(list(value), constants, depth)
    same = len(set(map(type, value))) <= 1 and len(value) != 2
    yield from map(tuple, _lists(list(value), constants, depth) if same else changed)


def _sets(value: set[Any], constants: Constants, depth: int) -> Iterator[set[Any]]:
    for each in _lists(_ordered(list(value)), constants, depth):
        try:
            yield set(each)
        except TypeError:
            continue


def _dicts(value: dict[Any, Any], constants: Constants, depth: int) -> Iterator[dict[Any, Any]]:
    items = list(value.items())
    for some in (items[:0], items[:1], items[1:], items[:-1], items[::-1]):
        yield dict(some)
    for key, each in items[:_INNER]:
        for other in variants(each, constants, depth - 1)[:_INNER]:
            yield {**value, key: other}
    for key, each in items[:_INNER]:
        for other in variants(key, constants, depth - 1)[:2]:
            yield {other: each, **value}


def _one_changed(value: list[Any], constants: Constants, depth: int) -> Iterator[list[Any]]:
    places = dict.fromkeys((0, len(value) - 1, len(value) // 2)) if value else {}
    for rank in range(_INNER):
        for place in places:
            others = variants(value[place], constants, depth - 1)[rank : rank + 1]
            for other in others:
                yield [*value[:place], other, *value[place + 1 :]]


def _ordered(value: list[Any]) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=repr)


_MAKERS: dict[type, Callable[[Any, Constants, int], Iterator[Any]]] = {
    bool: _booleans,
    int: _integers,
    float: _floats,
    str: _texts,
    bytes: _bytes,
    list: _lists,
    tuple: _tuples,
    set: _sets,
    dict: _dicts,
}
