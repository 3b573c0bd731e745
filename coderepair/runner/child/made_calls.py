"""Calls of the program's functions: those that the tests make, and what given ones come to.

Only calls from outside of the file count, and only those whose arguments can be written as literals, so
that they can be made again in another process. A method's call goes with the arguments that its object
was made from.
"""

from __future__ import annotations

import ast
import builtins
import functools
import hashlib
import inspect
import os
import sys
import types
from itertools import islice
from types import CodeType
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import doctests
from .recorder import CheckTimeout, Recorder, Watcher

HOOK = "@coderepair_calls"
"""A builtin under a name that no program can use."""
RAISED = "!"
"""First character of an outcome that is an exception, before the name of its type."""
TIMED_OUT = "!timeout"
LITERAL = 600
"""Characters of a call's arguments; longer ones are not kept."""
KEPT = 60
"""Calls kept of one check."""
TEXT = 160
"""Characters of an outcome; of a longer one the beginning and a hash of the whole."""
ITEMS = 1000
DEPTH = 6
TIMEOUTS = 2
"""Calls that may run out of time before the rest is left out."""
_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_SERIES = (list, tuple, set)

Call = List[Any]
"""[qualified name, what its object was made from or None, arguments, named arguments]: literals as text,
what an object was made from as a list of the latter two."""


class Calls(Watcher):
    """Takes down the calls of the program's functions from outside of its file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: List[Call] = []
        self._made: Dict[int, Tuple[Any, List[Any]]] = {}

    def told(self) -> List[Call]:
        """The calls since the last time."""
        seen, self._seen = self._seen, []
        return seen

    def enter(self) -> None:
        """Called at the end of the program's module: its functions are watched from now on."""
        scope = sys._getframe(1).f_globals
        module = scope.get("__name__")
        for name, value in list(scope.items()):
            if getattr(value, "__module__", None) != module:
                continue
            if _watchable(value):
                scope[name] = self._wrapped(value, name)
            elif isinstance(value, type) and not issubclass(value, BaseException):
                self._watch_class(value, name)

    def _watch_class(self, kind: Any, name: str) -> None:
        for key, value in list(vars(kind).items()):
            if key == "__init__" and _watchable(value):
                setattr(kind, key, self._maker(value))
            elif not key.startswith("__") and _watchable(value):
                setattr(kind, key, self._wrapped(value, "%s.%s" % (name, key), method=True))

    def _maker(self, function: Any) -> Callable[..., Any]:
        @functools.wraps(function)
        def made(self_: Any, *args: Any, **kwargs: Any) -> Any:
            texts = literal(args), literal(kwargs)
            if None not in texts and len(self._made) < ITEMS:
                self._made[id(self_)] = (self_, list(texts))
            return function(self_, *args, **kwargs)

        return made

    def _wrapped(self, function: Any, name: str, method: bool = False) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_code.co_filename != self._path and len(self._seen) < KEPT:
                self._note(name, args, kwargs, method)
            return function(*args, **kwargs)

        return called

    def _note(self, name: str, args: Any, kwargs: Any, method: bool) -> None:
        maker: Optional[List[Any]] = None
        if method:
            maker = self._maker_of(args[0]) if args else None
            if maker is None:
                return
            args = args[1:]
        texts = literal(args), literal(kwargs)
        if None not in texts:
            self._seen.append([name, maker, *texts])

    def _maker_of(self, value: Any) -> Optional[List[Any]]:
        known = self._made.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        inherited = any("__init__" in vars(kind) for kind in type(value).__mro__[:-1])
        return None if inherited else ["()", "{}"]


def start(source: str, path: str) -> Tuple[Calls, CodeType]:
    """A watcher, and the program with a call of it at its end. Raises what `compile` raises."""
    watcher = Calls(path)
    tree = ast.parse(source, path)
    last: ast.stmt = ast.Expr(ast.Call(ast.Name(HOOK, ast.Load()), [], []))
    tree.body.append(ast.copy_location(last, tree.body[-1]) if tree.body else last)
    code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
    setattr(builtins, HOOK, watcher.enter)
    return watcher, code


def answer(calls: List[Call], path: str, recorder: Recorder) -> None:
    """Tells what each call comes to, in order, as far as time allows. The program is imported already."""
    scope = _scope(path)
    late = 0
    for number, call in enumerate(calls):
        outcome = _outcome(call, scope, recorder)
        recorder.outcome(number, outcome)
        late += outcome == TIMED_OUT
        if late >= TIMEOUTS:
            break


def _scope(path: str) -> Dict[str, Any]:
    for module in list(sys.modules.values()):
        if os.path.realpath(getattr(module, "__file__", None) or os.sep) == path:
            return vars(module)
    return dict(vars(doctests.module(path)))


def _outcome(call: Call, scope: Dict[str, Any], recorder: Recorder) -> str:
    recorder.begin(0, -1)
    try:
        function, args, kwargs = prepared(call, scope)
        value = function(*args, **kwargs)
        return shown(value) if value is not None else "None; %s" % shown(args)
    except CheckTimeout:
        return TIMED_OUT
    except BaseException as error:
        return RAISED + type(error).__name__
    finally:
        recorder.pause()


def prepared(call: Call, scope: Dict[str, Any]) -> Tuple[Any, Any, Any]:
    """What to call, and the arguments. Raises whatever making the method's object raises."""
    name, maker, args, kwargs = call
    outer, _, inner = name.partition(".")
    function = scope[outer]
    if inner:
        if maker is not None:
            function = function(*ast.literal_eval(maker[0]), **ast.literal_eval(maker[1]))
        function = getattr(function, inner)
    return function, ast.literal_eval(args), ast.literal_eval(kwargs)


def shown(value: Any) -> str:
    """A value as text that is the same for values which tests would call equal: floats to nine digits,
    sets and dictionaries in order, objects by what they hold."""
    try:
        text = _text(value, DEPTH)
    except Exception as error:
        text = "<%s: %s>" % (type(value).__name__, type(error).__name__)
    if len(text) <= TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return "%s... (%s)" % (text[: TEXT - 20], digest[:12])


def _text(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is float:
        whole = abs(value) < 1e15 and value == int(value)
        return repr(int(value)) if whole else "%.9g" % value
    if kind in _PLAIN or depth <= 0:
        return repr(value) if kind in _PLAIN else "<%s>" % kind.__name__
    if kind is list:
        return "[%s]" % _joined(value, depth)
    if kind is tuple:
        return "(%s%s)" % (_joined(value, depth), "," if len(value) == 1 else "")
    if kind in (set, frozenset):
        members = ", ".join(sorted(_text(each, depth - 1) for each in value))
        return "{%s}" % members if members else "set()"
    if isinstance(value, dict):
        pairs = ["%s: %s" % (_text(k, depth - 1), _text(v, depth - 1)) for k, v in value.items()]
        return "{%s}" % ", ".join(sorted(pairs))
    if hasattr(kind, "__next__"):
        return "[%s]" % _joined(islice(value, ITEMS), depth)
    if isinstance(value, (list, tuple, str, int)) or not hasattr(value, "__dict__"):
        return repr(value)
    return "%s%s" % (kind.__name__, _text(vars(value), depth - 1))


def _joined(values: Any, depth: int) -> str:
    return ", ".join(_text(each, depth - 1) for each in values)


def literal(value: Any) -> Optional[str]:
    """The value as source; None if it is no plain data, or long."""
    try:
        text = repr(value) if _is_plain(value, DEPTH) else ""
    except Exception:
        return None
    return text if 0 < len(text) <= LITERAL else None


def _is_plain(value: Any, depth: int) -> bool:
    kind = type(value)
    if kind in _PLAIN:
        return kind not in (float, complex) or value - value == 0
    if depth <= 0:
        return False
    if kind is dict:
        return all(_is_plain(k, depth - 1) and _is_plain(v, depth - 1) for k, v in value.items())
    return kind in _SERIES and all(_is_plain(each, depth - 1) for each in value)


def _watchable(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and not inspect.iscoroutinefunction(value)
