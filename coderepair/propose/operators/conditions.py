"""Conditions: negated, narrowed, widened, replaced, and filters of comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.constants import literals
from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import BIT_OR, NOT, OR
from coderepair.propose.operators.scope import Scope, target_names

OPPOSITE = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_MOST_CONJUNCTS = 28
_MOST_ELSEWHERE = 12


def conditions(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of whole conditions."""
    for node in [*context.conditions, *_truths(context, scope)]:
        yield from context.replace_many("condition.negate", node, [negated(context, node)])
        extras = list(dict.fromkeys(atoms(context, scope, node)))[: 2 * _MOST_CONJUNCTS]
        for word, least in (("and", NOT), ("or", OR)):
            own = context.operand(node, least)
            for extra in extras:
                if extra != own:
                    texts = (f"{own} {word} {extra}", f"{extra} {word} {own}")
                    yield from context.replace_many(f"condition.{word}", node, texts)
        for extra in _elsewhere(scope, node)[:_MOST_ELSEWHERE]:
            for word, least in (("and", NOT), ("or", OR)):
                text = f"{context.operand(node, least)} {word} {extra}"
                yield from context.replace_many(f"condition.{word}", node, [text])
        yield from context.replace_many("condition.none", node, _emptiness(context, node))
        yield from context.replace_many("condition.replace", node, extras)
        found = [node.left] if isinstance(node, ast.Compare) else []
        news = [f"{context.source(e)} != -1" for e in found if isinstance(e, ast.Name)]
        yield from context.replace_many("condition.replace", node, news)
        yield from context.replace_many("condition.constant", node, ["True", "False"])
    for generator in context.nodes:
        if isinstance(generator, ast.comprehension) and context.editable(generator):
            yield from _filter(context, scope, generator)


def _truths(context: FunctionContext, scope: Scope) -> Iterator[ast.expr]:
    """Conditions that are returned, assigned, or tested by `any` and `all`."""
    for node in context.expressions:
        above = context.parent(node)
        whole = isinstance(above, ast.Return | ast.Assign) or (
            isinstance(above, ast.GeneratorExp | ast.ListComp) and node is above.elt
        )
        if (
            whole
            and scope.type_of(node) == "bool"
            and not isinstance(node, ast.Constant | ast.Name)
        ):
            yield node


def _emptiness(context: FunctionContext, node: ast.expr) -> Iterator[str]:
    """`not x` is not `x is None`."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            text = context.operand(operand, BIT_OR)
            yield from (f"{text} is None", f"{text} == 0", f"len({text}) == 0")
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call():
            text = context.source(node)
            yield from (
                f"{text} is not None",
                f"{text} != 0",
                f"len({text}) > 0",
                f"len({text}) > 1",
            )
        case ast.Compare(
            left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant()]
        ):
            text = context.source(left)
            yield f"not {context.operand(left, NOT)}" if isinstance(op, ast.Is) else text


def negated(context: FunctionContext, node: ast.expr) -> str:
    """The opposite of a condition, as a person would write it."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return context.source(operand)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"{context.operand(left, BIT_OR)} {OPPOSITE[type(op)]} {context.operand(right, BIT_OR)}"
    return f"not {context.operand(node, NOT)}"


def atoms(context: FunctionContext, scope: Scope, place: ast.AST) -> Iterator[str]:
    """Small conditions that make sense at a place: those of the function, then usual ones."""
    for node in context.conditions:
        parts = node.values if isinstance(node, ast.BoolOp) else [node]
        for part in parts:
            if scope.fits_at(part, place) and len(context.source(part)) <= 50:
                yield context.source(part)
                yield negated(context, part)
    visible = scope.visible_at(place)
    used = {n.id for n in ast.walk(place) if isinstance(n, ast.Name)}
    for name in visible:
        if name in used:
            yield from _about(scope, name)
    for name in visible:
        for other in visible:
            if name != other and (name in used or other in used):
                yield from _relation(scope, name, other)
    for name in visible:
        if name not in used:
            yield from _briefly(scope, name)


def _elsewhere(scope: Scope, place: ast.AST) -> list[str]:
    """Small conditions about names that a condition does not speak of, which `atoms` puts last."""
    used = {n.id for n in ast.walk(place) if isinstance(n, ast.Name)}
    found: list[str] = []
    for name in scope.visible_at(place):
        if name not in used:
            texts = scope.texts_of.get(name, ())
            found += [f"{name} {sign} {text}" for text in texts for sign in ("==", "!=")]
            found += _briefly(scope, name)
    return found


def _briefly(scope: Scope, name: str) -> Iterator[str]:
    kind = scope.types.get(name, "")
    if kind in ("int", "float"):
        yield from (f"{name} == 0", f"{name} > 0", f"{name} != 0")
    elif kind != "":
        yield from (name, f"not {name}")


def _about(scope: Scope, name: str) -> Iterator[str]:
    kind = scope.types.get(name, "")
    if kind in ("int", "float", ""):
        yield from (
            f"{name} > 0",
            f"{name} != 0",
            f"{name} < 0",
            f"{name} % 2 == 0",
            f"{name} > 1",
            f"{name} == 0",
        )
        yield from (f"{name} == 1", f"{name} >= 0", f"{name} <= 0", f"{name} % 2 != 0")
    if kind == "str":
        yield from (
            f"{name}.isalpha()",
            f"{name}.isdigit()",
            f"{name} != ' '",
            f"{name} == ''",
            f"{name}.isupper()",
        )
        yield from (f"{name}.isalnum()", f"{name}.islower()")
    if kind in ("str", ""):
        for value in scope.strings[:6]:
            if value:
                yield from (
                    f"{name}.startswith({value!r})",
                    f"{name} == {value!r}",
                    f"{value!r} in {name}",
                )
    if kind not in ("int", "float"):
        yield from (
            name,
            f"not {name}",
            f"len({name}) > 1",
            f"len({name}) == 1",
            f"{name} is not None",
        )
    for value in literals(scope)[:2]:
        yield f"{name} == {value}"


def _relation(scope: Scope, name: str, other: str) -> Iterator[str]:
    kind, second = scope.types.get(name, ""), scope.types.get(other, "")
    if second in ("list", "set", "dict", "str", "") and kind not in ("list", "set", "dict"):
        yield from (f"{name} not in {other}", f"{name} in {other}")
    if kind == "int" and second in ("list", "str", "tuple"):
        yield from (
            f"{name} < len({other})",
            f"{name} == len({other}) - 1",
            f"{name} + 1 < len({other})",
        )
    if kind == second:
        yield from (
            f"{name} != {other}",
            f"{name} == {other}",
            f"{name} < {other}",
            f"{name} <= {other}",
        )


def _filter(context: FunctionContext, scope: Scope, node: ast.comprehension) -> Iterator[Edit]:
    """A comprehension gains or loses a condition."""
    end = context.span(node.ifs[-1] if node.ifs else node.iter)[1]
    while context.text[end : end + 1] == ")" and context.text[:end].count("(") > context.text[
        :end
    ].count(")"):
        if not context.parenthesised(node.ifs[-1] if node.ifs else node.iter):
            break
        end += 1
    for name in target_names(node.target):
        for text in list(_about(scope, name)) + [
            t for o in scope.variables for t in _relation(scope, name, o)
        ]:
            yield context.edit("filter.add", node.iter, (end, end, f" if {text}"))
    for index, test in enumerate(node.ifs):
        before = context.span(node.ifs[index - 1] if index else node.iter)[1]
        yield context.edit("filter.drop", test, (before, context.span(test)[1], ""))
