"""Values in a few characters, whatever the program under repair makes of them.

No code of the program is called: its classes are shown by what their objects hold, so that a `__repr__`
which raises, hangs or prints does none of that.
"""

from __future__ import annotations

import re
import sys
import types
from itertools import islice
from typing import Any, Iterable, Iterator

from . import describe

ITEMS = 8
"""Elements, entries or attributes that are shown of one object."""
DEPTH = 4
CHARS = 100
"""Length of a shown value (LDB's); of a longer one the beginning and the end are left."""
WORK = 60
"""Characters of a number or a text inside a container."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""It differs from run to run."""
_NUMBERS = (bool, float, complex, type(None), type(Ellipsis), range, slice)
_CODE = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType, type)
_LAZY = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)


def shown(value: Any, path: str, chars: int = CHARS) -> str:
    """A value on one line; `path` is the program's file."""
    try:
        text = _text(value, path, DEPTH)
    except Exception as error:
        text = "<%s: %s>" % (type(value).__name__, type(error).__name__)
    return middle_cut(_ADDRESS.sub("", " ".join(text.split("\n"))), chars)


def middle_cut(text: str, chars: int = CHARS) -> str:
    """The first and the last half of what is too long."""
    if len(text) <= chars:
        return text
    half = (chars - 3) // 2
    return text[:half] + "..." + text[-half:]


def is_code(value: Any) -> bool:
    """Whether it is a function, class or module, which say nothing about a run."""
    return issubclass(type(value), _CODE)


def _text(value: Any, path: str, depth: int) -> str:
    kind = type(value)
    if kind in _NUMBERS:
        return repr(value)
    if kind is int:
        return repr(value) if value.bit_length() < 400 else "<int of %d bits>" % value.bit_length()
    if kind in (str, bytes, bytearray):
        return middle_cut(repr(value[:WORK] + value[-WORK:] if len(value) > 2 * WORK else value))
    if depth <= 0:
        return "..."
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, kind, path, depth - 1)
    if kind in _LAZY:
        return "<%s>" % kind.__name__
    if issubclass(kind, _CODE):
        return "<%s %s>" % (kind.__name__, _name(value))
    if _is_own(kind, path):
        return _object(value, kind, path, depth - 1)
    return describe.show(value, CHARS)


def _container(value: Any, kind: Any, path: str, depth: int) -> str:
    if kind is dict:
        entries = (
            "%s: %s" % (_text(k, path, depth), _text(v, path, depth))
            for k, v in islice(value.items(), ITEMS)
        )
        return "{%s}" % _joined(entries, len(value))
    if kind in (set, frozenset):
        value = _ordered(value)
    inner = _joined((_text(each, path, depth) for each in islice(value, ITEMS)), len(value))
    if kind is list:
        return "[%s]" % inner
    if kind is tuple:
        return "(%s%s)" % (inner, "," if len(value) == 1 else "")
    text = "{%s}" % inner if inner else "set()"
    return text if kind is set else "frozenset(%s)" % text


def _ordered(value: Any) -> Any:
    """Numbers and texts of a set in their order, others as they come."""
    if len(value) > 1000 or not all(type(each) in (int, float, str) for each in value):
        return value
    try:
        return sorted(value)
    except TypeError:
        return value


def _joined(parts: Iterable[str], count: int) -> str:
    shown_parts = list(parts)
    more = ["..."] if count > ITEMS else []
    return ", ".join(shown_parts + more)


def _object(value: Any, kind: Any, path: str, depth: int) -> str:
    attributes = list(islice(_attributes(value, kind), ITEMS + 1))
    parts = ("%s=%s" % (name, _text(each, path, depth)) for name, each in attributes[:ITEMS])
    return "%s(%s)" % (type.__dict__["__name__"].__get__(kind), _joined(parts, len(attributes)))


def _attributes(value: Any, kind: Any) -> Iterator[Any]:
    """Names and values of what an object holds, without asking the object. An element of a list or
    another built-in that it is made from comes first."""
    for base in (list, tuple, dict, set, frozenset, str, int, float):
        if issubclass(kind, base):
            yield base.__name__, _as_base(value, base)
            break
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        held = {}
    if type(held) is dict:
        yield from islice(held.items(), ITEMS + 1)
    for each in _bases(kind):
        slots = each.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            slot = each.__dict__.get(name)
            if isinstance(slot, types.MemberDescriptorType):
                try:
                    yield name, slot.__get__(value, kind)
                except AttributeError:
                    continue


def _as_base(value: Any, base: Any) -> Any:
    """What an object of a subclass holds as a plain `base`."""
    if base is dict:
        return dict(dict.items(value))
    if base in (int, float, str):
        return base.__new__(base, base.__repr__(value)) if base is not str else str.__str__(value)
    return base(base.__iter__(value))


def _name(value: Any) -> str:
    """Of a function, class or module."""
    try:
        return str(object.__getattribute__(value, "__name__"))
    except AttributeError:
        return "?"


def _bases(kind: Any) -> Any:
    """Method resolution order, whatever the metaclass says."""
    return type.__dict__["__mro__"].__get__(kind)


def _is_own(kind: Any, path: str) -> bool:
    """Whether a class, or one that it inherits from, was made by the program."""
    for each in _bases(kind):
        module = sys.modules.get(type.__dict__["__module__"].__get__(each))
        if module is not None and getattr(module, "__file__", None) == path:
            return True
        for function in (each.__dict__.get("__repr__"), each.__dict__.get("__init__")):
            if getattr(getattr(function, "__code__", None), "co_filename", None) == path:
                return True
    return False
