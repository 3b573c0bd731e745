"""Expressions replaced by other expressions of the same function, and returned values replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.constants import literals
from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.scope import Scope

_MOST = 30


def ingredients(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All exchanges of an expression for one that stands elsewhere in the function."""
    for node in context.expressions:
        above = context.parent(node)
        if isinstance(above, ast.Return):
            yield from context.replace_many("returned", node, [*scope.variables, *literals(scope)])
        compound = isinstance(
            node, ast.Call | ast.BinOp | ast.Subscript | ast.Attribute | ast.IfExp
        )
        if compound and len(context.source(node)) <= 60 and _slot(above, node):
            kind = scope.type_of(node)
            same = [
                n for n in scope.visible_at(node) if not kind or scope.types.get(n, kind) == kind
            ]
            yield from context.replace_many("ingredient.name", node, same)
        if _slot(above, node):
            yield from _others(context, scope, node)
    yield from _choices(context, scope)


def _slot(above: ast.AST, node: ast.expr) -> bool:
    """Whether whole expressions are commonly mistaken in this place."""
    if isinstance(above, ast.Call):
        return node is not above.func
    if isinstance(above, ast.Subscript):
        return node is above.slice
    return isinstance(
        above,
        ast.Return | ast.Assign | ast.AugAssign | ast.Compare | ast.For | ast.BinOp | ast.IfExp
        | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.comprehension | ast.BoolOp,
    )  # fmt: skip


def _others(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    kind, own = scope.type_of(node), context.span(node)
    yielded = 0
    for other in scope.distinct:
        theirs = context.span(other)
        nested = own[0] <= theirs[0] and theirs[1] <= own[1]
        same = kind == scope.type_of(other) or not kind
        if same and not nested and yielded < _MOST and scope.fits_at(other, node):
            edit = context.replace("ingredient", node, context.source(other))
            if edit is not None:
                yielded += 1
                yield edit


def _choices(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """A returned or assigned value becomes the larger or smaller of it and another variable."""
    for statement in context.statements:
        if not isinstance(statement, ast.Return | ast.Assign) or statement.value is None:
            continue
        node = statement.value
        if scope.type_of(node) not in ("int", "float", "") or len(context.source(node)) > 40:
            continue
        own = context.source(node)
        for name in scope.variables:
            if name != own and scope.types.get(name, "") in ("int", "float"):
                yield from context.replace_many(
                    "choice", node, [f"max({name}, {own})", f"min({name}, {own})"]
                )
