"""Builds control-flow graphs from syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from coderepair.edit.regions import FunctionNode, qualified
from coderepair.trace.fuse import fused
from coderepair.trace.graph import (
    BEFORE,
    BLOCK,
    END,
    ENTER,
    EXIT,
    FUNCTION,
    LINE,
    RETURN,
    TEST,
    Block,
    Graph,
    Point,
    body_lines,
    first_line,
    last_line,
    lines_with_code,
    nested,
)


def graphs(source: str, level: str = BLOCK) -> tuple[Graph, ...]:
    """All functions of a file in source order, methods and nested ones too.

    Raises SyntaxError, ValueError (null bytes) or RecursionError for what cannot be parsed.
    """
    code = lines_with_code(source)
    return tuple(_graph(name, node, code, level) for name, node in qualified(ast.parse(source)))


def _graph(name: str, node: FunctionNode, code: frozenset[int], level: str) -> Graph:
    flow = _Flow(code, level)
    flow.function(node)
    frame = [_point(node, where, 0) for where in (ENTER, END)]
    blocks, points = fused(flow.blocks(), flow.points)
    return Graph(name, node.lineno, blocks, (*frame, *points))


def _point(node: ast.stmt, where: str, block: int) -> Point:
    return Point(node.lineno, node.col_offset, type(node).__name__, where, block)


@dataclass(slots=True)
class _Loop:
    """A loop around the statement that is looked at."""

    head: int
    breaks: set[int] = field(default_factory=set)
    """Blocks that end with a `break` out of it."""


@dataclass(slots=True)
class _Finally:
    """A `finally` that every way out of the statement passes."""

    jumps: set[type[ast.stmt]] = field(default_factory=set)
    """Kinds of statements that leave through it."""


class _Flow:
    """The blocks of one function, in the order in which they begin."""

    def __init__(self, code: frozenset[int], level: str) -> None:
        self.points: list[Point] = []
        self._code = code
        self._level = level
        self._lines: list[set[int]] = []
        self._after: list[set[int]] = []
        self._silent: set[int] = set()
        self._from: set[int] = set()
        """Blocks from which control comes to the statement that is next."""
        self._open: int | None = None
        """The block that the next statement belongs to, if it does not begin one."""
        self._scopes: list[_Loop | _Finally] = []

    def blocks(self) -> list[Block]:
        parts = zip(self._lines, self._after, strict=True)
        return [
            Block(tuple(sorted(lines)), frozenset(after), number in self._silent)
            for number, (lines, after) in enumerate(parts)
        ]

    def function(self, node: FunctionNode) -> None:
        """Takes in a function's body."""
        body, docstring = node.body, ast.get_docstring(node, clean=False) is not None
        if self._level == FUNCTION:
            self._whole(node, body[int(docstring) :])
        else:
            if docstring:
                self._begin()
                self._add(body[0])
            self._statements(body[int(docstring) :], watched=not docstring)
        self._link(self._from, EXIT)
        self._adopt(self._own(node))

    def _whole(self, node: FunctionNode, body: Sequence[ast.stmt]) -> None:
        """One block for all."""
        self._begin(body[0] if body else None)
        self._lines[0] |= self._own(node)
        inside = {each for function in nested(node) for each in ast.walk(function)}
        for each in ast.walk(node):
            if isinstance(each, ast.Return) and each not in inside:
                self.points.append(_point(each, RETURN, 0))

    def _own(self, node: FunctionNode) -> set[int]:
        """Lines with code of a function's body, without the bodies of those inside it."""
        return set(body_lines(node)) & self._code - _foreign(nested(node))

    # -- statements -------------------------------------------------------------------------------

    def _statements(self, body: Iterable[ast.stmt], watched: bool = True) -> None:
        for index, statement in enumerate(body):
            if index == 0 and not watched:  # the block began with the docstring, which is no code
                self.points.append(_point(statement, _where(statement), 0))
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.If():
                self._if(node)
            case ast.While() | ast.For() | ast.AsyncFor():
                self._loop(node)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.Match():
                self._match(node)
            case _:
                self._simple(node)

    def _simple(self, node: ast.stmt) -> None:
        number = self._here(node)
        self._add(node)
        if isinstance(node, ast.Return):
            self.points.append(_point(node, RETURN, number))
        if isinstance(node, ast.Return | ast.Break | ast.Continue):
            self._jump(type(node), {number})
        elif isinstance(node, ast.Raise | ast.Assert):
            self._link({number}, EXIT)
        if isinstance(node, ast.Return | ast.Break | ast.Continue | ast.Raise):
            self._from, self._open = set(), None
        elif isinstance(node, ast.Assert) or self._level == LINE:
            self._open = None

    def _if(self, node: ast.If) -> None:
        number = self._here(node)
        self._add_head(node, node.body[0])
        ends = self._branch({number}, node.body)
        ends |= self._branch({number}, node.orelse)
        self._from = ends

    def _loop(self, node: ast.While | ast.For | ast.AsyncFor) -> None:
        self._open = None
        if isinstance(node, ast.While):
            head = self._begin(node, TEST)
        else:
            head = self._begin(node)
            self._silent.add(head)
        self._add_head(node, node.body[0])
        loop = _Loop(head)
        self._scopes.append(loop)
        first = len(self.points)
        self._link(self._branch({head}, node.body), head)
        self._scopes.pop()
        if not isinstance(node, ast.While):
            self._mark_rounds(node, first)
        endless = isinstance(node, ast.While) and _is_true(node.test)
        self._from = self._branch(set() if endless else {head}, node.orelse) | loop.breaks

    def _mark_rounds(self, node: ast.For | ast.AsyncFor, first: int) -> None:
        """The first point of a `for`'s body begins each of its rounds."""
        names = [each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)]
        start = _point(node.body[0], _where(node.body[0]), 0)
        for index in range(first, len(self.points)):
            point = self.points[index]
            if replace(point, block=0) == start:
                self.points[index] = replace(point, rounds=tuple(names) or ("*",))

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        start = len(self._lines)
        cleanup = _Finally()
        if node.finalbody:
            self._scopes.append(cleanup)
        ends = self._branch(self._from, node.body)
        inside = set(range(start, len(self._lines)))
        ends = self._branch(ends, node.orelse)
        for handler in node.handlers:
            ends |= self._branch(inside, handler.body)
        if node.finalbody:
            self._scopes.pop()
            everything = set(range(start, len(self._lines)))
            last = self._branch(ends | everything, node.finalbody)
            self._link(last, EXIT)
            for kind in sorted(cleanup.jumps, key=lambda each: each.__name__):
                self._jump(kind, last)
            ends = last
        self._from = ends

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        number = self._here(node)
        self._add_head(node, node.body[0])
        start = len(self._lines)
        ends = self._branch({number}, node.body)
        # A context manager may swallow what its body raises.
        self._from = ends | set(range(start, len(self._lines)))

    def _match(self, node: ast.Match) -> None:
        number = self._here(node)
        self._lines[number] |= self._code & set(
            range(node.lineno, max(node.cases[0].pattern.lineno, node.lineno + 1))
        )
        ends = set()
        for case in node.cases:
            ends |= self._branch({number}, case.body)
        last = node.cases[-1]
        catches_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        self._from = ends if catches_all and last.guard is None else ends | {number}

    # -- parts ------------------------------------------------------------------------------------

    def _branch(self, sources: set[int], body: Sequence[ast.stmt]) -> set[int]:
        """Takes in statements that begin a block; returns the blocks at their end."""
        self._from, self._open = set(sources), None
        self._statements(body)
        self._open = None
        return self._from

    def _here(self, node: ast.stmt) -> int:
        return self._begin(node) if self._open is None else self._open

    def _begin(self, node: ast.stmt | None = None, where: str = BEFORE) -> int:
        number = len(self._lines)
        self._lines.append(set())
        self._after.append(set())
        self._link(self._from, number)
        self._from, self._open = {number}, number
        if node is not None:
            self.points.append(_point(node, where, number))
        return number

    def _link(self, sources: Iterable[int], number: int) -> None:
        for source in sources:
            self._after[source].add(number)

    def _jump(self, kind: type[ast.stmt], sources: set[int]) -> None:
        """Control leaves by a `return`, `break` or `continue`."""
        for scope in reversed(self._scopes):
            if isinstance(scope, _Finally):
                scope.jumps.add(kind)  # every block inside leads there already
                return
            if kind is ast.Break:
                scope.breaks |= sources
                return
            if kind is ast.Continue:
                self._link(sources, scope.head)
                return
        self._link(sources, EXIT)

    def _add(self, node: ast.stmt) -> None:
        """A simple statement's lines, or the head of a definition."""
        number = self._open
        assert number is not None
        lines = set(range(first_line(node), last_line(node) + 1)) & self._code
        itself = [node] if isinstance(node, FunctionNode) else []
        self._lines[number] |= lines - _foreign([*itself, *nested(node)])

    def _add_head(self, node: ast.stmt, body: ast.stmt) -> None:
        """The lines of a compound statement before its body."""
        number = self._open
        assert number is not None
        behind = max(first_line(body), node.lineno + 1)
        self._lines[number] |= self._code & set(range(node.lineno, behind))

    def _adopt(self, wanted: set[int]) -> None:
        """Lines with nothing but a keyword (`else:`, `except X:`) go to the block behind them."""
        owners = {line: number for number, lines in enumerate(self._lines) for line in lines}
        for line in sorted(wanted - owners.keys(), reverse=True):
            owner = owners.get(min((each for each in owners if each > line), default=0), 0)
            owners[line] = owner
            self._lines[owner].add(line)


def _foreign(definitions: Iterable[FunctionNode]) -> set[int]:
    """Lines of their bodies; one that a body shares with its `def` is not among them."""
    return {line for each in definitions for line in body_lines(each) if line != each.lineno}


def _where(node: ast.stmt) -> str:
    return TEST if isinstance(node, ast.While) else BEFORE


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)
