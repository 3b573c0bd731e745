"""Whether values are the same, as far as a program could tell: type by type, and nan is itself."""

from __future__ import annotations

from typing import Any

_SHORT = 20
"""Elements of the lists that are looked into."""
_LONGEST = 400
"""Characters of the texts that are."""
_DEPTH = 3
"""Levels of lists within lists that are."""


def fingerprint(value: Any) -> Any:
    """Something hashable that values have in common if, and only if, they are the same; None if the value is
    large, deep or of a type that is not built in."""
    try:
        return _plain(value, _DEPTH)
    except (_Opaque, RecursionError):
        return None


class _Opaque(Exception):
    """A value that is not looked into."""


def _plain(value: Any, depth: int) -> Any:
    """A value with its types, as something that can be looked up."""
    kind = type(value)
    if value is None or kind in (bool, int, float, complex, str, bytes):
        if kind in (str, bytes) and len(value) > _LONGEST:
            raise _Opaque
        return kind, value if value == value else None  # nan, the only value that is not itself
    if depth and kind in (list, tuple) and len(value) <= _SHORT:
        return kind, tuple([_plain(each, depth - 1) for each in value])
    if depth and kind is dict and len(value) <= _SHORT:
        return kind, tuple([(_plain(k, depth - 1), _plain(v, depth - 1)) for k, v in value.items()])
    if depth and kind in (set, frozenset) and len(value) <= _SHORT:
        return kind, frozenset([_plain(each, depth - 1) for each in value])
    raise _Opaque


def same(one: Any, other: Any) -> bool:
    """Equal, of one type (short lists and tuples in their elements too), and nan is itself."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)) and len(one) == len(other) <= _SHORT:
        try:
            return all(map(same, one, other))
        except RecursionError:
            return False
    return equal(one, other) or (type(one) is float and one != one and other != other)


def equal(one: Any, other: Any) -> bool:
    """`==`, false if that raises."""
    try:
        return bool(one == other)
    except Exception:
        return False
