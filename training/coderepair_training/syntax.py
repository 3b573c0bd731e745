"""A function's text and its syntax tree side by side, so that an edit keeps all text around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_ATOMS = (
    ast.Name,
    ast.Constant,
    ast.Call,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.JoinedStr,
)
_OPERATORS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Attribute, ast.Subscript)


@dataclass(frozen=True, slots=True)
class Splice:
    """Characters `start` to `end` of a text give way to `text`."""

    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """The text with the replacement made."""
        return source[: self.start] + self.text + source[self.end :]


class FunctionText:
    """A module's text with one function of it under the knife. Raises SyntaxError, ValueError."""

    def __init__(self, source: str, name: str = "") -> None:
        self.source = source
        self.module = ast.parse(source)
        self.function = _find(self.module, name)
        self._starts = _line_starts(source)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Parent of every node inside the function."""
        return {
            child: node for node in ast.walk(self.function) for child in ast.iter_child_nodes(node)
        }

    @cached_property
    def body(self) -> list[ast.stmt]:
        """The function's statements without its docstring."""
        first = self.function.body[0]
        documented = (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        )
        return self.function.body[1:] if documented else self.function.body

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node that may change: no docstring, decorator, annotation, import or f-string part."""
        return [node for statement in self.body for node in _walk(statement)]

    @cached_property
    def expressions(self) -> list[ast.expr]:
        """Expressions that are read, in source order."""
        return [
            node
            for node in self.nodes
            if isinstance(node, ast.expr)
            and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        ]

    @cached_property
    def blocks(self) -> list[list[ast.stmt]]:
        """Statement lists below (and with) the function's body, outer before inner."""
        blocks = [self.body]
        for node in self.nodes:
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block:
                    blocks.append(block)
        return blocks

    @cached_property
    def names(self) -> list[str]:
        """Parameters and assigned local names, in order of appearance, without `self` and `cls`."""
        arguments = self.function.args
        found = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        found += [
            node.id
            for node in self.nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        return [name for name in dict.fromkeys(found) if name not in ("self", "cls", "_")]

    def offset(self, line: int, column: int) -> int:
        """Character offset of `ast`'s 1-based line and 0-based UTF-8 column."""
        start = self._starts[line - 1]
        if column == 0:
            return start
        end = self._starts[line] if line < len(self._starts) else len(self.source)
        text = self.source[start:end]
        if text.isascii():
            return start + column
        return start + len(text.encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Character span of a node."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def text(self, node: ast.expr | ast.stmt) -> str:
        """A node as it stands in the source."""
        start, end = self.span(node)
        return self.source[start:end]

    def replace(self, node: ast.expr | ast.stmt, text: str) -> Splice:
        """The splice that puts `text` in a node's place."""
        return Splice(*self.span(node), text)

    def promote(self, node: ast.expr, child: ast.expr) -> Splice:
        """The splice that puts a node's child in its place, in parentheses where it needs them."""
        text = self.text(child)
        if not isinstance(child, _ATOMS) and isinstance(self.parents.get(node), _OPERATORS):
            text = f"({text})"
        return self.replace(node, text)

    def lines_of(self, statement: ast.stmt) -> tuple[int, int] | None:
        """Span of a statement's whole lines with the last newline; None if it shares a line."""
        start, end = self.span(statement)
        first = self.source.rfind("\n", 0, start) + 1
        last = self.source.find("\n", end)
        last = len(self.source) if last < 0 else last + 1
        before, after = self.source[first:start], self.source[end:last].strip()
        if before.strip() or (after and not after.startswith("#")):
            return None
        return first, last

    def indent_of(self, statement: ast.stmt) -> str:
        """White space in front of a statement that starts its line."""
        start, _ = self.span(statement)
        return self.source[self.source.rfind("\n", 0, start) + 1 : start]


def _find(module: ast.Module, name: str) -> FunctionNode:
    """The last function called `name`, or the first of all; ValueError if there is none."""
    found = [node for node in ast.walk(module) if isinstance(node, FunctionNode)]
    named = [node for node in found if node.name == name] if name else found[:1]
    if not named:
        raise ValueError(f"no function {name or 'at all'}")
    return named[-1]


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Global | ast.Nonlocal):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _line_starts(source: str) -> list[int]:
    starts = [0]
    starts.extend(index + 1 for index, char in enumerate(source) if char == "\n")
    return starts
