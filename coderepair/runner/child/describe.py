"""A failing check in words: the call, what was expected, what came, and where in the user's file.

Dictionaries with the fields of `coderepair.model.Failure`; everything is cut to a bounded length.
"""

from __future__ import annotations

import ast
import linecache
import reprlib
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Tuple

from .asserts import EQUALITIES, Assert, TestFunction

VALUE = 200
"""Characters of a repr."""
MESSAGE = 500
"""Characters of a message."""
FRAMES = 8
"""Frames of a traceback, the innermost ones."""

_short = reprlib.Repr()
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdict = 40
_short.maxdeque = _short.maxarray = 40
_short.maxstring = _short.maxother = VALUE
_short.maxlevel = 5

REMEMBERED = 200
"""Exceptions of another process whose frames are kept."""
_remote: Dict[int, Tuple[BaseException, List[Tuple[int, str]]]] = {}
_sides: Dict[int, Tuple[Assert, bool]] = {}
_sources: Dict[int, Tuple[ast.expr, str, FrozenSet[str]]] = {}
"""What is known of asserts, by the identity of what it is known of, which is kept with it."""

Scope = Optional[Dict[str, Any]]
Failure = Dict[str, Any]


def show(value: Any, limit: int = VALUE) -> str:
    """repr of a value, at most `limit` characters, at bounded cost."""
    try:
        text = _short.repr(value)
    except Exception as error:
        text = "<%s whose repr raises %s>" % (type(value).__name__, type(error).__name__)
    return cut(text, limit)


def cut(text: str, limit: int) -> str:
    """`text` with its middle left out where it is too long."""
    if len(text) <= limit:
        return text
    tail = limit // 4
    return text[: limit - tail - 3] + "..." + text[-tail:]


def sides(entry: Assert, assigned: Iterable[Tuple[int, str, ast.expr]] = ()) -> bool:
    """Whether the value under test is on the left of the comparison (else on the right)."""
    if entry.right is None:
        return True
    known = _sides.get(id(entry))
    if known is None:
        on_left = _weight(entry.left, assigned) >= _weight(entry.right, assigned)
        known = _sides[id(entry)] = entry, on_left
    return known[1]


def _weight(node: Optional[ast.expr], assigned: Iterable[Tuple[int, str, ast.expr]]) -> int:
    if node is None:
        return -1
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _WRAPPERS:
        return 1 + any(isinstance(child, ast.Call) for arg in node.args for child in ast.walk(arg))
    if any(isinstance(child, ast.Call) and not _is_approx(child) for child in ast.walk(node)):
        return 3
    if isinstance(node, ast.Name):
        return 2 if any(name == node.id and _has_call(value) for _, name, value in assigned) else 1
    return 1 if any(isinstance(child, ast.Name) for child in ast.walk(node)) else 0


_WRAPPERS = ("set", "list", "tuple", "sorted", "dict", "float", "int", "str", "frozenset")


def _is_approx(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "approx"


def _has_call(node: ast.expr) -> bool:
    return any(isinstance(child, ast.Call) for child in ast.walk(node))


def call_text(function: TestFunction, entry: Assert, scope: Scope) -> str:
    """The call under test as source, with names replaced by their values where they are short."""
    node = entry.left if sides(entry, function.assigned) else entry.right
    if isinstance(node, ast.Name):
        node = _origin(function, node, entry.line) or node
    if node is None or not _has_call(node):
        return ""
    try:
        text, names = _source(node)
        if names.isdisjoint(scope or ()):
            return cut(text, VALUE)
        return cut(ast.unparse(_Filled(scope or {}).visit(_copy(text))), VALUE)
    except Exception:  # no ast.unparse before 3.9; values that cannot be written as source
        return ""


def _source(node: ast.expr) -> Tuple[str, FrozenSet[str]]:
    """A piece of a test as text, and the names in it; the same one fails for one program after another."""
    known = _sources.get(id(node))
    if known is None:
        names = frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
        known = _sources[id(node)] = node, ast.unparse(node), names
    return known[1:]


def _copy(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _origin(function: TestFunction, name: ast.Name, line: int) -> Optional[ast.expr]:
    """The last value assigned to a name above a line."""
    values = [value for at, other, value in function.assigned if other == name.id and at < line]
    return values[-1] if values else None


class _Filled(ast.NodeTransformer):
    """Replaces names that are arguments by the value they have."""

    def __init__(self, scope: Dict[str, Any]) -> None:
        self._scope = scope

    def visit_Call(self, node: ast.Call) -> ast.Call:
        node.args = [self._value(arg) for arg in node.args]
        for keyword in node.keywords:
            keyword.value = self._value(keyword.value)
        return node

    def _value(self, node: ast.expr) -> ast.expr:
        if not isinstance(node, ast.Name) or node.id not in self._scope:
            return self.visit_Call(node) if isinstance(node, ast.Call) else node
        value = self._scope[node.id]
        if not isinstance(value, (int, float, complex, str, bytes, list, tuple, dict, set)):
            return node
        text = show(value, 80)
        return node if "..." in text else ast.parse(text, mode="eval").body


def wrong_value(
    function: TestFunction, number: int, left: Any, right: Any, message: Any, scope: Scope
) -> Failure:
    """Failure of a plain assert whose operands are known."""
    entry = function.asserts[number - 1]
    got, expected = (left, right) if sides(entry, function.assigned) else (right, left)
    if entry.operator in ("truth", "not"):
        got_text, expected_text = (
            show(left),
            "a true value" if entry.operator == "truth" else "a false value",
        )
        if isinstance(left, bool):
            expected_text = str(not left)
        said = "assert %s%s" % ("not " if entry.operator == "not" else "", got_text)
    else:
        got_text, expected_text = show(got), _wanted(entry.operator, expected)
        said = "assert %s %s %s" % (show(left), entry.operator.replace("close", "=="), show(right))
    if message is not None:
        said = "%s\n%s" % (cut(str(message), VALUE), said)
    return {
        "kind": "assertion",
        "message": cut(said, MESSAGE),
        "call": call_text(function, entry, scope),
        "expected": expected_text,
        "got": got_text,
    }


def _wanted(operator: str, value: Any) -> str:
    text = show(
        getattr(value, "expected", value) if type(value).__name__.startswith("Approx") else value
    )
    return text if operator in ("==", "is", "close") else cut("%s %s" % (operator, text), VALUE)


def failed_method(
    function: TestFunction,
    number: int,
    arguments: Tuple[Any, ...],
    error: BaseException,
    scope: Scope,
) -> Failure:
    """Failure of `self.assertSomething(...)`."""
    entry = function.asserts[number - 1]
    failure: Failure = {
        "kind": "assertion",
        "message": cut(str(error), MESSAGE),
        "call": call_text(function, entry, scope),
    }
    if entry.operator in EQUALITIES and len(arguments) >= 2:
        on_left = sides(entry, function.assigned)
        failure["got"] = show(arguments[0 if on_left else 1])
        failure["expected"] = show(arguments[1 if on_left else 0])
    elif arguments:
        failure["got"] = show(arguments[0])
        failure["expected"] = {"assertTrue": "True", "assertFalse": "False"}.get(entry.operator, "")
    return failure


def remember(error: BaseException, frames: List[Tuple[int, str]]) -> None:
    """An exception came from another process, where it passed these (line, function) of the user's file."""
    if len(_remote) >= REMEMBERED:
        _remote.clear()
    _remote[id(error)] = (error, frames)


def exception(error: BaseException, user_file: str) -> Failure:
    """Failure by an exception, with the frames inside the user's file."""
    frames = list(_remote[id(error)][1]) if id(error) in _remote else []
    trace = error.__traceback__
    for _ in range(20000):
        if trace is None:
            break
        code = trace.tb_frame.f_code
        if code.co_filename == user_file:
            frames.append((trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    line = frames[-1][0] if frames else 0
    if isinstance(error, SyntaxError) and error.filename == user_file:
        line = error.lineno or 0
    kind = "memory" if isinstance(error, MemoryError) else "exception"
    return {
        "kind": "syntax"
        if isinstance(error, SyntaxError) and error.filename == user_file
        else kind,
        "message": cut("%s: %s" % (type(error).__name__, _said(error)), MESSAGE),
        "exception": type(error).__name__,
        "line": line,
        "traceback": "\n".join(_frame(user_file, at, name) for at, name in frames[-FRAMES:]),
    }


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be made)"


def _frame(path: str, line: int, name: str) -> str:
    return cut("line %d, in %s: %s" % (line, name, linecache.getline(path, line).strip()), VALUE)
