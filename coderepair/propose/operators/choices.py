"""Values that lack a case: conditional values, division by zero, defaults for what is empty, limits."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import ATOM, OR, PRODUCT
from coderepair.propose.operators.relevance import about, between, used
from coderepair.propose.operators.scope import Scope

_LONGEST = 80
_DEFAULTS = {
    "int": ("0", "1"),
    "float": ("0.0", "0"),
    "str": ("''", "'0'"),
    "list": ("[]",),
    "dict": ("{}",),
    "": ("0", "''", "[]", "'0'", "{}"),
}
_NUMBERS = ("int", "float")
_ELEMENTWISE = ast.ListComp | ast.GeneratorExp | ast.SetComp


def choices(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits that give a value a second case."""
    for node in context.expressions:
        if _is_value(context, node):
            yield from _conditional(context, scope, node)
            yield from _divided(context, node)
        yield from _default(context, scope, node)
        yield from _transposed(context, scope, node)
        if isinstance(node, _ELEMENTWISE):
            yield from _unused(context, node)
            yield from _brackets(context, node)
    for statement in context.statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            yield from _limited(context, scope, statement)


def _is_value(context: FunctionContext, node: ast.expr) -> bool:
    """Whether an expression is all that is returned, assigned, added, appended or collected."""
    above = context.parent(node)
    if isinstance(node, ast.Constant | ast.IfExp | ast.Lambda | ast.List | ast.Dict | ast.Tuple):
        return False
    if isinstance(above, ast.Call):
        return isinstance(context.parent(above), ast.Expr) and node in above.args
    if isinstance(above, _ELEMENTWISE):
        return node is above.elt
    if isinstance(above, ast.DictComp):
        return node is above.value
    return isinstance(above, ast.Return | ast.Assign | ast.AugAssign)


def _conditional(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """`f"{a}/{b}"` to `f"{a}/{b}" if a else b`: the names of a value decide between it and a part."""
    own = context.operand(node, OR)
    names = used(scope, node)[:3]
    if len(own) > _LONGEST or isinstance(node, ast.Name):
        return
    kind = scope.type_of(node)
    tests = [test for name in names for test in list(about(scope, name))[:3]]
    tests += [
        t for one in names for other in names if one < other for t in between(scope, one, other)
    ]
    parts = names if kind != "str" else [_as_text(scope, name) for name in names]
    others = [*parts[:2], *_DEFAULTS.get(kind, ())[:2]]
    for test in dict.fromkeys(tests):
        texts = (f"{own} if {test} else {other}" for other in others)
        yield from context.replace_many("choice.if", node, texts)


def _as_text(scope: Scope, name: str) -> str:
    return name if scope.types.get(name) == "str" else f"str({name})"


def _divided(context: FunctionContext, node: ast.expr) -> Iterator[Edit]:
    """`a / b` to `a / b if b else 0.0`, also where the division is a part of the value."""
    own = context.operand(node, OR)
    for part in ast.walk(node):
        if not isinstance(part, ast.BinOp) or not isinstance(
            part.op, ast.Div | ast.FloorDiv | ast.Mod
        ):
            continue
        if len(own) > _LONGEST or isinstance(part.right, ast.Constant):
            continue
        tests = [context.source(part.right)]
        match part.right:
            case ast.Call(func=ast.Name(id="len"), args=[counted]):
                tests.insert(0, context.source(counted))
        for test in tests:
            for other in ("0.0", "0", "None"):
                text = f"{own} if {test} else {other}"
                yield from context.replace_many("choice.if", node, [text])


def _default(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """`x` to `x or default` where an empty value has no use: in arguments, loops and assignments."""
    above = context.parent(node)
    if not isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        return
    taken = isinstance(above, ast.Call) and node in above.args
    walked = isinstance(above, ast.For | ast.comprehension) and node is above.iter
    if not taken and not walked and not isinstance(above, ast.Assign | ast.Return):
        return
    defaults = ("[]",) if walked else _DEFAULTS.get(scope.type_of(node), ())
    own = context.operand(node, OR + 1)
    yield from context.replace_many(
        "wrap.default", node, (f"{own} or {value}" for value in defaults)
    )


def _transposed(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Rows become columns: `for row in rows` to `for column in zip(*rows)`."""
    above = context.parent(node)
    walked = isinstance(above, ast.For | ast.comprehension) and node is above.iter
    if walked and scope.type_of(node) in ("", "list", "tuple"):
        yield from context.replace_many("wrap", node, [f"zip(*{context.operand(node, ATOM)})"])


def _unused(
    context: FunctionContext, node: ast.ListComp | ast.GeneratorExp | ast.SetComp
) -> Iterator[Edit]:
    """A name that a comprehension binds and never reads gets into its element."""
    bound = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
    own, times = context.source(node.elt), context.operand(node.elt, PRODUCT)
    for name in sorted(bound - {n.id for n in ast.walk(node) if _reads(n)}):  # type: ignore[attr-defined]
        texts = [f"{name} * {times}", f"{times} * {name}", f"{times} - {name}", name]
        texts += [f"{times} / {name}", f"{times} + {name}", f"({own}, {name})", f"({name}, {own})"]
        yield from context.replace_many("unused", node.elt, texts)


def _reads(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _brackets(
    context: FunctionContext, node: ast.ListComp | ast.GeneratorExp | ast.SetComp
) -> Iterator[Edit]:
    """A list comprehension becomes a set comprehension, and back."""
    text = context.source(node)
    if isinstance(node, ast.ListComp):
        yield from context.replace_many("wrap", node, [f"{{{text[1:-1]}}}"])
    elif isinstance(node, ast.SetComp):
        yield from context.replace_many("wrap", node, [f"[{text[1:-1]}]"])


def _limited(context: FunctionContext, scope: Scope, statement: ast.Assign) -> Iterator[Edit]:
    """`t[i] = x` to `t[i] = max(t[i], x)`, to the sum with what was there, or with the one before."""
    target, value = statement.targets[0], statement.value
    if scope.type_of(value) not in ("", *_NUMBERS) or isinstance(value, ast.Constant):
        return
    if not isinstance(target, ast.Name | ast.Subscript | ast.Attribute):
        return
    own, place = context.source(value), context.source(target)
    places = [place]
    match target:
        case ast.Subscript(value=whole, slice=ast.Name(id=index)):
            places.append(f"{context.source(whole)}[{index} - 1]")
        case ast.Name() if not _read_before(scope, target):
            return
    for other in places:
        forms = (f"max({other}, {own})", f"min({other}, {own})", f"{other} + {own}")
        yield from context.replace_many("choice", value, forms)


def _read_before(scope: Scope, target: ast.Name) -> bool:
    """Whether a name is bound by another statement, so that it can stand in its own new value."""
    stores = [
        node
        for node in scope.context.nodes
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Store)
    ]
    return len(stores) > 1 or target.id in scope.parameters
