"""Bringing along what a new function needs: imports and helper functions that the file lacks."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.edit.regions import FunctionNode
from coderepair.model import Program

_Import = ast.Import | ast.ImportFrom


def insert_definitions(program: Program, region: int, block: ast.Module, text: str) -> Program:
    """Adds imports and helpers of `block` that `text` uses, directly or through a helper, and the
    program's file does not bind. Imports go below those at the top, helpers in front of the
    statement that holds the region."""
    source = program.source
    try:
        module = ast.parse(source)
        wanted = _names(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return program
    bound = set(_bound(module.body))
    helpers: list[ast.stmt] = []
    candidates = [node for node in block.body if isinstance(node, FunctionNode | ast.ClassDef)]
    candidates = [node for node in candidates if node.name not in bound]
    while new := [n for n in candidates if n.name in wanted and n not in helpers]:
        helpers += new
        wanted = wanted.union(*(_names(node) for node in new))
    lines = [
        line
        for node in block.body
        if isinstance(node, _Import)
        for line in _missing_import(node, wanted - bound)
    ]
    helpers.sort(key=lambda node: node.lineno)
    start = program.regions[region][0]
    if helpers:
        code = "\n\n\n".join(ast.unparse(node) for node in helpers)
        program = _insert(program, _statement_start(source, module, start), f"{code}\n\n\n")
    if lines:
        program = _insert(program, _import_place(source, module), "".join(f"{x}\n" for x in lines))
    return program


def _missing_import(node: _Import, wanted: set[str]) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        if name in wanted:
            single = (
                ast.Import([alias])
                if isinstance(node, ast.Import)
                else ast.ImportFrom(node.module, [alias], node.level)
            )
            yield ast.unparse(single)


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that module-level statements bind."""
    for statement in body:
        if isinstance(statement, FunctionNode | ast.ClassDef):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.alias):
                yield node.asname or node.name.partition(".")[0]
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, FunctionNode | ast.ClassDef):
                yield node.name


def _import_place(source: str, module: ast.Module) -> int:
    """Offset below the module's docstring and first run of imports; below leading comments else."""
    line = 0
    for index, node in enumerate(module.body):
        docstring = index == 0 and isinstance(node, ast.Expr) and _is_text(node.value)
        if not (docstring or isinstance(node, _Import)):
            break
        line = node.end_lineno or node.lineno
    lines = source.split("\n")
    if line == 0:
        while line < len(lines) and lines[line].startswith("#"):
            line += 1
    return sum(len(text) + 1 for text in lines[:line])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _statement_start(source: str, module: ast.Module, offset: int) -> int:
    """Offset of the first line of the module-level statement that holds `offset`."""
    line = source.count("\n", 0, offset) + 1
    for node in module.body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        if first <= line <= (node.end_lineno or node.lineno):
            return sum(len(text) + 1 for text in source.split("\n")[: first - 1])
    return offset


def _insert(program: Program, offset: int, text: str) -> Program:
    """Puts text in front of an offset that is in no region, and moves the regions behind it."""
    if offset > len(program.source):
        text = "\n" + text
        offset = len(program.source)
    source = program.source[:offset] + text + program.source[offset:]
    moved = tuple(
        (a + len(text), b + len(text)) if a >= offset else (a, b) for a, b in program.regions
    )
    return Program(source, moved)
