"""Literals: numbers off by a little, strings of the docstring and the checks, empty values, flags."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.scope import Scope

_USUAL_NUMBERS = ("0", "1", "-1", "2", "10", "None", "3")
_USUAL_STRINGS = ("", " ", ", ", "\n", "_", "-", ".", "0", "1", ",")
_EMPTY = {
    "list": ("{}", "set()", "''", "0", "()", "None", "[0]", "[[]]", "[1]"),
    "dict": ("[]", "set()", "None"),
    "tuple": ("[]", "None"),
    "set": ("[]", "{}"),
}
_NO_ARGUMENT = {"set": ("[]", "{}"), "list": ("set()", "{}"), "dict": ("[]",), "str": ("[]",)}


def constants(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of literals."""
    for node in context.expressions:
        match node:
            case ast.Constant(value=bool() as value):
                yield from context.replace_many(
                    "flag", node, [str(not value), *_instead_of_flag(scope, node)]
                )
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                news = [repr(-value + 1), repr(-value - 1), *_USUAL_NUMBERS, repr(value)]
                yield from context.replace_many("number", node, dict.fromkeys(news))
            case ast.Constant(value=int() | float() as value):
                yield from context.replace_many(
                    "number", node, _numbers(context, scope, node, value)
                )
            case ast.Constant(value=str() as value):
                yield from context.replace_many("string", node, _strings(scope, value))
                names = [n for n in scope.visible_at(node) if scope.types.get(n) in ("str", None)]
                yield from context.replace_many("string.name", node, names)
            case ast.Constant(value=None):
                yield from context.replace_many("none", node, _instead_of_none(scope))
            case ast.List(elts=[]) | ast.Tuple(elts=[]):
                visible = scope.visible_at(node)
                sole = [f"[{name}]" for name in visible] if isinstance(node, ast.List) else []
                news = [*_EMPTY[scope.type_of(node)], *visible, *sole]
                yield from context.replace_many("empty", node, news)
            case ast.Dict(keys=[]):
                yield from context.replace_many("empty", node, _EMPTY["dict"])
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in _NO_ARGUMENT:
                yield from context.replace_many("empty", node, _NO_ARGUMENT[name])
            case ast.List(elts=[element]):
                yield from context.replace_many("empty", node, ["[]", context.source(element)])


def literals(scope: Scope) -> tuple[str, ...]:
    """Values that a repair may return or compare with: what the checks expect, then usual ones."""
    simple = [text for text in scope.expected if len(text) <= 40]
    usual = ("0", "[]", "None", "False", "True", "''", "1", "-1")
    return tuple(dict.fromkeys([*simple[:3], *scope.neutral, *simple[3:5], *usual]))


def _numbers(context: FunctionContext, scope: Scope, node: ast.expr, value: float) -> Iterator[str]:
    seen = {repr(value)}
    signed = isinstance(context.parent(node), ast.UnaryOp)
    near = [value + 1, value - 1, value + 2, value - 2, value * 2, value * 10, value / 10]
    if isinstance(value, int):
        near = [*near[:6], value // 2, value // 10]
    candidates = [*(repr(number) for number in near), *_USUAL_NUMBERS, *scope.numbers]
    candidates += (
        [repr(float(value)) if isinstance(value, int) else repr(int(value))]
        if abs(value) < 1e9
        else []
    )
    candidates += [
        f"len({name})"
        for name in scope.variables
        if scope.types.get(name) in ("list", "str", "tuple")
    ]
    candidates += [
        name for name in scope.variables if scope.types.get(name, "int") in ("int", "float")
    ]
    for text in candidates:
        if text not in seen and not (signed and text.startswith("-")):
            seen.add(text)
            yield text


def _strings(scope: Scope, value: str) -> Iterator[str]:
    near = [value.lower(), value.upper(), value.strip(), value.title(), value.capitalize()]
    near += [value + " ", " " + value, value[1:], value[:-1], value[::-1]]
    near += [value + "s", value.removesuffix("s")]
    if value and not value.isalnum() and len(value) < 4:
        near.append(value * 2)
    if value.islower() and len(value) > 1:
        near.append(value + value.upper())
    if len(value) > 2 and len(value) < 16:
        near += [value[:i] + value[i + 1 :] for i in range(1, len(value) - 1)]
    for text in dict.fromkeys([*near, *_USUAL_STRINGS, *scope.strings]):
        if text != value:
            yield repr(text)
    if len(value) > 1:
        for extra in scope.strings:
            if len(extra) == 1 and extra not in value:
                yield repr(value + extra)


def _instead_of_flag(scope: Scope, node: ast.expr) -> Iterator[str]:
    if isinstance(scope.context.parent(node), ast.Return | ast.Assign):
        yield from ("None", "0", "[]", "''")
        yield from (name for name in scope.variables if scope.types.get(name, "") in ("", "bool"))
    statement = scope.context.parent(node)
    if isinstance(statement, ast.Assign):
        yield f"not {scope.context.source(statement.targets[0])}"


def _instead_of_none(scope: Scope) -> Iterator[str]:
    yield from (text for text in literals(scope) if text != "None")
    yield from scope.variables
    yield "float('inf')"
    yield "float('-inf')"
