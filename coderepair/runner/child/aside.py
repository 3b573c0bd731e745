"""Evaluates texts on the names of a running program, on the side: the program does not notice."""

from __future__ import annotations

import re
import types
from itertools import islice
from types import CodeType
from typing import Any, Dict, Optional, Tuple

_ITEMS = 5_000
_LAZY = (zip, map, filter, enumerate, reversed, types.GeneratorType)
_PRIVATE = re.compile(r"\b__\w*[A-Za-z0-9]_?\b(?<!__)")
"""Names that mean something else inside a class."""

Value = Tuple[bool, Any]
"""Whether an evaluation came to its end, and its value, or else the name of the exception."""


def code_of(text: str) -> Optional[CodeType]:
    """The code of an expression; None if it is none, or means something else where it is evaluated."""
    if not text or _PRIVATE.search(text):
        return None
    try:
        return compile("(%s\n)" % text, "<alternative>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def repeatable(code: Optional[CodeType], scope: Dict[str, Any]) -> bool:
    """Whether evaluating it on the side leaves no trace: iterators would be used up, and what the
    program's own functions do is not known."""
    if code is None:
        return False
    for name in code.co_names:
        value = scope.get(name)
        if value is not None and (
            isinstance(value, types.FunctionType) or hasattr(type(value), "__next__")
        ):
            return False
    return True


def evaluate(code: Optional[CodeType], scope: Dict[str, Any], role: str) -> Value:
    """What the code comes to; for the roles `test` and `truth` only its truth counts."""
    if code is None:
        return False, ""
    try:
        value = eval(code, scope)
        if role in ("test", "truth"):
            return True, bool(value)
        return True, _settled(value)
    except Exception as error:
        return False, type(error).__name__


def _settled(value: Any) -> Any:
    """What a lazy value would yield."""
    if isinstance(value, _LAZY):
        return (type(value).__name__, list(islice(value, _ITEMS)))
    return value
