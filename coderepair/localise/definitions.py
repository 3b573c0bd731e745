"""Which definitions reach which uses in a function: reaching definitions over its syntax.

Each statement is a place, named by the line at which it starts; compound statements stand for their
header. Loops are run to a fixed point. Calls of a method, and assignments to a part of a value, define
the value anew without taking the earlier definitions away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from coderepair.edit.nodes import header
from coderepair.edit.regions import FunctionNode

Reaching = dict[str, frozenset[int]]
"""Name -> lines of the statements whose definition of it may still hold."""
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(slots=True)
class Flow:
    """Dependences between the statements of a function, all as 1-based lines."""

    data: dict[int, set[int]] = field(default_factory=dict)
    """Line -> lines of the definitions that it uses."""
    control: dict[int, set[int]] = field(default_factory=dict)
    """Line -> headers that decide whether it runs, leaving early included."""
    ends: set[int] = field(default_factory=set)
    """Statements that give the function's value: `return` with one, `yield`."""
    changes: set[int] = field(default_factory=set)
    """Statements that change a part of a value in place."""


def flow_of(function: FunctionNode) -> Flow:
    """The dependences inside a function; its parameters are defined on its own line."""
    walker = _Walker()
    arguments = function.args
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    start: Reaching = {each.arg: frozenset({function.lineno}) for each in names}
    walker.block(function.body, start, frozenset({function.lineno}))
    return walker.flow


@dataclass(slots=True)
class _Exits:
    """What reaches the `break` and the `continue` statements of a loop."""

    out: list[Reaching] = field(default_factory=list)
    again: list[Reaching] = field(default_factory=list)


class _Walker:
    """Runs over statements; `flow` grows, so running over a loop twice does no harm."""

    def __init__(self) -> None:
        self.flow = Flow()
        self._loops: list[_Exits] = []
        """Of the loops around, the innermost last."""

    def block(
        self, body: Iterable[ast.stmt], reaching: Reaching | None, guards: frozenset[int]
    ) -> Reaching | None:
        """What holds behind the statements; None if nothing gets there."""
        for statement in body:
            if reaching is None:
                return None
            reaching = self._statement(statement, reaching, guards)
            if _leaves(statement):
                guards |= {statement.lineno}  # what follows runs only if this did not leave
        return reaching

    def _statement(
        self, node: ast.stmt, reaching: Reaching, guards: frozenset[int]
    ) -> Reaching | None:
        self._use(node, reaching, guards)
        match node:
            case ast.If():
                inner = guards | {node.lineno}
                reaching = self._define(node.test, node.lineno, reaching)
                first = self.block(node.body, reaching, inner)
                return _joined([first, self.block(node.orelse, reaching, inner)])
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node, reaching, guards)
            case ast.Try() | ast.TryStar():
                return self._try(node, reaching, guards)
            case ast.With() | ast.AsyncWith():
                reaching = self._define(node, node.lineno, reaching)
                return self.block(node.body, reaching, guards | {node.lineno})
            case ast.Match():
                ways = [
                    self.block(case.body, self._define(case.pattern, node.lineno, reaching), inner)
                    for inner in [guards | {node.lineno}]
                    for case in node.cases
                ]
                return _joined([reaching, *ways])
            case ast.Break() | ast.Continue():
                if self._loops:
                    exits = self._loops[-1]
                    (exits.out if isinstance(node, ast.Break) else exits.again).append(reaching)
                return None
            case ast.Return() | ast.Raise():
                return None
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return {**reaching, node.name: frozenset({node.lineno})}
        return self._define(node, node.lineno, reaching)

    def _loop(
        self, node: ast.For | ast.AsyncFor | ast.While, reaching: Reaching, guards: frozenset[int]
    ) -> Reaching | None:
        inner = guards | {node.lineno}
        header = node.test if isinstance(node, ast.While) else node.target
        while True:
            self._use(node, reaching, guards)
            self._loops.append(_Exits())
            entered = self._define(header, node.lineno, reaching)
            behind = self.block(node.body, entered, inner)
            exits = self._loops.pop()
            around = _joined([reaching, behind, *exits.again]) or reaching
            if around == reaching:
                done = None if _endless(node) else self.block(node.orelse, entered, inner)
                skipped = None if isinstance(node, ast.While) else reaching
                return _joined([done, skipped, *exits.out])
            reaching = around

    def _try(
        self, node: ast.Try | ast.TryStar, reaching: Reaching, guards: frozenset[int]
    ) -> Reaching | None:
        """A handler may be reached from any statement of the body."""
        inner = guards | {node.lineno}
        tried = self.block(node.body, reaching, inner)
        anywhere = _joined([reaching, tried, self._definitions_in(node.body, reaching)])
        ends = [self.block(node.orelse, tried, inner)]
        for handler in node.handlers:
            start = dict(anywhere or reaching)
            if handler.name:
                start[handler.name] = frozenset({node.lineno})
            ends.append(self.block(handler.body, start, inner))
        behind = _joined(ends)
        return (
            self.block(node.finalbody, behind if behind is not None else anywhere, inner) and behind
        )

    def _definitions_in(self, body: list[ast.stmt], reaching: Reaching) -> Reaching:
        """Every definition in a body beside those that hold before it."""
        found = dict(reaching)
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.stmt):
                    for name, _ in defined(node):
                        found[name] = found.get(name, frozenset()) | {node.lineno}
        return found

    def _use(
        self, node: ast.stmt, reaching: Mapping[str, frozenset[int]], guards: frozenset[int]
    ) -> None:
        line = node.lineno
        uses = self.flow.data.setdefault(line, set())
        for name in used(node):
            uses |= reaching.get(name, frozenset())
        self.flow.control.setdefault(line, set()).update(guards - {line})
        if (isinstance(node, ast.Return) and node.value is not None) or _yields(node):
            self.flow.ends.add(line)

    def _define(self, node: ast.AST, line: int, reaching: Reaching) -> Reaching:
        found = dict(reaching)
        for name, whole in defined(node):
            found[name] = frozenset({line}) if whole else found.get(name, frozenset()) | {line}
            if not whole:
                self.flow.changes.add(line)
        return found


def used(node: ast.stmt) -> set[str]:
    """Names that a statement reads; of a nested function all that its body mentions."""
    parts = ast.walk(node) if isinstance(node, _SCOPES) else header(node)
    names = {
        each.id for each in parts if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        names.add(node.target.id)
    return names


def defined(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """(name, whether all of its value is new) for what a statement's header defines."""
    for part in header(node):
        match part:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                yield part.id, True
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                if (name := _root(part)) is not None:
                    yield name, False
            case ast.Call(func=ast.Attribute()):
                if isinstance(node, ast.Expr) and (name := _root(part.func)) is not None:
                    yield name, False
            case ast.MatchAs() | ast.MatchStar():
                if part.name is not None:
                    yield part.name, True
            case ast.alias():
                yield (part.asname or part.name).partition(".")[0], True


def _root(node: ast.expr) -> str | None:
    """`a` for `a.b[0].c`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _yields(node: ast.stmt) -> bool:
    return not isinstance(node, _SCOPES) and any(
        isinstance(part, ast.Yield | ast.YieldFrom) for part in header(node)
    )


def _leaves(node: ast.stmt) -> bool:
    """Whether a compound statement may leave the block that it stands in."""
    if isinstance(node, _SCOPES) or not hasattr(node, "body"):
        return False
    leaving = ast.Return | ast.Raise | ast.Break | ast.Continue
    return any(isinstance(part, leaving) for part in ast.walk(node))


def _endless(node: ast.stmt) -> bool:
    """Whether a loop has no end but by `break`."""
    return (
        isinstance(node, ast.While)
        and isinstance(node.test, ast.Constant)
        and bool(node.test.value)
    )


def _joined(ways: Iterable[Reaching | None]) -> Reaching | None:
    """What holds where several ways meet; None if none of them gets there."""
    open_ways = [way for way in ways if way is not None]
    if not open_ways:
        return None
    found: Reaching = {}
    for way in open_ways:
        for name, lines in way.items():
            found[name] = found.get(name, frozenset()) | lines
    return found
