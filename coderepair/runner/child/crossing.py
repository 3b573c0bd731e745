"""The candidate's side of the border: what it says of its module, its results and its exceptions.

Trees as in `values`, with more tags for what is no plain data: `I` an iterator that stays here, `N` a
named tuple, `?` an object of a class that the user's own file does not have.
"""

from __future__ import annotations

import functools
import types
from typing import Any, Dict, List

from . import values

FRAMES = 8
"""Frames of a traceback, the innermost ones."""
TEXT = 10_000
"""Characters of an exception's text."""
COROUTINE, ASYNC_GENERATOR = 0x80, 0x200
"""Flags of a code object."""
FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, functools.partial, functools._lru_cache_wrapper,
)  # fmt: skip


class Border:
    """Encodes what leaves one candidate's process."""

    def __init__(self, module: str, path: str, classes: List[str]) -> None:
        """`classes` are the names of those that the user's own file defines."""
        self._module = module
        self._path = path
        self._classes = frozenset(classes)
        self.iterators: List[Any] = []

    def other(self, value: Any) -> values.Tree:
        """What is no plain data, for an `Encoder`. Raises `Uncrossable`."""
        kind = type(value)
        if kind is types.GeneratorType or (
            kind.__module__ in ("builtins", "itertools") and hasattr(kind, "__next__")
        ):
            self.iterators.append(value)
            return ["I", len(self.iterators) - 1]
        if kind.__module__ != self._module or kind.__name__ in self._classes:
            raise values.Uncrossable(kind.__module__ + "." + kind.__name__)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            encoder = values.Encoder(other=self.other)
            return [
                "N",
                kind.__name__,
                list(kind._fields),
                *map(encoder.encode, tuple.__iter__(value)),
            ]
        return self._reduced(kind, value)

    def _reduced(self, kind: type, value: Any) -> values.Tree:
        """Of a candidate's own class that extends a builtin, the builtin part; it cannot lie about that."""
        for base, reduce in _REDUCERS.items():
            if base in kind.__mro__:
                return values.Encoder(other=self.other).encode(reduce(value))
        return ["?", kind.__name__]

    def exception(self, error: BaseException) -> List[Any]:
        """[names of its classes, arguments, text, frames in the user's file, attributes]."""
        kinds = [[each.__module__, each.__qualname__] for each in type(error).__mro__[:-1]]
        try:
            text = str(error)[:TEXT]
        except BaseException:
            text = ""
        return [
            kinds,
            self._data(list(error.args)),
            text,
            self._frames(error),
            self._attributes(error),
        ]

    def _attributes(self, error: BaseException) -> values.Tree:
        found = {name: value for name, value in vars(error).items() if isinstance(name, str)}
        return self._data(found) if found else None

    def _data(self, value: Any) -> values.Tree:
        try:
            return values.Encoder().encode(value)
        except values.Uncrossable:
            return None

    def _frames(self, error: BaseException) -> List[List[Any]]:
        frames = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == self._path:
                frames.append([trace.tb_lineno, code.co_name])
            trace = trace.tb_next
        return frames[-FRAMES:]


_REDUCERS: Dict[type, Any] = {
    int: lambda value: int.__add__(value, 0),
    float: float.__pos__,
    str: lambda value: str.__getitem__(value, slice(None)),
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    list: lambda value: [*list.__iter__(value)],
    tuple: lambda value: (*tuple.__iter__(value),),
    set: lambda value: {*set.__iter__(value)},
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    dict: lambda value: {key: dict.__getitem__(value, key) for key in dict.__iter__(value)},
}


def shape(module: types.ModuleType) -> List[List[Any]]:
    """[name, kind, what is known of it] of each name in a module, in order of names.

    Kinds: `f` a function, `d` data, `m` a module, `x` an exception class, `o` anything else.
    """
    found = []
    for name, value in sorted(module.__dict__.items()):
        if not isinstance(name, str) or (
            name.startswith("__") and name not in ("__all__", "__version__")
        ):
            continue
        found.append([name, *_kind(value)])
    return found


def _kind(value: Any) -> List[Any]:
    if isinstance(value, FUNCTIONS):
        return ["o", ""] if _waits(value) else ["f", str(getattr(value, "__doc__", "") or "")]
    if isinstance(value, types.ModuleType):
        return ["m", value.__name__]
    if isinstance(value, type):
        if not issubclass(value, BaseException):
            return ["o", ""]
        return ["x", [[each.__module__, each.__qualname__] for each in value.__mro__[:-1]]]
    try:
        return ["d", values.Encoder().encode(value)]
    except (values.Uncrossable, RecursionError):
        return ["o", ""]


def _waits(function: Any) -> bool:
    """Whether it, or what it wraps, is `async`."""
    for _ in range(20):
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & (
            COROUTINE | ASYNC_GENERATOR
        ):
            return True
        function = getattr(function, "__wrapped__", getattr(function, "func", None))
        if function is None:
            break
    return False
