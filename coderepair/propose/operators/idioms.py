"""Idioms that take another's place: rounding up, element by element, entries in mappings, recursion."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import ATOM, PRODUCT, SUM, UNARY
from coderepair.propose.operators.scope import Scope

_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_SPLITS = frozenset({"split", "splitlines", "rsplit"})
_CLEANED = (
    "{open}x.strip() for x in {all}{close}",
    "{open}x.lower() for x in {all}{close}",
    "{open}x for x in {all} if x{close}",
    "{open}x for x in {all} if x.strip(){close}",
)


def idioms(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits that write one thing in another usual way."""
    for node in context.expressions:
        match node:
            case ast.BinOp(op=ast.FloorDiv() | ast.Div()):
                yield from _rounded_up(context, node)
            case ast.Call(func=ast.Name(id=("max" | "min" | "sorted"))):
                yield from _by_value(context, scope, node)
        yield from _cleaned(context, scope, node)
    for statement in context.statements:
        yield from _statement(context, scope, statement)


def _rounded_up(context: FunctionContext, node: ast.BinOp) -> Iterator[Edit]:
    """`a // b` to `-(-a // b)` and the like."""
    top, tight = context.operand(node.left, SUM), context.operand(node.left, UNARY)
    by, below = context.operand(node.right, PRODUCT), context.operand(node.right, PRODUCT + 1)
    texts = [f"-(-{tight} // {below})", f"({top} + {by} - 1) // {below}"]
    texts += [f"({context.source(node)} + 1) * {below}", f"{context.source(node)} * {below}"]
    yield from context.replace_many("floor", node, texts)


def _by_value(context: FunctionContext, scope: Scope, node: ast.Call) -> Iterator[Edit]:
    """`max(d)` to `max(d, key=d.get)`."""
    if not node.args or any(keyword.arg == "key" for keyword in node.keywords):
        return
    end = context.span(node)[1] - 1
    for name in scope.variables:
        if scope.types.get(name) == "dict":
            yield context.edit("argument.add", node, (end, end, f", key={name}.get"))


def _cleaned(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Every text of a collection stripped or lowered, or the empty ones left out; rows copied."""
    above = context.parent(node)
    walked = isinstance(above, ast.For | ast.comprehension) and node is above.iter
    if not walked and not isinstance(above, ast.Assign | ast.Return | ast.Call):
        return
    inner = node
    match node:
        case ast.Call(func=ast.Name(id="set"), args=[ast.expr() as inner]):
            brackets = "{}"
        case ast.Name() if scope.type_of(node) == "list":
            brackets = "[]"
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in _SPLITS:
            brackets = "[]"
        case _:
            return
    texts = [
        form.format(open=brackets[0], close=brackets[1], all=context.source(inner))
        for form in _CLEANED
        if scope.types.get(f"{context.source(inner)}[]", "str") == "str"
    ]
    if isinstance(node, ast.Name) and isinstance(above, ast.Assign):
        texts.append(f"[row[:] for row in {node.id}]")
    yield from context.replace_many("wrap", node, texts)


def _statement(context: FunctionContext, scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    span = context.span(statement)
    match statement:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=whole, attr="setdefault"), args=[key, value])
        ):
            place = f"{context.operand(whole, ATOM)}[{context.source(key)}]"
            text = f"{place} = {context.source(value)}"
            yield context.edit("mapping", statement, (*span, text))
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=op, right=right)):
            if type(op) in _OPERATORS:
                text = f"{name} {_OPERATORS[type(op)]}= {context.source(right)}"
                yield context.edit("augmented", statement, (*span, text))
        case ast.Return(value=ast.Constant(value=bool())):
            yield from _recursive(context, scope, statement)
        case ast.Return(value=ast.Call() as call):
            yield context.edit("return.drop", statement, (*span, context.source(call)))
        case ast.Return(value=ast.List(elts=[sole])):
            for name in scope.locals:
                if scope.types.get(name) == "list":
                    text = f"{name}.append({context.source(sole)})"
                    yield context.edit("return.keep", statement, (*span, text))


def _recursive(context: FunctionContext, scope: Scope, statement: ast.Return) -> Iterator[Edit]:
    """`return True` to `return all(f(x) for x in xs)`."""
    function, own = context.function, statement.value
    if own is None or len(scope.parameters) != 1:
        return
    for name in scope.variables:
        if scope.types.get(name, "list") == "list":
            inner = f"{function.name}(x) for x in {name}"
            yield from context.replace_many("returned", own, [f"all({inner})", f"any({inner})"])
