"""Where the edits of one function can be judged without running them: sites and their alternatives.

A site is an expression that leaves no trace when it is evaluated twice, as large as possible, or a
place beside a statement at which an edit would insert one. Most edits change one site to another text
(`coderepair.model.Site`); the runner then tells in one run what each would do (`propose.evidence`).
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from coderepair.model import Site
from coderepair.propose.operators import Edit, FunctionContext


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTIONS = _names(
    """abs all any ascii bin bool bytes chr complex dict divmod enumerate filter float format frozenset
    hex int isinstance issubclass len list map max min oct ord pow range repr reversed round set slice
    sorted str sum tuple type zip Counter deque defaultdict OrderedDict Fraction Decimal
    accumulate chain combinations permutations product groupby reduce ceil comb factorial floor gcd
    isqrt lcm log log2 log10 perm prod sqrt bisect bisect_left bisect_right date datetime timedelta
    and or not in is if else for lambda"""
)
"""What may be called (or stand before a bracket) and leaves no trace."""
_METHODS = _names(
    """get keys values items copy count index bit_length is_integer most_common elements
    decode hex conjugate as_integer_ratio fromkeys date isoformat weekday"""
).union(name for kind in (str, frozenset) for name in dir(kind) if name[0] != "_")
_MODULES = _names("math cmath re itertools operator string statistics calendar")
_CALL = re.compile(r"(?:(\w+)\s*(\.)\s*)?\b(\w+)\s*\(")
_TRACES = re.compile(r":=|\b(?:yield|await)\b|[\])}\"']\s*\(")
_GUARD = re.compile(r"if (.+):\n\s+(?:return (.+)|(?:continue|break|raise .+|return|pass))\n?")
_UPDATE = re.compile(r"([\w.]+(?:\[[^\[\]=]+\])*) (|[-+*/%|&^]|//|\*\*|<<|>>)= (.+)\n?")
_INNER = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Lambda | ast.JoinedStr


class Spot(NamedTuple):
    """A site and one of its alternatives."""

    site: int
    alternative: int
    leaving: str = ""
    """How a guard goes on whose condition is the alternative."""


class _Region(NamedTuple):
    """A stretch of the function's text that is one site."""

    start: int
    end: int
    node: ast.expr | ast.AugAssign
    role: str


class Sites:
    """The sites of one function; edits become alternatives as they are placed."""

    def __init__(self, context: FunctionContext) -> None:
        self._context = context
        self._regions = sorted(_regions(context), key=lambda region: region.start)
        self._starts = [region.start for region in self._regions]
        self._borders = dict(_borders(context))
        self._numbers: dict[tuple[str, str, str, int, int], int] = {}
        self._sites: list[tuple[tuple[int, int, int, int, str], str, str, str]] = []
        self._alternatives: list[list[tuple[str, str]]] = []

    def sites(self) -> list[Site]:
        """All sites that have alternatives, in the order of their numbers."""
        return [
            Site(*site, tuple(alternatives))
            for site, alternatives in zip(self._sites, self._alternatives, strict=True)
        ]

    def place(self, edit: Edit) -> Spot | None:
        """Where the edit stands, or None if it cannot be judged on the side."""
        start, end = edit.replacements[0][0], edit.replacements[-1][1]
        if start == end and len(edit.replacements) == 1 and edit.replacements[0][2].endswith("\n"):
            return self._insertion(start, edit.replacements[0][2])
        region = self._region(start, end)
        return self._deletion(edit, start, end) if region is None else self._changed(region, edit)

    def _region(self, start: int, end: int) -> _Region | None:
        found = bisect_right(self._starts, start) - 1
        region = self._regions[found] if found >= 0 else None
        return region if region is not None and end <= region.end else None

    def _changed(self, region: _Region, edit: Edit) -> Spot | None:
        """An edit within one site."""
        text = self._context.text
        new = _edited(text, region, edit)
        if "\n" in new and "\n" not in text[region.start : region.end]:
            return None
        if isinstance(region.node, ast.AugAssign):
            before = _UPDATE.fullmatch(text[region.start : region.end])
            after = _UPDATE.fullmatch(new)
            if before is None or after is None or before[1] != after[1]:
                return None
            return self._spot(region.node, "before", "value", _update(before), _update(after))
        return self._spot(region.node, "at", region.role, text[region.start : region.end], new)

    def _deletion(self, edit: Edit, start: int, end: int) -> Spot | None:
        """A deleted assignment: what it is for keeps the value it had."""
        region = self._within(start, end)
        if region is None or edit.replacements[0][2].strip() not in ("", "pass"):
            return None
        statement = self._context.statement_of(region.node)
        text = self._context.text[region.start : region.end]
        if isinstance(statement, ast.AugAssign) and statement is region.node:
            update = _UPDATE.fullmatch(text)
            return update and self._spot(statement, "before", "value", _update(update), update[1])
        if not isinstance(statement, ast.Assign) or statement.value is not region.node:
            return None
        kept = self._context.source(statement.targets[0])
        return self._spot(region.node, "at", "value", text, kept)

    def _within(self, start: int, end: int) -> _Region | None:
        """The only site of a stretch."""
        first = bisect_left(self._starts, start)
        inside = self._regions[first : first + 2]
        if not inside or inside[0].end > end or (len(inside) > 1 and inside[1].start < end):
            return None
        return inside[0]

    def _insertion(self, at: int, text: str) -> Spot | None:
        """An inserted guard or assignment."""
        line = text.lstrip("\n ")
        border = self._borders.get((at, len(text) - len(text.lstrip())))
        if border is None:
            return None
        statement, where = border
        guard = _GUARD.fullmatch(line)
        if guard is not None:
            spot = self._spot(statement, where, "test", "False", guard[1], guard[2] or "")
            return spot and spot._replace(leaving=line[guard.end(1) :].strip())
        update = _UPDATE.fullmatch(line)
        return update and self._spot(statement, where, "value", update[1], _update(update))

    def _spot(
        self, node: ast.AST, where: str, role: str, base: str, new: str, value: str = ""
    ) -> Spot | None:
        """Adds an alternative to its site."""
        if not new or not leaves_no_trace(new) or (value and not leaves_no_trace(value)):
            return None
        place = position(self._context, node)
        key = (where, role, base, place[0], place[1])
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._sites)
            self._sites.append((place, where, role, base))
            self._alternatives.append([])
        self._alternatives[number].append((new, value))
        return Spot(number, len(self._alternatives[number]) - 1)


def position(context: FunctionContext, node: ast.AST) -> tuple[int, int, int, int, str]:
    """The place of a node in the whole file, as `ast` counts."""
    line = context.line(node) + context.around.first_line - 1
    lines: int = node.end_lineno - node.lineno  # type: ignore[attr-defined]
    columns = (node.col_offset, node.end_col_offset)  # type: ignore[attr-defined]
    return line, columns[0], line + lines, columns[1], type(node).__name__


def leaves_no_trace(text: str) -> bool:
    """Whether a text only calls what is known to change nothing; a guess from its looks."""
    if _TRACES.search(text):
        return False
    for module, dot, name in _CALL.findall(text):
        if dot:
            if name not in _METHODS and module not in _MODULES:
                return False
        elif name not in _FUNCTIONS and name not in _METHODS:
            return False
    return True


def _regions(context: FunctionContext) -> Iterator[_Region]:
    for statement in context.statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(statement, ast.AugAssign):
            text = context.source(statement)
            if leaves_no_trace(text) and _UPDATE.fullmatch(text):
                yield _Region(*context.span(statement), statement, "value")
                continue
        for role, expression in _expressions(statement):
            yield from _largest(context, expression, role)


def _expressions(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The expressions that a statement evaluates itself, and what their values are for."""
    for name, value in ast.iter_fields(statement):
        if isinstance(value, ast.expr) and name not in ("target", "annotation"):
            role = "return" if isinstance(statement, ast.Return) else "value"
            yield ("test" if name == "test" else role), value
        elif name == "targets" and isinstance(value, list):
            for node in (node for target in value for node in ast.walk(target)):
                if isinstance(node, ast.Subscript):
                    yield "value", node.slice


def _largest(context: FunctionContext, node: ast.expr, role: str) -> Iterator[_Region]:
    """The largest expressions below a node, itself included, that leave no trace."""
    if not isinstance(node, ast.Slice | ast.Starred) and leaves_no_trace(context.source(node)):
        yield _Region(*context.span(node), node, role)
    elif not isinstance(node, _INNER):
        for below in _operands(node):
            yield from _largest(context, below, "value")


def _operands(node: ast.expr) -> Iterable[ast.expr]:
    """The expressions right below a node that are evaluated where it is."""
    for below in ast.iter_child_nodes(node):
        if isinstance(below, ast.keyword):
            yield below.value
        elif isinstance(below, ast.expr):
            yield below


def _borders(context: FunctionContext) -> Iterator[tuple[tuple[int, int], tuple[ast.stmt, str]]]:
    """For an offset between two lines and an indentation, the statement next to it."""
    for block in context.blocks:
        for statement in reversed(block.body):
            span = context.line_span(statement)
            if span is not None:
                indent = len(context.indent(statement))
                yield (span[1], indent), (statement, "after")
                yield (span[0], indent), (statement, "before")


def _edited(text: str, region: _Region, edit: Edit) -> str:
    pieces: list[str] = []
    position = region.start
    for start, end, new in edit.replacements:
        pieces += (text[position:start], new)
        position = end
    return "".join([*pieces, text[position : region.end]])


def _update(match: re.Match[str]) -> str:
    """The value that an assignment gives to its name."""
    name, operator, value = match[1], match[2], match[3]
    return f"{name} {operator} ({value})" if operator else value
