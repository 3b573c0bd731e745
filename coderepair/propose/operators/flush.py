"""What a loop leaves behind: a last group, sum or streak that only the next round would have kept."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from coderepair.propose.operators.context import Block, FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.relevance import relevant, used
from coderepair.propose.operators.scope import Scope, target_names

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_COLLECTS = frozenset({"append", "add", "extend", "update", "insert", "setdefault", "appendleft"})
_MOST_TESTS = 5


def flush(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits that repeat or add behind a loop, or at the end of its rounds, what rounds do."""
    for block in context.blocks:
        for statement in block.body:
            if isinstance(statement, ast.For | ast.While):
                yield from _behind(context, scope, statement)
                yield from _best(context, scope, statement)
    yield from _returned(context, scope)


def _kept(statement: ast.stmt) -> str:
    """Name of the collection or sum that a statement adds to; "" if it adds to none."""
    match statement:
        case ast.AugAssign(target=ast.Name(id=name)):
            return name
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr))) if (
            attr in _COLLECTS
        ):
            return name
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=of))):
            return name if of in ("max", "min") else ""
    return ""


def _behind(context: FunctionContext, scope: Scope, loop: ast.For | ast.While) -> Iterator[Edit]:
    """Copies of what collects inside the loop, also under a condition, put behind the loop."""
    fresh = set(target_names(loop.target)) if isinstance(loop, ast.For) else set()
    for inner in ast.walk(loop):
        if not isinstance(inner, ast.stmt) or not _kept(inner) or inner not in context.block_of:
            continue
        lines = context.lines(inner)
        if lines is None or lines.count("\n") > 3:
            continue
        text = textwrap.dedent(lines).rstrip("\n")
        names = [name for name in used(scope, inner) if name != _kept(inner)]
        tests = relevant(scope, [name for name in names if name not in fresh], inner)
        guarded = [_under(context, test, text) for test in tests[:_MOST_TESTS]]
        for new in (text, *guarded):
            edit = context.insert_after("mirror.guarded", loop, new)
            if edit is not None:
                yield edit


def _under(context: FunctionContext, test: str, text: str) -> str:
    return f"if {test}:\n{textwrap.indent(text, context.step)}"


def _best(context: FunctionContext, scope: Scope, loop: ast.For | ast.While) -> Iterator[Edit]:
    """`best = max(best, current)` at the end of a round, in a branch or behind the loop."""
    body: list[Block] = [b for b in context.blocks if b.owner is loop or _inside(context, b, loop)]
    numbers = [n for n in scope.locals if scope.types.get(n, "") in ("int", "float")]
    wanted = [name for name in numbers if name in _given(scope)]
    for name in wanted[:2]:
        for other in numbers:
            if other == name:
                continue
            for function in ("max", "min"):
                text = f"{name} = {function}({name}, {other})"
                places = [loop, *(block.body[-1] for block in body)]
                for place in places:
                    leaves = isinstance(place, ast.Break | ast.Continue | ast.Return | ast.Raise)
                    put = context.insert_before if leaves else context.insert_after
                    edit = put("insert.update", place, text)
                    if edit is not None:
                        yield edit


def _inside(context: FunctionContext, block: Block, loop: ast.AST) -> bool:
    return any(above is loop for above in context.ancestors(block.owner))


def _given(scope: Scope) -> set[str]:
    """Names in the returned values."""
    returns = [n for n in scope.context.nodes if isinstance(n, ast.Return) and n.value]
    return {name for node in returns for name in used(scope, node)}


def _returned(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """`return total` to `return total + last`, and `return rows` to `return rows + [last]`."""
    last = context.blocks[0].body[-1] if context.blocks else None
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name):
        return
    name = last.value.id
    for statement in context.statements:
        if _kept(statement) == name:
            texts = list(_with_last(context, statement, name))
            yield from context.replace_many("returned", last.value, texts)
    if scope.types.get(name) == "list":
        others = [f"{name} + [{other}]" for other in scope.locals if other != name]
        yield from context.replace_many("returned", last.value, others)


def _with_last(context: FunctionContext, statement: ast.stmt, name: str) -> Iterator[str]:
    match statement:
        case ast.AugAssign(op=op, value=value) if type(op) in _SIGNS:
            text = context.source(value)
            sign = _SIGNS[type(op)]
            simple = isinstance(value, ast.Name | ast.Call | ast.Subscript | ast.Constant)
            yield f"{name} {sign} {text}" if simple else f"{name} {sign} ({text})"
            if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
                yield f"{name} {sign} {text}"
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[item])):
            yield f"{name} + [{context.source(item)}]"
