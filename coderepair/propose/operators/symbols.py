"""Operators: comparison, arithmetic, boolean, unary, augmented assignment, and how they nest."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from coderepair.propose.operators import types
from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import AND, ATOM, NOT, OR, PRODUCT, SUM
from coderepair.propose.operators.scope import Scope

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not")
_COMPARISON = re.compile(r"==|!=|<=|>=|<|>|\bnot\s+in\b|\bis\s+not\b|\bis\b|\bin\b")
_ARITHMETIC = ("+", "-", "*", "/", "//", "%", "**")
_BITWISE = ("&", "|", "^", "<<", ">>")
_BINARY = re.compile(r"\*\*|//|<<|>>|[-+*/%&|^]")
_AUGMENTED = ("+=", "-=", "*=", "/=", "//=", "%=", "**=", "|=", "&=", "^=", "=")
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def symbols(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of operators."""
    for node in context.expressions:
        match node:
            case ast.Compare():
                yield from _compare(context, scope, node)
            case ast.BinOp():
                yield from _binary(context, scope, node)
            case ast.BoolOp():
                yield from _boolean(context, node)
            case ast.UnaryOp(operand=operand):
                yield from context.replace_many("unary.drop", node, [context.source(operand)])
        yield from _sign(context, scope, node)
    for statement in context.statements:
        yield from _assignment(context, statement)


def gap(
    context: FunctionContext, left: ast.AST, right: ast.AST, pattern: re.Pattern[str]
) -> tuple[int, int] | None:
    """Offsets of the operator between two operands."""
    start, end = context.span(left)[1], context.span(right)[0]
    found = pattern.search(context.text, start, end)
    return found.span() if found else None


def _compare(context: FunctionContext, scope: Scope, node: ast.Compare) -> Iterator[Edit]:
    operands = [node.left, *node.comparators]
    for left, right in itertools.pairwise(operands):
        place = gap(context, left, right, _COMPARISON)
        if place is None:
            continue
        old = " ".join(context.text[slice(*place)].split())
        for new in _alternatives(old, scope.type_of(right), right):
            padded = new if not new[0].isalpha() else _spaced(context, place, new)
            yield context.edit("compare", node, (*place, padded), old=old, new=new)
        if len(operands) == 2 and old not in _MIRRORED and old not in ("==", "!="):
            a, b = context.source(left), context.source(right)
            yield context.edit(
                "compare.swap", node, (*context.span(left), b), (*context.span(right), a)
            )
    if len(operands) == 3:
        yield from _chain(context, node)


def _alternatives(old: str, right: str, node: ast.expr) -> Iterator[str]:
    container = right in types.COLLECTIONS or right == "str" or not right
    singleton = isinstance(node, ast.Constant) and (
        node.value is None or isinstance(node.value, bool)
    )
    for new in _COMPARISONS:
        if new == old or (new.endswith("in") and not container and not old.endswith("in")):
            continue
        if new.startswith("is") and not singleton and not old.startswith("is"):
            continue
        yield new


def _spaced(context: FunctionContext, place: tuple[int, int], word: str) -> str:
    before = "" if context.text[place[0] - 1].isspace() else " "
    after = "" if context.text[place[1] : place[1] + 1].isspace() else " "
    return f"{before}{word}{after}"


def _chain(context: FunctionContext, node: ast.Compare) -> Iterator[Edit]:
    """`a < b < c` to either half."""
    middle, (start, end) = node.comparators[0], context.span(node)
    first = context.text[start : context.span(middle)[1]]
    second = context.text[context.span(middle)[0] : end]
    yield from context.replace_many("compare.chain", node, [first, second])


def _binary(context: FunctionContext, scope: Scope, node: ast.BinOp) -> Iterator[Edit]:
    place = gap(context, node.left, node.right, _BINARY)
    if place is None:
        return
    old = context.text[slice(*place)]
    text, sets = scope.type_of(node) == "str", scope.type_of(node) == "set"
    news = _ARITHMETIC + _BITWISE if old in _BITWISE or not (text or sets) else (*_BITWISE, "-")
    for new in news:
        plain = old in _ARITHMETIC and new in _BITWISE
        if new != old and not (plain and new not in "&|^") and not (text and new in _BITWISE):
            yield from _rebuilt(
                context, "binary", node, context.source(node.left), new, context.source(node.right)
            )
    left, right = context.source(node.left), context.source(node.right)
    yield from context.replace_many("binary.drop", node, [left, right])
    if old not in ("*", "&", "|", "^") and left != right:
        yield from _rebuilt(context, "binary.swap", node, right, old, left)
    yield from _rotations(context, node, old)


def _rebuilt(
    context: FunctionContext, kind: str, node: ast.BinOp, left: str, op: str, right: str
) -> Iterator[Edit]:
    """The operation with another operator or order; operands bind as tightly as the new one needs."""
    if kind == "binary" and _safe(context, node):
        place = gap(context, node.left, node.right, _BINARY)
        if place is not None:
            yield context.edit(kind, node, (*place, op), old=context.text[slice(*place)], new=op)
        return
    operands = [
        f"({text})"
        if isinstance(operand, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp)
        else text
        for operand, text in zip(
            (node.left, node.right) if kind == "binary" else (node.right, node.left),
            (left, right),
            strict=True,
        )
    ]
    edit = context.replace(kind, node, f"{operands[0]} {op} {operands[1]}")
    if edit is not None:
        old = _BINARY.search(context.text, context.span(node.left)[1], context.span(node.right)[0])
        if kind == "binary" and old:
            edit = context.edit(kind, node, *edit.replacements, old=old[0], new=op)
        yield edit


def _safe(context: FunctionContext, node: ast.BinOp) -> bool:
    """Whether exchanging the operator's text alone cannot change how the operands nest."""
    bare = [
        n
        for n in (node.left, node.right)
        if isinstance(n, ast.BinOp) and not context.parenthesised(n)
    ]
    above = context.parent(node)
    free = not isinstance(above, ast.BinOp | ast.UnaryOp) or context.parenthesised(node)
    return not bare and free


def _rotations(context: FunctionContext, node: ast.BinOp, op: str) -> Iterator[Edit]:
    """`a + b * c` to `(a + b) * c`, `a - b - c` to `a - (b - c)`, and back."""
    for inner, inner_first in ((node.left, True), (node.right, False)):
        if not isinstance(inner, ast.BinOp):
            continue
        place = gap(context, inner.left, inner.right, _BINARY)
        if place is None:
            continue
        other = context.text[slice(*place)]
        a, b = context.operand(inner.left, PRODUCT + 1), context.operand(inner.right, PRODUCT + 1)
        if inner_first:
            c = context.operand(node.right, PRODUCT + 1)
            text = f"{a} {other} ({b} {op} {c})"
        else:
            c = context.operand(node.left, PRODUCT + 1)
            text = f"({c} {op} {a}) {other} {b}"
        yield from context.replace_many("binary.nest", node, [text])


def _boolean(context: FunctionContext, node: ast.BoolOp) -> Iterator[Edit]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    word = re.compile(rf"\b{old}\b")
    places = [gap(context, a, b, word) for a, b in zip(node.values, node.values[1:], strict=False)]
    texts = [context.operand(value, NOT) for value in node.values]
    yield from context.replace_many("boolean", node, [f" {new} ".join(texts)])
    if len(texts) > 2:
        for place in filter(None, places):
            yield context.edit("boolean.one", node, (*place, new))
    for index in range(len(texts)):
        kept = texts[:index] + texts[index + 1 :]
        yield from context.replace_many("boolean.drop", node, [f" {old} ".join(kept)])
    for index, value in enumerate(node.values):
        if isinstance(value, ast.BoolOp):
            yield from _boolean_nest(context, node, index, value)


def _boolean_nest(
    context: FunctionContext, node: ast.BoolOp, index: int, inner: ast.BoolOp
) -> Iterator[Edit]:
    """`a or b and c` to `(a or b) and c`."""
    outer, other = ("or", "and") if isinstance(node.op, ast.Or) else ("and", "or")
    texts = [context.operand(value, AND) for value in inner.values]
    if index > 0:
        left = f" {outer} ".join(context.operand(v, OR + 1) for v in node.values[:index])
        head = f"({left} {outer} {texts[0]}) {other} " + f" {other} ".join(texts[1:])
        yield from context.replace_many("boolean.nest", node, [head])
    if index + 1 < len(node.values):
        right = f" {outer} ".join(context.operand(v, OR + 1) for v in node.values[index + 1 :])
        tail = f" {other} ".join(texts[:-1]) + f" {other} ({texts[-1]} {outer} {right})"
        yield from context.replace_many("boolean.nest", node, [tail])


def _sign(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """`not` and minus before an expression."""
    above = context.parent(node)
    if isinstance(above, ast.UnaryOp) or (isinstance(above, ast.Call) and node is above.func):
        return
    kind = scope.type_of(node)
    in_condition = node in context.conditions or isinstance(above, ast.BoolOp)
    if in_condition or kind == "bool" or (isinstance(above, ast.Return) and not kind):
        negated = f"not {context.operand(node, NOT)}"
        yield from context.replace_many("unary.not", node, [negated])
    simple = isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute | ast.BinOp)
    if (
        simple
        and not in_condition
        and kind in ("", "int", "float")
        and not isinstance(above, ast.Attribute)
    ):
        yield from context.replace_many("unary.minus", node, [f"-{context.operand(node, ATOM)}"])


def _assignment(context: FunctionContext, statement: ast.stmt) -> Iterator[Edit]:
    match statement:
        case ast.AugAssign(target=target, value=value):
            pattern = re.compile(r"(?:\*\*|//|<<|>>|[-+*/%&|^@])=")
            news: tuple[str, ...] = _AUGMENTED
        case ast.Assign(
            targets=[ast.Name() | ast.Subscript() | ast.Attribute() as target], value=value
        ):
            pattern, news = re.compile(r"="), ("+=", "-=", "*=", "//=", "|=")
        case _:
            return
    place = gap(context, target, value, pattern)
    if place is None:
        return
    old = context.text[slice(*place)]
    for new in news:
        if new != old:
            yield context.edit("augmented", statement, (*place, new))
    if old in ("-=", "/=", "//=", "%="):
        text = f"{context.source(target)} = {context.operand(value, SUM)} {old[:-1]} {context.source(target)}"
        yield context.edit("augmented.swap", statement, (*context.span(statement), text))
