"""Exceptions of the candidate, made anew on the judge's side by the names of their classes.

Builtin and library exceptions are themselves; those of the user's file have a stand-in with the same
name below the same builtin, so that `pytest.raises` and `str` see no difference.
"""

from __future__ import annotations

import builtins
import os
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import describe, values

NOT_EXCEPTIONS = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""What a candidate may raise besides subclasses of Exception."""
LIBRARY = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
Names = List[List[str]]


def is_stdlib(module: str) -> bool:
    """Whether a loaded module is of the standard library."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module in sys.builtin_module_names
    real = os.path.realpath(file)
    return real.startswith(LIBRARY) and "-packages" + os.sep not in real


class _Text:
    """Says what the candidate's exception says."""

    text = ""

    def __str__(self) -> str:
        return self.text


class Raised:
    """The exception classes of one module and of the libraries."""

    def __init__(self, module: str, missing: Callable[[str], Any]) -> None:
        """`missing` is asked for attributes that a stand-in does not have."""
        self._module = module
        self._missing = missing
        self._made: Dict[Tuple[str, str], Any] = {}

    def kind(self, names: Names) -> Optional[Any]:
        """The class with these names, own first; None for one of another module."""
        module, name = names[0]
        if module == "builtins":
            found = getattr(builtins, name)
            if not (isinstance(found, type) and issubclass(found, (Exception, *NOT_EXCEPTIONS))):
                raise ValueError("no exception")
            return found
        if is_stdlib(module):
            found = getattr(sys.modules[module], name, None)
            return found if isinstance(found, type) and issubclass(found, Exception) else None
        if module != self._module:
            return None
        if (module, name) not in self._made:
            base = self.kind(names[1:])
            if base is None:
                return None
            bases = (base,) if issubclass(base, _Text) else (_Text, base)
            own = {"__module__": module, "__getattr__": lambda _error, name: self._missing(name)}
            self._made[module, name] = type(name.rpartition(".")[2], bases, own)
        return self._made[module, name]

    def error(self, tree: values.Tree) -> Optional[BaseException]:
        """The exception that `crossing.Border.exception` described; None if its class is unknown here."""
        names, arguments, text, frames, attributes = tree
        kind = self.kind(names)
        if kind is None:
            return None
        args = [text] if arguments is None else values.Decoder().decode(arguments)
        error = self._made_from(kind, args)
        if attributes is not None:
            error.__dict__.update(values.Decoder().decode(attributes))
        if isinstance(error, _Text):
            error.text = text
        describe.remember(error, [(int(line), str(name)) for line, name in frames])
        return error

    def _made_from(self, kind: Any, args: List[Any]) -> BaseException:
        try:
            error = kind(*args) if kind.__module__ == "builtins" else kind.__new__(kind, *args)
        except Exception:
            error = kind.__new__(kind)
        error.args = tuple(args)
        assert isinstance(error, BaseException)
        return error
