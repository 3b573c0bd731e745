"""Names that are defined nowhere (E0602), and functions that a later one replaces (E0102)."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

from coderepair.edit.regions import FunctionNode
from coderepair.project.findings import Finding
from coderepair.project.inference import Inference

_ALWAYS = frozenset(dir(builtins)) | {
    "__file__", "__name__", "__doc__", "__package__", "__spec__", "__loader__", "__path__",
    "__class__", "__module__", "__qualname__", "__annotations__", "__builtins__", "__debug__",
}  # fmt: skip


def check(source: str, tree: ast.Module, inference: Inference) -> Iterator[Finding]:
    """The whole module's findings."""
    yield from _undefined(source, tree, inference)
    for node in ast.walk(tree):
        for _, block in ast.iter_fields(node):
            if isinstance(block, list):
                yield from _redefined(block)


def _undefined(source: str, tree: ast.Module, inference: Inference) -> Iterator[Finding]:
    module = inference.module
    if module.open:
        return
    try:
        missing = set(_missing(symtable.symtable(source, "<file>", "exec")))
    except (SyntaxError, ValueError):
        return
    missing = {name for name in missing if inference.names.binds(module, name) is False}
    for node in ast.walk(tree) if missing else ():
        if isinstance(node, ast.Name) and node.id in missing and isinstance(node.ctx, ast.Load):
            yield Finding(node.lineno, "E0602", f"undefined name {node.id!r}", node.id)


def _missing(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that some scope looks up in the module, and that Python itself does not have."""
    for symbol in table.get_symbols():
        # Python 3.11 takes every function called `top` for the module: there all locals are global too.
        looked_up = symbol.is_global() and not symbol.is_local()
        if looked_up and symbol.is_referenced() and symbol.get_name() not in _ALWAYS:
            yield symbol.get_name()
    if table.get_type() == "module":
        yield from (
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and not symbol.is_assigned() and not symbol.is_imported()
            if not symbol.is_namespace() and symbol.get_name() not in _ALWAYS
        )
    for child in table.get_children():
        yield from _missing(child)


def _redefined(block: list[ast.AST]) -> Iterator[Finding]:
    """Of plain functions with the same name in one block, those behind the first."""
    seen: dict[str, int] = {}
    for node in block:
        if not isinstance(node, FunctionNode | ast.ClassDef):
            continue
        if node.name in seen and not node.decorator_list and node.name != "_":
            text = f"{node.name!r} is defined already at line {seen[node.name]} of the file"
            yield Finding(node.lineno, "E0102", text, node.name)
        if not node.decorator_list:
            seen[node.name] = node.lineno
