"""How near a wrong value is to the expected one: the gradient of tests with a single assert.

Symmetric, in [0, 1), and 0 where nothing can be said. The cost is bounded: at most `VISITS`
elements are looked at, and of long strings only the ends.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Sequence

VISITS = 3000
"""Elements looked at in one comparison."""
ENDS = 2000
"""Characters compared at each end of a string."""
DEPTH = 8
TOP = 0.99
"""Largest value given: a failing check never counts as much as a passing one."""

_NUMBER = (int, float, complex)
SAME_KIND = 0.1
"""What a value of the right kind gets even if nothing else fits."""


class _Spent(Exception):
    """The budget of visits is used up."""


def closeness(got: Any, expected: Any) -> float:
    """Similarity of two values in [0, 0.99]; equal values are clipped too. Never raises."""
    try:
        near = _Comparison().near(got, expected, 0)
    except Exception:
        return 0.0
    return min(TOP, max(0.0, near)) if near == near else 0.0


class _Comparison:
    def __init__(self) -> None:
        self._left = VISITS

    def near(self, a: Any, b: Any, depth: int) -> float:
        self._left -= 1
        if self._left < 0 or depth > DEPTH:
            raise _Spent
        if a is None or b is None:
            return 1.0 if a is b else 0.0
        if isinstance(a, bool) or isinstance(b, bool):
            return _bools(a, b)
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            return _numbers(a, b)
        if isinstance(a, _NUMBER) and isinstance(b, _NUMBER):
            return _numbers(0.0, abs(a - b)) if a != b else 1.0
        return self._containers(_plain(a), _plain(b), depth)

    def _containers(self, a: Any, b: Any, depth: int) -> float:
        for kind in (str, (bytes, bytearray)):
            if isinstance(a, kind) and isinstance(b, kind):
                return _texts(a, b)
        if isinstance(a, dict) and isinstance(b, dict):
            return self._dicts(a, b, depth)
        if isinstance(a, (set, frozenset)) and isinstance(b, (set, frozenset)):
            return _sets(a, b)
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            same = isinstance(a, list) == isinstance(b, list)
            return self._sequences(a, b, depth) * (1.0 if same else 0.8)
        return self._others(a, b, depth)

    def _sequences(self, a: Sequence[Any], b: Sequence[Any], depth: int) -> float:
        longest = max(len(a), len(b))
        if not longest:
            return 1.0
        width = min(len(a), len(b), 200)
        front = sum(self._cell(a[i], b[i], depth) for i in range(width))
        back = front
        if len(a) != len(b):
            back = sum(self._cell(a[-1 - i], b[-1 - i], depth) for i in range(width))
        aligned = max(front, back) / min(longest, 200)
        length = width / min(longest, 200) if longest <= 200 else min(len(a), len(b)) / longest
        if front == longest == len(a) == len(b):
            return 1.0
        return SAME_KIND + 0.1 * length + 0.5 * aligned + 0.25 * _overlap(a, b)

    def _cell(self, a: Any, b: Any, depth: int) -> float:
        """Nearness of two elements; an exhausted budget counts the rest as unequal."""
        try:
            return self.near(a, b, depth + 1)
        except _Spent:
            return 0.0

    def _dicts(self, a: Dict[Any, Any], b: Dict[Any, Any], depth: int) -> float:
        both = [key for key in list(a)[:500] if key in b]
        longest = max(len(a), len(b))
        if not longest:
            return 1.0
        values = sum(self._cell(a[key], b[key], depth) for key in both)
        if values == longest == len(a) == len(b):
            return 1.0
        keys = len(both) / (len(a) + len(b) - len(both))
        return SAME_KIND + 0.35 * keys + 0.5 * values / longest

    def _others(self, a: Any, b: Any, depth: int) -> float:
        if type(a) is not type(b):
            return 0.0
        mine, theirs = getattr(a, "__dict__", None), getattr(b, "__dict__", None)
        if mine and theirs and not isinstance(a, type):
            return min(0.95, self._dicts(dict(mine), dict(theirs), depth))
        return SAME_KIND


def _plain(value: Any) -> Any:
    """Arrays as lists, where that is cheap."""
    from_numpy = type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist")
    return value.tolist() if from_numpy and value.size <= VISITS else value


def _bools(a: Any, b: Any) -> float:
    if isinstance(a, bool) and isinstance(b, bool):
        return 1.0 if a is b else SAME_KIND
    return 0.05 if isinstance(a, (int, float)) and isinstance(b, (int, float)) else 0.0


def _numbers(a: Any, b: Any) -> float:
    """0.2 for being a number, the rest by relative distance; a different type costs a little."""
    same_type = isinstance(a, int) == isinstance(b, int)
    if a == b:
        return 1.0 if same_type else 0.98
    try:
        x, y = float(a), float(b)
    except OverflowError:
        return 0.2
    if math.isnan(x) or math.isnan(y):
        return 0.9 if math.isnan(x) and math.isnan(y) else SAME_KIND
    if math.isinf(x) or math.isinf(y):
        return SAME_KIND
    relative = min(1.0, abs(x / 2 - y / 2) / max(abs(x) / 2, abs(y) / 2, 0.5))
    return (0.2 + 0.75 * (1.0 - relative)) * (1.0 if same_type else 0.9)


def _texts(a: Any, b: Any) -> float:
    if a == b:
        return 1.0 if isinstance(a, str) or type(a) is type(b) else 0.98
    shortest, longest = min(len(a), len(b)), max(len(a), len(b))
    limit = min(shortest, ENDS)
    front = next((i for i in range(limit) if a[i] != b[i]), limit)
    limit = min(shortest - front, ENDS)
    back = next((i for i in range(limit) if a[-1 - i] != b[-1 - i]), limit)
    return SAME_KIND + 0.55 * (front + back) / longest + 0.25 * _overlap(a[:ENDS], b[:ENDS])


def _sets(a: Any, b: Any) -> float:
    if a == b:
        return 1.0
    if len(a) + len(b) > 20000:
        return SAME_KIND
    return SAME_KIND + 0.8 * len(a & b) / max(1, len(a | b))


def _overlap(a: Any, b: Any) -> float:
    """Share of elements that two sequences have in common whatever their order (Dice)."""
    counts: Dict[Any, int] = {}
    unhashable: List[Any] = []
    for value in a[:ENDS]:
        try:
            counts[value] = counts.get(value, 0) + 1
        except TypeError:
            unhashable.append(value)
    common = sum(_take(counts, unhashable, value) for value in b[:ENDS])
    return 2.0 * common / max(1, min(len(a), ENDS) + min(len(b), ENDS))


def _take(counts: Dict[Any, int], unhashable: List[Any], value: Any) -> int:
    """1 if `value` was still there to be taken."""
    try:
        left = counts.get(value, 0)
    except TypeError:
        if len(unhashable) < 100 and value in unhashable:
            unhashable.remove(value)
            return 1
        return 0
    if left:
        counts[value] = left - 1
    return 1 if left else 0
