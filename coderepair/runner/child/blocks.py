"""The values that a program's names have at points of its source, for one call that a check makes.

The points are marked in the program: a mark counts, and looks closer only at the counts that are wanted.
That costs a few tens of nanoseconds, far less than a function called for every line by `sys.settrace`
or `sys.monitoring`, and a program that uses those itself is not disturbed. To look at the last blocks
of a call it takes two runs: the first tells how many there are.
"""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
import sys
from types import CodeType, FrameType
from typing import Any, Dict, List, Optional, Tuple

from .display import is_code, shown
from .recorder import CheckTimeout, Watcher

TICK, WANTED, SEE, ENTER = "@coderepair_tick", "@coderepair_wanted", "@coderepair_see", "@coderepair_enter"  # fmt: skip
RETURN, RETURNING = "@coderepair_return", "@coderepair_returning"
FRAME, FILE = "@coderepair_frame", "@coderepair_file"
"""Builtins under names that no program can use."""
NAMES = 12
"""Names of one frame that are shown."""
CALLS = 6
"""Calls from outside of the file that are kept of one check, the last ones."""
FRAMES = 64
"""Frames above a call that are looked at to see whether it comes from outside."""

Mark = Tuple[int, int, str, str, int]
"""Line, column and type of a statement, where the mark goes, and its number."""


class Blocks(Watcher):
    """Counts, and takes down the values at the counts of a window."""

    def __init__(self, told: Dict[str, Any], path: str) -> None:
        """`told["check"]` is the number of the check to look at, by the order in which they are told,
        `told["wanted"]` holds the counts at which to look; both are missing where it is only counted.
        `told["stop"]` ends the check behind the last one, as if its time were up."""
        self._path = path
        self._check = told.get("check", -1)
        self._wanted: List[int] = sorted(told.get("wanted", ()))
        self._stop = bool(told.get("stop"))
        self._number = -1
        self._next()

    def _next(self) -> None:
        """Begins with the next check."""
        self._number += 1
        self._looking = self._number == self._check
        self._tick = itertools.count().__next__
        self._start = 0
        self._calls: List[List[Any]] = []
        self._events: List[List[Any]] = []
        self._frames: Dict[int, Tuple[FrameType, int, Dict[str, str]]] = {}
        self._hits = 0
        self._busy = False
        setattr(builtins, TICK, self._tick)
        setattr(builtins, WANTED, frozenset(self._wanted if self._looking else ()))
        self._returning(False)

    def _returning(self, wanted: bool) -> None:
        setattr(builtins, RETURNING, wanted)

    # -- called by the program ----------------------------------------------------------------------

    def enter(self, function: int) -> None:
        """A function of the program begins that was called from another file."""
        frame = sys._getframe(1)
        if not self._from_outside(frame.f_back):
            return
        self._start = self._tick()
        self._calls.append([function, self._values(frame) if self._looking else {}])
        del self._calls[:-CALLS]

    def _from_outside(self, frame: Optional[FrameType]) -> bool:
        """Whether no function of the program is among the callers (its module may be)."""
        for _ in range(FRAMES):
            if frame is None:
                return True
            code = frame.f_code
            if code.co_filename == self._path:
                return False
            frame = frame.f_back
        return True

    def see(self, number: int) -> None:
        """A wanted count has come."""
        if self._busy:
            return
        self._busy = True
        try:
            count = self._wanted[self._hits] if self._hits < len(self._wanted) else -1
            self._hits += 1
            following = self._wanted[self._hits : self._hits + 1]
            self._returning(not following or following[0] == count + 1)
            self._note(["v", count, number], sys._getframe(1))
        except Exception:
            return
        finally:
            self._busy = False
        if self._stop and not following:
            raise CheckTimeout

    def returned(self, value: Any) -> Any:
        """A function of the program returns while somebody looks."""
        if not self._busy:
            self._busy = True
            try:
                self._note(["r", shown(value, self._path)], sys._getframe(1))
            except Exception:
                return value
            finally:
                self._busy = False
        return value

    def _note(self, event: List[Any], frame: FrameType) -> None:
        """Adds the frame's number, how deep it is and the values that are new there."""
        known = self._frames.get(id(frame))
        number, before = (len(self._frames), {}) if known is None else known[1:]
        values = self._values(frame)
        self._frames[id(frame)] = (frame, number, values)
        changed = {name: text for name, text in values.items() if before.get(name) != text}
        self._events.append([*event, number, changed])

    def _values(self, frame: FrameType) -> Dict[str, str]:
        names = [
            (name, value)
            for name, value in frame.f_locals.items()
            if name[:1] not in "@." and not is_code(value)
        ]
        return {name: shown(value, self._path) for name, value in names[:NAMES]}

    # -- called by the recorder ---------------------------------------------------------------------

    def told(self) -> List[Dict[str, Any]]:
        """What there is to tell of the check that ended."""
        self._busy = True
        self._returning(False)
        found: Dict[str, Any] = {
            "number": self._number,
            "start": self._start,
            "end": self._tick(),
        }
        if self._looking:
            found.update(events=self._events, calls=self._calls, raised=self._raised())
        self._next()
        return [found]

    def _raised(self) -> List[Any]:
        """Where the exception that ends the check was raised in the file, and the values there."""
        error = sys.exc_info()[1]
        trace = None if error is None else error.__traceback__
        frame, line = None, 0
        for _ in range(20000):
            if trace is None:
                break
            if trace.tb_frame.f_code.co_filename == self._path:
                frame, line = trace.tb_frame, trace.tb_lineno
            trace = trace.tb_next
        if frame is None:
            return []
        self._note(["x", line, type(error).__name__], frame)
        return self._events.pop()


def start(source: str, path: str, told: Dict[str, Any]) -> Tuple[Blocks, CodeType]:
    """A watcher, and the program with its marks. Raises what `compile` raises."""
    watcher = Blocks(told, path)
    tree = _Marks([tuple(each) for each in told["marks"]]).visit(ast.parse(source, path))
    code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
    setattr(builtins, SEE, watcher.see)
    setattr(builtins, ENTER, watcher.enter)
    setattr(builtins, RETURN, watcher.returned)
    setattr(builtins, FRAME, sys._getframe)
    setattr(builtins, FILE, path)
    return watcher, code


class _Marks(ast.NodeTransformer):
    """Puts the marks where they belong."""

    def __init__(self, marks: List[Any]) -> None:
        self._marks: Dict[Tuple[int, int, str], List[Tuple[str, int]]] = {}
        for line, column, kind, where, number in marks:
            self._marks.setdefault((line, column, kind), []).append((where, number))

    def visit(self, node: ast.AST) -> Any:
        done = super().visit(node)
        if not isinstance(node, ast.stmt):
            return done
        before: List[ast.stmt] = []
        for where, number in self._marks.get(
            (node.lineno, node.col_offset, type(node).__name__), ()
        ):
            if where == "before":
                before.append(_statement(_look(number)))
            else:
                _mark(node, where, number)
        return [ast.copy_location(each, node) for each in before] + [node] if before else node


def _mark(node: Any, where: str, number: int) -> None:
    """Changes a statement in place."""
    if where == "test":
        node.test = ast.copy_location(ast.BoolOp(ast.Or(), [_look(number), node.test]), node.test)
    elif where == "enter":
        at = 1 if ast.get_docstring(node, clean=False) is not None else 0
        call = _statement(_enter(number))
        node.body.insert(at, ast.copy_location(call, node.body[0]))
    elif where == "end":
        node.body.append(ast.copy_location(_statement(_look(number)), node.body[-1]))
    elif where == "return" and node.value is not None:
        value = _call(RETURN, copy.deepcopy(node.value))
        seen = ast.IfExp(ast.Name(RETURNING, ast.Load()), value, node.value)
        node.value = ast.copy_location(seen, node.value)


def _look(number: int) -> ast.expr:
    """`tick() in wanted and see(number)`."""
    wanted = ast.Compare(_call(TICK), [ast.In()], [ast.Name(WANTED, ast.Load())])
    return ast.BoolOp(ast.And(), [wanted, _call(SEE, ast.Constant(number))])


def _enter(number: int) -> ast.expr:
    """`frame(1).f_code.co_filename is not file and enter(number)`: a recursive call costs no more."""
    code = ast.Attribute(_call(FRAME, ast.Constant(1)), "f_code", ast.Load())
    caller = ast.Attribute(code, "co_filename", ast.Load())
    other = ast.Compare(caller, [ast.NotEq()], [ast.Name(FILE, ast.Load())])
    return ast.BoolOp(ast.And(), [other, _call(ENTER, ast.Constant(number))])


def _statement(value: ast.expr) -> ast.stmt:
    return ast.Expr(value)


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
