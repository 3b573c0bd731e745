"""A function without its body: what a model sees that is to write it anew."""

from __future__ import annotations

import ast


def stub(function: str) -> str:
    """Decorators, signature and docstring, then `...`; the text itself if it does not parse."""
    try:
        body = ast.parse(function).body
    except (SyntaxError, ValueError, RecursionError):
        return function
    node = body[0] if body else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return function
    lines = function.split("\n")
    first = node.body[0]
    has_docstring = ast.get_docstring(node) is not None
    if first.lineno == node.lineno:
        header = lines[: node.lineno]
        header[-1] = header[-1].encode()[: first.col_offset].decode().rstrip()
        return "\n".join([*header, "    ..."])
    end = (first.end_lineno or first.lineno) if has_docstring else first.lineno - 1
    indent = " " * first.col_offset
    return "\n".join([*lines[:end], f"{indent}..."])
