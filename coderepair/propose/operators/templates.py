"""Idioms that a short slip leaves out: conditional values, accumulation in mappings, unused names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.conditions import atoms, negated
from coderepair.propose.operators.constants import literals
from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import ATOM, BIT_OR, OR, PRODUCT, SUM, UNARY
from coderepair.propose.operators.scope import Scope

_MOST_TESTS = 8
_NUMERIC = ("int", "float")


def templates(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits that put an idiom in the place of a value or an assignment."""
    for statement in context.statements:
        match statement:
            case ast.Assign(targets=[target], value=value) if isinstance(target, ast.Subscript):
                yield from _accumulated(context, statement, target, value)
                yield from _conditional(context, scope, value)
            case ast.Assign(value=value) | ast.Return(value=ast.expr() as value):
                yield from _conditional(context, scope, value)
            case ast.AugAssign(target=ast.Subscript() as target, value=value, op=ast.Add()):
                text = _get(context, target, "0", f" + {context.operand(value, PRODUCT)}")
                yield context.edit("mapping", statement, (*context.span(statement), text))
        if isinstance(statement, ast.Return) and statement.value is not None:
            yield from _kept(context, scope, statement, statement.value)
            yield from _guarded(context, statement, statement.value)
    for node in context.expressions:
        if isinstance(node, ast.Name) and scope.types.get(node.id, "") in ("", *_NUMERIC):
            yield from _extremes(context, scope, node)
        yield from _unused(context, scope, node)
        yield from _rewritten(context, scope, node)
        yield from _looked_up(context, scope, node)


def _accumulated(
    context: FunctionContext, statement: ast.stmt, target: ast.Subscript, value: ast.expr
) -> Iterator[Edit]:
    """`d[k] = v` to the usual ways of collecting in a dictionary."""
    place = context.source(target)
    mapping, key = context.source(target.value), context.source(target.slice)
    new = context.source(value)
    sole = value.elts[0] if isinstance(value, ast.List) and len(value.elts) == 1 else None
    item = context.source(sole) if sole is not None else new
    forms = [
        _get(context, target, "0", f" + {context.operand(value, PRODUCT)}"),
        f"{mapping}.setdefault({key}, []).append({item})",
        f"{place}.append({item})",
        f"{place} = {mapping}.get({key}, []) + [{item}]",
        f"{mapping}.setdefault({key}, {new})",
    ]
    for form in forms:
        yield context.edit("mapping", statement, (*context.span(statement), form))


def _get(context: FunctionContext, target: ast.Subscript, default: str, tail: str) -> str:
    mapping, key = context.source(target.value), context.source(target.slice)
    return f"{context.source(target)} = {mapping}.get({key}, {default}){tail}"


def _conditional(context: FunctionContext, scope: Scope, value: ast.expr) -> Iterator[Edit]:
    """`x` to `other if condition else x`."""
    own = context.operand(value, OR)
    if isinstance(value, ast.IfExp) or len(own) > 60:
        return
    used = dict.fromkeys(node.id for node in ast.walk(value) if isinstance(node, ast.Name))
    tests = [f"{name} is None" for name in used if name in scope.variables]
    tests += [name for name in scope.variables if scope.types.get(name) == "bool"]
    tests += list(dict.fromkeys(atoms(context, scope, value)))[:_MOST_TESTS]
    others = list(literals(scope)[:6])
    if scope.type_of(value) in ("", *_NUMERIC):
        others.insert(0, f"-{context.operand(value, UNARY)}")
    for test in dict.fromkeys(tests):
        yield from context.replace_many(
            "choice.if", value, (f"{other} if {test} else {own}" for other in others)
        )


def _kept(
    context: FunctionContext, scope: Scope, statement: ast.Return, value: ast.expr
) -> Iterator[Edit]:
    """`return x` to an assignment, an addition or an append."""
    text = context.source(value)
    for name in scope.locals:
        if name == text:
            continue
        kind = scope.types.get(name, "")
        forms = [f"{name} = {text}"]
        match value:
            case ast.BinOp(left=ast.Name(id=first), right=right) if first == name:
                forms.append(f"{name} += {context.source(right)}")
        forms += [f"{name} += {text}"] if kind in ("", *_NUMERIC, "str") else []
        forms += [f"{name}.append({text})"] if kind in ("", "list") else []
        for form in forms:
            yield context.edit("return.keep", statement, (*context.span(statement), form))


def _guarded(context: FunctionContext, statement: ast.Return, value: ast.expr) -> Iterator[Edit]:
    """`return a == b` inside a loop or branch becomes a guard that lets the rest run."""
    if context.parent(statement) is context.function or isinstance(value, ast.Constant | ast.Name):
        return
    step = f"\n{context.indent(statement)}{context.step}"
    own = context.source(value)
    for test, answer in ((negated(context, value), "False"), (own, "True")):
        text = f"if {test}:{step}return {answer}"
        yield context.edit("return.guard", statement, (*context.span(statement), text))


def _rewritten(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Averages, floor divisions, exchanged choices, text put between two texts."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            a, b = context.source(body), context.source(orelse)
            yield context.edit(
                "choice.swap", node, (*context.span(body), b), (*context.span(orelse), a)
            )
        case ast.Call(func=ast.Name(id=("max" | "min" | "sum" | "len" as name)), args=[only]):
            xs = context.source(only)
            if isinstance(only, ast.Name | ast.Attribute | ast.Subscript):
                yield from context.replace_many(
                    "average", node, [f"sum({xs}) / len({xs})", f"sum({xs}) // len({xs})"]
                )
            others = [
                f"{other}({xs})" for other in ("sum", "max", "min", "any", "all") if other != name
            ]
            if node.keywords:
                yield from context.replace_many("function.only", node, others)
        case ast.Call(func=ast.Name(id=("int" | "round")), args=[ast.BinOp(op=ast.Div()) as inner]):
            text = f"{context.operand(inner.left, PRODUCT)} // {context.operand(inner.right, PRODUCT + 1)}"
            yield from context.replace_many("floor", node, [text])
        case ast.BinOp(left=left, op=ast.Add(), right=right) if scope.type_of(node) == "str":
            a, b = context.source(left), context.operand(right, PRODUCT)
            for value in dict.fromkeys([" ", *scope.strings[:8]]):
                if value:
                    yield from context.replace_many("concat", node, [f"{a} + {value!r} + {b}"])


def _extremes(context: FunctionContext, scope: Scope, node: ast.Name) -> Iterator[Edit]:
    above = context.parent(node)
    if not isinstance(above, ast.BinOp | ast.Call | ast.Compare | ast.Tuple):
        return
    for name in scope.visible_at(node):
        if name != node.id and scope.types.get(name, "") in _NUMERIC:
            texts = [f"max({name}, {node.id})", f"min({name}, {node.id})"]
            yield from context.replace_many("choice.name", node, texts)


def _unused(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """An operation with a variable that is bound and never read."""
    if not scope.unused or isinstance(node, ast.Constant) or len(context.source(node)) > 40:
        return
    above = context.parent(node)
    if not isinstance(
        above, ast.Return | ast.Assign | ast.BinOp | ast.Call | ast.Compare
    ) or node is getattr(above, "func", None):
        return
    for name in scope.unused:
        plus, times = context.operand(node, SUM), context.operand(node, PRODUCT)
        texts = [
            f"{plus} + {name}",
            f"{plus} - {name}",
            f"{name} - {context.operand(node, PRODUCT)}",
        ]
        texts += [
            f"{times} * {name}",
            f"{times} / {name}",
            f"{times} // {name}",
            f"{times} % {name}",
        ]
        texts += [
            f"{name}[{context.source(node)}]",
            f"{context.operand(node, ATOM)}[{name}]",
            f"{name}({context.source(node)})",
        ]
        texts += [f"{plus} + {call}({name})" for call in ("int", "len", "str", "float")]
        texts += [f"{context.operand(node, BIT_OR + 1)} {op} {name}" for op in ("|", "&")]
        if isinstance(node, ast.Name):
            others = [other for other in scope.variables if other not in (name, node.id)]
            texts += [f"{name} {op} {other}" for other in others for op in ("*", "+", "-", "//")]
        yield from context.replace_many("unused", node, texts)


def _looked_up(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """`len(d)` to `d[k]`, and `d[k]` to `d.get(k, default)`."""
    match node:
        case ast.Call(func=ast.Name(id=("len" | "max" | "min" | "sum")), args=[ast.Name(id=inner)]):
            names = [name for name in scope.visible_at(node) if name != inner]
            texts = [f"{inner}[{name}]" for name in names] + [f"{inner}[-1]", f"{inner}[0]"]
            yield from context.replace_many("lookup", node, texts)
        case ast.Subscript(value=mapping, slice=key) if not isinstance(key, ast.Slice):
            if scope.type_of(mapping) in ("dict", ""):
                inner, index = context.operand(mapping, ATOM), context.source(key)
                texts = [
                    f"{inner}.get({index}, {default})"
                    for default in ("0", "[]", "None", "''", index)
                ]
                yield from context.replace_many("lookup", node, texts)
