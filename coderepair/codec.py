"""Frozen dataclasses to JSON and back, without loss.

A dataclass becomes an object of the fields that differ from their defaults, so a log stays small and
a field that is added with a default reads old logs. Tuples become arrays.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union

T = TypeVar("T")

_PLAIN = (str, int, float, bool, type(None))


def to_json(value: object) -> Any:
    """Plain data for `json.dumps`. Raises TypeError for what has no such form."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(item)
            for field in dataclasses.fields(value)
            if not _is_default(field, item := getattr(value, field.name))
        }
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(kind: type[T], data: Any) -> T:
    """The value of type `kind` that `to_json` wrote. Raises ValueError if `data` is of no such value."""
    try:
        return typing.cast("T", _decode(kind, data))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error


def _is_default(field: dataclasses.Field[Any], value: object) -> bool:
    if field.default is not dataclasses.MISSING:
        return type(value) is type(field.default) and value == field.default
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return False


def _decode(kind: Any, data: Any) -> object:
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(typing.get_args(kind), data)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), data)
    if origin is dict or origin is Mapping:
        of = typing.get_args(kind)[1]
        return {key: _decode(of, item) for key, item in data.items()}
    if kind is Any or kind is object:
        return data
    if hasattr(kind, "__dataclass_fields__"):
        hints = _hints(kind)
        return kind(**{name: _decode(hints[name], item) for name, item in data.items()})
    if issubclass(kind, Enum) or kind is Path:
        return kind(data)
    return _decode_plain(kind, data)


def _decode_plain(kind: Any, data: Any) -> object:
    if kind is float and type(data) is int:
        return float(data)
    if type(data) is not kind and not (kind is types.NoneType and data is None):
        raise ValueError(f"{data!r} is no {kind.__name__}")
    return data


def _decode_union(kinds: tuple[Any, ...], data: Any) -> object:
    """Unions are of the form X | None only."""
    if data is None:
        return None
    (kind,) = [kind for kind in kinds if kind is not types.NoneType]
    return _decode(kind, data)


def _decode_tuple(kinds: tuple[Any, ...], data: Any) -> tuple[object, ...]:
    if not isinstance(data, list):
        raise ValueError(f"{data!r} is no array")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_decode(kinds[0], item) for item in data)
    return tuple(_decode(kind, item) for kind, item in zip(kinds, data, strict=True))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
