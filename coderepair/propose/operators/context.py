"""What the operators know about a function: its syntax with exact spans, scopes and surroundings."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from coderepair.edit.regions import FunctionNode, indentation
from coderepair.model import CheckResult
from coderepair.propose.operators.edit import Edit, Replacement, one_line
from coderepair.propose.operators.layout import (
    indent_lines,
    is_call,
    is_docstring,
    line_starts,
    only_comment,
)
from coderepair.propose.operators.precedence import LOWEST, level_of_text, required

_HEADER = "if 1:\n"
"""Put before an indented function, so that a method parses at its own columns."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around a function and may lend ingredients to an edit."""

    failures: tuple[CheckResult, ...] = ()
    """Failing checks of the program as it stands."""
    file_text: str = ""
    """The file outside the function."""
    test_text: str = ""
    """The files that hold the checks."""
    statement: str = ""
    checks: int = 0
    """Number of all checks, passing ones included; 0 if unknown."""
    first_line: int = 1
    """Line of the file at which the function's text starts."""

    @property
    def failed(self) -> int:
        """Number of failing checks."""
        return len(self.failures)


@dataclass(frozen=True, slots=True)
class Block:
    """A list of statements: the body of a function, loop or branch."""

    owner: ast.AST
    field: str
    body: list[ast.stmt]


def _as_function(module: ast.Module, text: str) -> ast.FunctionDef:
    """The statements of a file as the body of a function, in their places."""
    none = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    function = ast.FunctionDef("<module>", none, module.body, [], lineno=1, col_offset=0)
    function.end_lineno, function.end_col_offset = max(1, text.count("\n")), 0
    return function


class FunctionContext:
    """A parsed function and its text. Raises SyntaxError if the text does not parse as one function.

    A `script` is a whole file without the line that would make it a function.
    """

    def __init__(
        self, text: str, surroundings: Surroundings | None = None, script: bool = False
    ) -> None:
        self.text = text
        self.around = surroundings or Surroundings()
        indented = bool(indentation(text))
        module = ast.parse(_HEADER + text if indented else text)
        body: list[ast.stmt] = module.body
        if indented and isinstance(body[0], ast.If):
            body = body[0].body
        if script:
            body = [_as_function(module, text)]
        if len(body) != 1 or not isinstance(body[0], FunctionNode):
            raise SyntaxError("not the text of one function")
        self.function: FunctionNode = body[0]
        self._line_shift = 2 if indented else 1
        self._lines = text.split("\n")
        self._starts = line_starts(self._lines)
        self._parents: dict[ast.AST, ast.AST] = {}
        self._order: list[ast.AST] = []
        self._index(self.function)

    def _index(self, root: ast.AST) -> None:
        stack = [root]
        while stack:
            node = stack.pop()
            self._order.append(node)
            children = list(ast.iter_child_nodes(node))
            for child in children:
                self._parents[child] = node
            stack.extend(reversed(children))

    # ---- places -------------------------------------------------------------------------------

    def offset(self, line: int, column: int) -> int:
        """Character offset of a position of `ast` (its columns count UTF-8 bytes)."""
        index = line - self._line_shift
        text = self._lines[index]
        if not text.isascii():
            column = len(text.encode("utf-8")[:column].decode("utf-8", "ignore"))
        return self._starts[index] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Character offsets of a node that has a position; parentheses around it are outside."""
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return start, end

    def source(self, node: ast.AST) -> str:
        """The user's text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def line(self, node: ast.AST) -> int:
        """1-based line of a node inside the function's text."""
        number: int = getattr(node, "lineno", self._line_shift)
        return number - self._line_shift + 1

    def parent(self, node: ast.AST) -> ast.AST:
        return self._parents.get(node, self.function)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """From the parent up to the function itself."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds a node."""
        while not isinstance(node, ast.stmt):
            node = self._parents[node]
        return node

    # ---- what there is ------------------------------------------------------------------------

    @property
    def nodes(self) -> Sequence[ast.AST]:
        """All nodes in source order, the function first."""
        return self._order

    @cached_property
    def expressions(self) -> tuple[ast.expr, ...]:
        """Expressions that may be replaced: read, not in decorators, annotations or f-strings."""
        barred = self._barred
        return tuple(
            node
            for node in self._order
            if isinstance(node, ast.expr)
            and node not in barred
            and isinstance(getattr(node, "ctx", None), ast.Load | None)
            and not isinstance(node, ast.Slice | ast.Starred | ast.Yield | ast.YieldFrom)
        )

    @cached_property
    def _barred(self) -> set[ast.AST]:
        roots: list[ast.AST] = [*self.function.decorator_list]
        for node in self._order:
            if isinstance(node, ast.JoinedStr):
                roots += node.values
            elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
                roots.append(node.annotation)
            elif isinstance(node, FunctionNode) and node.returns:
                roots.append(node.returns)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                roots.append(node.value)
        return {below for root in roots for below in ast.walk(root)}

    def editable(self, node: ast.AST) -> bool:
        """False inside decorators, annotations, f-strings and docstrings."""
        return node not in self._barred

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All statement lists in source order; a docstring is no part of its block."""
        found: list[Block] = []
        for node in self._order:
            for name in ("body", "orelse", "finalbody"):
                body = getattr(node, name, None)
                if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                    kept = body[1:] if node is self.function and is_docstring(body[0]) else body
                    found.append(Block(node, name, kept))
        return tuple(block for block in found if block.body)

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """All statements below the function, in source order, without its docstring."""
        inside = {id(statement) for block in self.blocks for statement in block.body}
        return tuple(n for n in self._order if isinstance(n, ast.stmt) and id(n) in inside)

    @cached_property
    def block_of(self) -> dict[ast.stmt, tuple[Block, int]]:
        """The block of every statement and the position in it."""
        return {
            statement: (block, index)
            for block in self.blocks
            for index, statement in enumerate(block.body)
        }

    @cached_property
    def conditions(self) -> tuple[ast.expr, ...]:
        """Tests of branches, loops, conditional expressions and comprehensions."""
        found: list[ast.expr] = []
        for node in self._order:
            if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
                found.append(node.test)
            elif isinstance(node, ast.comprehension):
                found += node.ifs
        return tuple(node for node in found if self.editable(node))

    @cached_property
    def docstring(self) -> str:
        return ast.get_docstring(self.function, clean=False) or ""

    # ---- making edits -------------------------------------------------------------------------

    def edit(
        self, kind: str, anchor: ast.AST, *replacements: Replacement, old: str = "", new: str = ""
    ) -> Edit:
        """An edit of several places; `old` and `new` default to the texts that change."""
        ordered = tuple(sorted(replacements))
        if not old and not new:
            old = " ".join(one_line(self.text[start:end]) for start, end, _ in ordered)
            new = " ".join(one_line(text) for _, _, text in ordered)
        return Edit(kind, anchor, ordered, old, new)

    def replace(self, kind: str, node: ast.expr, text: str) -> Edit | None:
        """`node` becomes `text`, in parentheses where needed; None if that is no expression."""
        fitted = self.fit(node, text)
        if fitted is None:
            return None
        start, end = self.span(node)
        if self.text[start:end] == fitted:
            return None
        return Edit(
            kind, node, ((start, end, fitted),), one_line(self.text[start:end]), one_line(text)
        )

    def replace_many(self, kind: str, node: ast.expr, texts: Iterable[str]) -> Iterator[Edit]:
        """One edit for each text that fits in the place of `node`."""
        start, end = self.span(node)
        old, needed = self.text[start:end], self.needed(node)
        shown = one_line(old)
        for text in texts:
            level = level_of_text(text)
            fitted = f"({text})" if level < needed else text
            if level >= 0 and fitted != old:
                yield Edit(kind, node, ((start, end, fitted),), shown, one_line(text))

    def fit(self, node: ast.expr, text: str) -> str | None:
        """`text` as it has to be written in the place of `node`; None if it is no expression."""
        level = level_of_text(text)
        if level < 0:
            return None
        return f"({text})" if level < self.needed(node) else text

    def needed(self, node: ast.expr) -> int:
        """The least level of precedence that does without parentheses in this place."""
        needed = required(node, self.parent(node))
        return LOWEST if needed > LOWEST and self.parenthesised(node) else needed

    def operand(self, node: ast.expr, least: int) -> str:
        """The text of `node` as an operand that must bind at least as tightly as `least`."""
        text = self.source(node)
        return f"({text})" if level_of_text(text) < least else text

    def parenthesised(self, node: ast.expr) -> bool:
        """Whether a pair of parentheses stands directly around the node."""
        start, end = self.span(node)
        before = self.text[:start].rstrip()
        return (
            before.endswith("(")
            and self.text[end:].lstrip().startswith(")")
            and not is_call(before)
        )

    # ---- lines --------------------------------------------------------------------------------

    def indent(self, statement: ast.stmt) -> str:
        """White space at the start of the statement's line."""
        return indentation(self._lines[statement.lineno - self._line_shift])

    @cached_property
    def step(self) -> str:
        """One level of indentation, as the function uses it."""
        own = indentation(self.text)
        inner = indentation(self._lines[self.function.body[0].lineno - self._line_shift])
        return inner[len(own) :] if inner.startswith(own) and inner != own else "    "

    def line_span(self, statement: ast.stmt) -> tuple[int, int] | None:
        """Offsets of the statement's whole lines with the last newline; None if it shares a line."""
        start, end = self.span(statement)
        decorators = getattr(statement, "decorator_list", [])
        if decorators:
            start = min(start, *(self.span(d)[0] - 1 for d in decorators))
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", end)
        last = len(self.text) if last < 0 else last + 1
        if self.text[first:start].strip() or not only_comment(self.text[end:last]):
            return None
        return first, last

    def lines(self, statement: ast.stmt) -> str | None:
        """The statement's whole lines, ending in a newline; None if it shares a line."""
        span = self.line_span(statement)
        if span is None:
            return None
        text = self.text[slice(*span)]
        return text if text.endswith("\n") else text + "\n"

    def line_break(self, at: int) -> str:
        """A newline where lines are put behind a last line that lacks its own."""
        return "\n" if at == len(self.text) and not self.text.endswith("\n") else ""

    def insert_before(self, kind: str, statement: ast.stmt, text: str) -> Edit | None:
        """`text` (lines without indentation) before a statement, at its level."""
        span = self.line_span(statement)
        if span is None:
            return None
        lines = indent_lines(text, self.indent(statement))
        return Edit(kind, statement, ((span[0], span[0], lines),), "", one_line(text))

    def insert_after(
        self, kind: str, statement: ast.stmt, text: str, indent: str | None = None
    ) -> Edit | None:
        """`text` (lines without indentation) behind a statement, at its level unless told."""
        span = self.line_span(statement)
        if span is None:
            return None
        lines = indent_lines(text, self.indent(statement) if indent is None else indent)
        at = span[1]
        lines = self.line_break(at) + lines
        return Edit(kind, statement, ((at, at, lines),), "", one_line(text))
