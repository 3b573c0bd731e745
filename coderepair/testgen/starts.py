"""First calls of a function, from its signature: a few values of each parameter's type."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import product, zip_longest
from typing import Any

from coderepair.edit.regions import FunctionNode
from coderepair.runner.calling import Call

MOST = 60
"""First calls of one function."""
_TEXTS, _NUMBERS = ("abc", "", "a b", "Hello, World"), (3, 0, 1, -2, 10)
_VALUES: dict[str, tuple[Any, ...]] = {
    "int": _NUMBERS,
    "float": (1.5, 0.0, -2.0),
    "bool": (True, False),
    "str": _TEXTS,
    "bytes": (b"abc", b""),
    "list": ([3, 1, 2], [], [5]),
    "tuple": ((3, 1, 2), ()),
    "set": ({1, 2}, set()),
    "dict": ({"a": 1, "b": 2}, {}),
    "None": (None,),
}
_SERIES = {
    "Sequence": "list", "Iterable": "list", "Collection": "list", "List": "list", "Tuple": "tuple",
    "Set": "set", "FrozenSet": "set", "frozenset": "set", "Dict": "dict", "Mapping": "dict",
    "MutableMapping": "dict", "MutableSequence": "list", "Iterator": "list",
}  # fmt: skip
_UNKNOWN = (3, [3, 1, 2], "abc", {"a": 1}, 0, 1.5)
"""Values of a parameter of which nothing is known; those that it cannot be raise, and are left out."""


def from_signature(function: FunctionNode) -> list[Call]:
    """Calls with all parameters that have no default, then with the others too, at most `MOST`. None if
    the function has named-only parameters without a default."""
    needed, optional = _parameters(function)
    if any(default is None for default in function.args.kw_defaults):
        return []
    found: list[Call] = []
    for rows in (needed, [*needed, *optional]):
        found += [Call(function.name, repr(values)) for values in _combined(rows)]
    return list(dict.fromkeys(found))[:MOST]


def _parameters(function: FunctionNode) -> tuple[list[Sequence[Any]], list[Sequence[Any]]]:
    given = [*function.args.posonlyargs, *function.args.args]
    defaults = function.args.defaults
    least = len(given) - len(defaults)
    needed = [_of_type(each.annotation) for each in given[:least]]
    optional = [
        _like(default, each.annotation)
        for each, default in zip(given[least:], defaults, strict=True)
    ]
    return needed, optional


def _combined(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The first values, the second ones and so on, then every combination."""
    for column in zip_longest(*rows):
        yield tuple(
            row[0] if value is None and None not in row else value
            for row, value in zip(rows, column, strict=True)
        )
    for count, values in enumerate(product(*rows)):
        if count == MOST:
            return
        yield values


def _like(default: ast.expr, annotation: ast.expr | None) -> Sequence[Any]:
    """A default and others of its type."""
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError):
        return _of_type(annotation)
    typed = _of_type(annotation) if annotation else _VALUES.get(type(value).__name__, ())
    return (value, *typed)


def _of_type(annotation: ast.expr | None, depth: int = 3) -> Sequence[Any]:
    """A few values of a type, as far as its annotation can be read."""
    match annotation:
        case ast.Constant(value=None):
            return (None,)
        case ast.Constant(value=str(text)):
            return _of_text(text, depth)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _VALUES.get(_SERIES.get(name, name), _UNKNOWN)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return (*_of_type(left, depth), *_of_type(right, depth))
        case ast.Subscript(value=outer, slice=inner) if depth:
            name = outer.attr if isinstance(outer, ast.Attribute) else ast.unparse(outer)
            return tuple(_filled(_SERIES.get(name, name), inner, depth - 1))
        case _:
            return _UNKNOWN


def _of_text(text: str, depth: int) -> Sequence[Any]:
    try:
        return _of_type(ast.parse(text, mode="eval").body, depth - 1) if depth else _UNKNOWN
    except (SyntaxError, ValueError):
        return _UNKNOWN


def _filled(name: str, inner: ast.expr, depth: int) -> Iterator[Any]:
    """Values of `list[int]`, `dict[str, int]`, `tuple[int, str]`, `Optional[int]`, `Union[...]`."""
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    values = [list(_of_type(part, depth)) for part in parts if not _is_dots(part)]
    if name in ("Optional", "Union"):
        yield from (value for row in values for value in row)
        yield from (None,) * (name == "Optional")
    elif name == "tuple" and not any(map(_is_dots, parts)):
        yield from zip(*(row * 2 for row in values), strict=False)
    elif name == "dict" and len(values) == 2:
        yield dict(_hashable(zip(values[0], values[1], strict=False)))
        yield {}
    elif name == "set" and values:
        yield {key for key, _ in _hashable((value, 0) for value in values[0])}
        yield set()
    elif name in ("list", "tuple") and values:
        kind = {"list": list, "tuple": tuple}[name]
        yield from (kind(values[0]), kind(), kind(values[0][:1]), kind(values[0][:2] * 2))
    else:
        yield from _UNKNOWN


def _hashable(pairs: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in pairs:
        try:
            hash(key)
        except TypeError:
            continue
        yield key, value


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis
