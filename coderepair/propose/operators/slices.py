"""Subscripts and slices: bounds off by one, missing or surplus bounds, direction, index pairs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import SUM
from coderepair.propose.operators.scope import Scope


def slices(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of what stands between square brackets."""
    for node in context.nodes:
        if not isinstance(node, ast.Subscript) or not context.editable(node):
            continue
        if isinstance(node.slice, ast.Slice):
            yield from _slice(context, scope, node, node.slice)
        else:
            yield from _index(context, scope, node, node.slice)


def _slice(
    context: FunctionContext, scope: Scope, node: ast.Subscript, bounds: ast.Slice
) -> Iterator[Edit]:
    low, high, step = (
        context.operand(b, SUM) if b else "" for b in (bounds.lower, bounds.upper, bounds.step)
    )
    tail = f":{step}" if step else ""
    counters = [name for name in scope.visible_at(node) if scope.types.get(name) == "int"][:6]
    forms = [
        f"{a}:{high}{tail}"
        for a in [*_near(low), "", "1", "2", *counters, *(f"{c} + 1" for c in counters)]
    ]
    forms += [
        f"{low}:{b}{tail}"
        for b in [*_near(high), "", "-1", "-2", *counters, *(f"{c} + 1" for c in counters)]
    ]
    forms += [f"{low}:{high}:{s}" for s in ("-1", "2")] + [
        f"{low}:{high}",
        "::-1",
        f"{high}:{low}{tail}",
    ]
    forms += [f"-{high}:"] if high and high[0] != "-" else []
    forms += [f":-{low}"] if low and low[0] != "-" else []
    whole = context.source(node.value)
    if len(whole) <= 30:
        ends = [bound.lstrip("-") for bound in (low, high) if bound]
        forms += [f"{low}:len({whole}) - {end}" for end in ends] + [
            f"len({whole}) - {end}:{high}" for end in ends
        ]
    if high and not low:
        forms.append(f"{high}:")
    if low and not high:
        forms.append(f":{low}")
    yield from _bracketed(context, "slice", node, forms)
    if low and not tail:
        yield from _bracketed(context, "slice.index", node, [low])
    if high and not tail:
        yield from _bracketed(context, "slice.index", node, [high])


def _near(bound: str) -> list[str]:
    return [_sum(bound, 1), _sum(bound, -1)] if bound else []


def _sum(text: str, delta: int) -> str:
    """`text` plus or minus one, folded where the text ends in such a sum already."""
    try:
        return str(int(text) + delta)
    except ValueError:
        pass
    for tail, value in ((" + 1", 1), (" - 1", -1), ("+1", 1), ("-1", -1)):
        if text.endswith(tail) and value == -delta:
            return text.removesuffix(tail)
    return f"{text} {'+' if delta > 0 else '-'} 1"


def _index(
    context: FunctionContext, scope: Scope, node: ast.Subscript, index: ast.expr
) -> Iterator[Edit]:
    if scope.type_of(node.value) == "dict" or isinstance(index, ast.Tuple):
        return
    text = context.operand(index, SUM)
    forms = [
        _sum(text, 1),
        _sum(text, -1),
        "-1",
        "0",
        "1",
        "-2",
        f":{text}",
        f"{text}:",
        f":{_sum(text, 1)}",
    ]
    forms += (
        [f"-{text}", f"-{text} - 1", f"{text} + 2", f"{text} - 2"]
        if not text.startswith("-")
        else []
    )
    if isinstance(index, ast.BinOp):
        for name in dict.fromkeys(n.id for n in ast.walk(index) if isinstance(n, ast.Name)):
            forms += [name, f"{name} - 1", f"{name} + 1"]
    if isinstance(node.value, ast.Name):
        forms += [
            f"len({node.value.id}) - {text}",
            f"len({node.value.id}) - {text} - 1",
            f"{text} % len({node.value.id})",
        ]
    yield from _bracketed(context, "index", node, forms)
    match node.value:
        case ast.Subscript(slice=outer) if not isinstance(outer, ast.Slice):
            first, second = context.source(outer), context.source(index)
            if first != second:
                places = (*context.span(outer), second), (*context.span(index), first)
                yield context.edit("index.swap", node, *places)


def _bracketed(
    context: FunctionContext, kind: str, node: ast.Subscript, forms: list[str]
) -> Iterator[Edit]:
    start, end = context.span(node.slice)
    old = context.text[start:end]
    for form in dict.fromkeys(forms):
        if form and form.replace(" ", "") != old.replace(" ", ""):
            yield context.edit(kind, node, (start, end, form), old=old, new=form)
