"""Statements: deleted, exchanged, moved into and out of blocks, branches swapped or dropped."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from coderepair.propose.operators.context import Block, FunctionContext
from coderepair.propose.operators.edit import Edit, Replacement, one_line
from coderepair.propose.operators.scope import Scope

_WORD = re.compile(r"(?:return|yield|break|continue|pass|raise|while|elif|if)\b")
_COMPOUND = ast.If | ast.For | ast.While | ast.With | ast.Try


def statements(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits that move or remove whole statements, or change what kind they are."""
    for block in context.blocks:
        for index, statement in enumerate(block.body):
            yield from _delete(context, block, statement)
            if index + 1 < len(block.body):
                yield from _exchange(context, statement, block.body[index + 1])
                yield from _indent(context, statement, block.body[index + 1])
            yield from _dedent(context, block, index)
            yield from _unblock(context, statement)
            yield from _late(context, statement)
            yield from _keyword(context, scope, statement)
            if isinstance(statement, ast.If) and statement.orelse:
                yield from _branches(context, statement)
        yield from _far(context, block)


def _delete(context: FunctionContext, block: Block, statement: ast.stmt) -> Iterator[Edit]:
    span = context.line_span(statement)
    if span is None or isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return
    old = one_line(context.source(statement))[:60]
    if len(block.body) == 1:
        prefix = context.indent(statement)
        yield Edit("delete", statement, ((*span, f"{prefix}pass\n"),), old, "pass")
    else:
        yield Edit("delete", statement, ((*span, ""),), old, "")


def _exchange(context: FunctionContext, first: ast.stmt, second: ast.stmt) -> Iterator[Edit]:
    yield from _move(context, "exchange", second, context.line_span(first), first)


def _move(
    context: FunctionContext,
    kind: str,
    statement: ast.stmt,
    place: tuple[int, int] | None,
    anchor: ast.stmt,
) -> Iterator[Edit]:
    """`statement` goes in front of the lines `place` with the indentation of `anchor`."""
    span, text = context.line_span(statement), context.lines(statement)
    if span is None or place is None or text is None:
        return
    lines = _at(text, context.indent(anchor))
    removed = _removed(context, statement, span)
    insert = (place[0], place[0], lines)
    yield Edit(kind, statement, tuple(sorted((insert, removed))), "", f"move {one_line(text)}"[:60])


def _at(text: str, prefix: str) -> str:
    """Whole lines with another indentation; comments and blank lines move along."""
    return textwrap.indent(textwrap.dedent(text), prefix)


def _removed(context: FunctionContext, statement: ast.stmt, span: tuple[int, int]) -> Replacement:
    """The replacement that takes a statement away and leaves `pass` where a block would be empty."""
    block, _ = context.block_of[statement]
    return (*span, f"{context.indent(statement)}pass\n" if len(block.body) == 1 else "")


def _indent(context: FunctionContext, first: ast.stmt, second: ast.stmt) -> Iterator[Edit]:
    """The statement behind a loop or branch moves to the end of its body, or of its `else`."""
    if not isinstance(first, _COMPOUND):
        return
    for body in filter(None, (first.body, getattr(first, "orelse", None))):
        last = body[-1]
        end, span, text = context.line_span(last), context.line_span(second), context.lines(second)
        if (
            end is None
            or span is None
            or text is None
            or (body is first.body and context.line_span(first) is None)
        ):
            continue
        lines = _at(text, context.indent(last))
        places = ((end[1], end[1], lines), (*span, ""))
        yield Edit("indent", second, places, "", f"indent {one_line(text)}"[:60])


def _dedent(context: FunctionContext, block: Block, index: int) -> Iterator[Edit]:
    """The last statements of a block leave it, to behind the block's owner."""
    owner = block.owner
    if not isinstance(owner, _COMPOUND) or owner not in context.block_of or len(block.body) < 2:
        return
    behind = context.line_span(owner)
    span, text = context.line_span(block.body[index]), context.lines(block.body[index])
    if behind is None or span is None or text is None:
        return
    moved = _at(text, context.indent(owner))
    if index == len(block.body) - 1:
        places = _removed_and_put(context, (*span, ""), behind[1], moved)
        yield Edit("dedent", block.body[index], places, "", f"dedent {one_line(text)}"[:60])
    if index == 0 or isinstance(block.body[index], ast.Assign):
        places = ((behind[0], behind[0], moved), (*span, ""))
        yield Edit("hoist", block.body[index], places, "", f"hoist {one_line(text)}"[:60])


def _late(context: FunctionContext, statement: ast.stmt) -> Iterator[Edit]:
    """A return inside a loop goes away, and what it returned is returned at the end."""
    last = context.blocks[0].body[-1]
    if not isinstance(statement, ast.Return) or statement.value is None or statement is last:
        return
    span, place = context.line_span(statement), context.line_span(last)
    in_loop = any(isinstance(above, ast.For | ast.While) for above in context.ancestors(statement))
    if span is None or place is None or not in_loop:
        return
    removed = _removed(context, statement, span)
    value = context.source(statement.value)
    new = f"return {value} later"
    places: tuple[Replacement, ...] = (removed, (*context.span(last), f"return {value}"))
    if not isinstance(last, ast.Return):
        line = f"{context.indent(last)}return {value}\n"
        places = _removed_and_put(context, removed, place[1], line)
    yield Edit("return.late", statement, places, "", new)


def _removed_and_put(
    context: FunctionContext, removed: Replacement, at: int, lines: str
) -> tuple[Replacement, ...]:
    """Takes lines away and puts others at the end `at` of a block that holds them."""
    if removed[1] == at:
        return ((removed[0], at, removed[2] + lines),)
    return removed, (at, at, context.line_break(at) + lines)


def _unblock(context: FunctionContext, statement: ast.stmt) -> Iterator[Edit]:
    """A branch or loop is replaced by its body; an `else` goes away or loses its condition."""
    if not isinstance(statement, ast.If | ast.For | ast.While | ast.With):
        return
    span = context.line_span(statement)
    body = _body_text(context, statement.body)
    if span is None or body is None:
        return
    old = one_line(context.text[span[0] : context.span(statement.body[0])[0]])
    flat = _at(body, context.indent(statement))
    is_elif = context.text.startswith("elif", context.span(statement)[0])
    if not is_elif:
        yield Edit("unblock", statement, ((*span, flat),), old, "")
    orelse = getattr(statement, "orelse", None)
    if orelse:
        end = context.line_span(statement.body[-1])
        if end is not None:
            yield Edit("else.drop", statement, ((end[1], span[1], ""),), "else", "")
        rest = _body_text(context, orelse)
        if rest is not None and not is_elif and not _is_elif(context, orelse):
            yield Edit(
                "else.only",
                statement,
                ((*span, _at(rest, context.indent(statement))),),
                old,
                "else",
            )
            if end is not None:
                out = _at(rest, context.indent(statement))
                yield Edit("else.flat", statement, ((end[1], span[1], out),), "else:", "")


def _body_text(context: FunctionContext, body: list[ast.stmt]) -> str | None:
    first, last = context.line_span(body[0]), context.line_span(body[-1])
    if first is None or last is None:
        return None
    text = context.text[first[0] : last[1]]
    return text if text.endswith("\n") else text + "\n"


def _is_elif(context: FunctionContext, orelse: list[ast.stmt]) -> bool:
    return isinstance(orelse[0], ast.If) and context.text.startswith(
        "elif", context.span(orelse[0])[0]
    )


def _branches(context: FunctionContext, statement: ast.If) -> Iterator[Edit]:
    """The bodies of `if` and `else` (or the first `elif`) change places."""
    orelse = statement.orelse
    other = (
        orelse[0].body if isinstance(orelse[0], ast.If) and _is_elif(context, orelse) else orelse
    )
    first, second = _body_text(context, statement.body), _body_text(context, other)
    a, b = context.line_span(statement.body[0]), context.line_span(statement.body[-1])
    c, d = context.line_span(other[0]), context.line_span(other[-1])
    if first and second and a and b and c and d:
        down = _at(first, context.indent(other[0]))
        places = (a[0], b[1], _at(second, context.indent(statement.body[0]))), (c[0], d[1], down)
        yield Edit("branches.swap", statement, places, "", "swap the branches")


def _keyword(context: FunctionContext, scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    """`if` to `while`, `break` to `continue`, `elif` to `if`, `return x` to `x` and the like."""
    start, end = context.span(statement)
    found = _WORD.match(context.text, start)
    word = found[0] if found else ""
    news: tuple[str, ...] = {
        "if": ("while",),
        "while": ("if",),
        "elif": ("if",),
        "break": ("continue", "return", "pass"),
        "continue": ("break", "pass"),
        "pass": ("continue", "break", "return"),
        "return": ("yield",),
        "yield": ("return",),
    }.get(word, ())
    for new in news:
        if not (new == "while" and isinstance(statement, ast.If) and statement.orelse):
            yield context.edit("keyword", statement, (start, start + len(word), new))
    if word == "if":
        block, index = context.block_of[statement]
        if index and isinstance(block.body[index - 1], ast.If):
            yield context.edit("keyword", statement, (start, start + 2, "elif"))
    match statement:
        case ast.Return(value=None) | ast.Pass() | ast.Break() | ast.Continue():
            for name in [*scope.variables, "None", "False", "True"]:
                yield context.edit("return.value", statement, (start, end, f"return {name}"))
        case ast.Return(value=value) if value is not None:
            in_loop = any(isinstance(a, ast.For | ast.While) for a in context.ancestors(statement))
            news = ("break", "continue") if in_loop else ()
            for new in news:
                yield context.edit("return.to", statement, (start, end, new))
        case ast.Expr(value=ast.Call() | ast.Name() as value):
            yield context.edit("return.insert", statement, (start, start, "return "))
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                target = context.source(value.func.value)
                yield context.edit("assign.result", statement, (start, start, f"{target} = "))


def _far(context: FunctionContext, block: Block) -> Iterator[Edit]:
    """A simple statement moves to the start or the end of its block."""
    body = block.body
    first, last = context.line_span(body[0]), context.line_span(body[-1])
    for index, statement in enumerate(body):
        if isinstance(statement, _COMPOUND) or first is None or last is None:
            continue
        if index >= 2:
            yield from _move(context, "move.first", statement, first, body[0])
        span, text = context.line_span(statement), context.lines(statement)
        if index + 2 < len(body) and span and text:
            after = last[1] if not isinstance(body[-1], ast.Return) else last[0]
            places = _removed_and_put(context, (*span, ""), after, text)
            yield Edit("move.last", statement, places, "", f"move {one_line(text)}"[:60])
