"""The functions of a file as character spans, and programs made by replacing one of them.

A region runs from the start of the line of the first decorator (or `def`) to the end of the last
line, without its newline, so a replacement keeps everything around it byte for byte.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from coderepair.errors import EditError
from coderepair.model import Program

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method of a file."""

    qualname: str
    start: int
    """Offset of the first character of its first line."""
    end: int
    """Offset just behind the last character of its last line."""
    line: int
    """1-based line of `start`."""
    last_line: int
    shadowed: bool = False
    """Whether a later function of the same name in the same block takes its place."""


def functions(source: str) -> list[Function]:
    """All functions of a file, outer before inner, in source order. Raises SyntaxError."""
    starts = _line_starts(source)
    found: list[Function] = []

    def visit(node: ast.AST, prefix: str) -> None:
        shadowed = _shadowed(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, FunctionNode):
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                last = child.end_lineno or child.lineno
                end = starts[last] - 1 if last < len(starts) else len(source)
                name, start = prefix + child.name, starts[first - 1]
                found.append(Function(name, start, end, first, last, child in shadowed))
                visit(child, f"{prefix}{child.name}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.")
            else:
                visit(child, prefix)

    visit(ast.parse(source), "")
    return found


def qualified(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """All functions below a node with their qualified names, outer before inner, in source order."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield prefix + child.name, child
            yield from qualified(child, f"{prefix}{child.name}.<locals>.")
        else:
            name = f"{child.name}." if isinstance(child, ast.ClassDef) else ""
            yield from qualified(child, prefix + name)


def program_of(source: str, targets: tuple[str, ...]) -> Program:
    """The program whose regions are the named functions; the whole file if it does not parse.

    A name may stand for several functions, such as the getter and the setter of a property; of plain
    definitions in one block the last counts, as it does for Python. Nested targets are merged into
    the outer one. Raises `EditError` if a name is not there.
    """
    try:
        alive = [function for function in functions(source) if not function.shadowed]
    except (SyntaxError, ValueError, RecursionError):
        return Program(source)
    names = {function.qualname for function in alive}
    missing = [name for name in targets if name not in names]
    if missing:
        raise EditError(f"the file has no function {missing[0]}")
    spans: list[tuple[int, int]] = []
    for span in sorted((each.start, each.end) for each in alive if each.qualname in targets):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    return Program(source, tuple(spans))


def region_text(program: Program, index: int = 0) -> str:
    """Source of a region as it stands in the file, indentation included."""
    start, end = (program.regions or ((0, len(program.source)),))[index]
    return program.source[start:end]


def replace_region(program: Program, index: int, text: str) -> Program:
    """A program whose region `index` is `text` (with the file's indentation); the rest is kept."""
    regions = program.regions or ((0, len(program.source)),)
    start, end = regions[index]
    shift = len(text) - (end - start)
    moved = tuple(
        (a + shift, b + shift) if a >= end else (a, start + len(text)) if a == start else (a, b)
        for a, b in regions
    )
    source = program.source[:start] + text + program.source[end:]
    return Program(source, moved if program.regions else ())


def indentation(text: str) -> str:
    """Leading white space of the first line."""
    return text[: len(text) - len(text.lstrip(" \t"))]


def reindent(text: str, prefix: str) -> str:
    """`text` dedented and set behind `prefix`; blank lines stay blank."""
    return textwrap.indent(textwrap.dedent(text), prefix)


def _shadowed(node: ast.AST) -> set[FunctionNode]:
    """Undecorated functions of a statement's blocks that are defined again further down."""
    found: set[FunctionNode] = set()
    for _, block in ast.iter_fields(node):
        seen: set[str] = set()
        for child in reversed(block) if isinstance(block, list) else ():
            if isinstance(child, FunctionNode):
                if child.name in seen and not child.decorator_list:
                    found.add(child)
                seen.add(child.name)
    return found


def _line_starts(source: str) -> list[int]:
    """Offset of each line's first character, split at `\\n` as `ast` counts lines."""
    starts = [0]
    for index, char in enumerate(source):
        if char == "\n":
            starts.append(index + 1)
    return starts
