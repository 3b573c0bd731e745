"""Walks over a syntax tree that stop at the border of a statement or of a scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def header(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's own parts, itself first, without the statements inside it."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack += [
            child
            for child in ast.iter_child_nodes(part)
            if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below a node but for what is inside the functions and classes there."""
    stack = list(ast.iter_child_nodes(node))
    while stack:
        part = stack.pop()
        yield part
        if not isinstance(part, SCOPES):
            stack += ast.iter_child_nodes(part)
