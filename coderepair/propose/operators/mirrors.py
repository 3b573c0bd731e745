"""Statements copied from a neighbour, as they are or with one name, constant or operator changed."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from coderepair.propose.operators.conditions import atoms
from coderepair.propose.operators.context import Block, FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.relevance import relevant, used
from coderepair.propose.operators.scope import Scope

_SIMPLE = ast.Assign | ast.AugAssign | ast.Expr | ast.Return
_LONGEST = 5
"""Lines of a statement that may be copied."""
_TURNED = {
    "True": "False",
    "False": "True",
    "+=": "-=",
    "-=": "+=",
    "min": "max",
    "max": "min",
    "<": ">",
    ">": "<",
}

_OTHER_WAY = {
    "<": ">", ">": "<", " + ": " - ", " - ": " + ", "min": "max", "max": "min", "left": "right", "right": "left",
    "start": "end", "end": "start", "low": "high", "high": "low", "first": "last", "last": "first",
}  # fmt: skip
_MIRROR = re.compile(r" [-+] |[<>]|\b(?:min|max|left|right|start|end|low|high|first|last)\b")


def mirrors(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All copies of statements to other gaps, and branches that mirror their neighbours."""
    for block in context.blocks:
        for gap in range(len(block.body) + 1):
            for statement in _near(context, block, gap):
                yield from _copy(context, scope, statement, block, gap)
    for statement in context.statements:
        if isinstance(statement, ast.If):
            yield from _branch(context, scope, statement)
    yield from _narrowed(context, scope)


def _near(context: FunctionContext, block: Block, gap: int) -> Iterator[ast.stmt]:
    """Statements worth copying to a gap: of the same block, of blocks below and above it."""
    for other in context.blocks:
        for statement in other.body:
            simple = isinstance(statement, _SIMPLE) or (
                isinstance(statement, ast.If) and not statement.orelse and other is not block
            )
            beside = other is block and gap in (
                block.body.index(statement),
                block.body.index(statement) + 1,
            )
            if simple and (other is not block or beside or not isinstance(statement, ast.Return)):
                yield statement


def _copy(
    context: FunctionContext, scope: Scope, statement: ast.stmt, block: Block, gap: int
) -> Iterator[Edit]:
    text = context.lines(statement)
    if text is None or text.count("\n") > _LONGEST:
        return
    plain = textwrap.dedent(text).rstrip("\n")
    same = context.block_of[statement][0] is block
    variants = [] if same and isinstance(statement, ast.Return) else [("mirror.copy", plain)]
    at_end = gap == len(block.body) or isinstance(block.body[gap], ast.Return)
    if not same and at_end and isinstance(statement, ast.Expr | ast.AugAssign | ast.Return):
        names = _read(scope, statement)
        variants += [("mirror.guarded", f"if {n}:\n{context.step}{plain}") for n in names]
    if same or at_end or isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr):
        beside = same and gap == context.block_of[statement][1] + 1
        variants += (
            [("mirror.change", new) for new in changed(scope, statement, plain)]
            if beside or not same
            else []
        )
    for kind, new in variants:
        if gap < len(block.body):
            edit = context.insert_before(kind, block.body[gap], new)
        else:
            edit = context.insert_after(kind, block.body[-1], new)
        if edit is not None:
            yield edit


def _read(scope: Scope, statement: ast.stmt) -> list[str]:
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return [name for name in scope.variables if name in used]


def changed(scope: Scope, statement: ast.AST, text: str) -> Iterator[str]:
    """The text with one name replaced by another of the same kind, or one word turned round."""
    names = {
        n.id: n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id in scope.variables
    }
    for name in names:
        kind = scope.types.get(name, "")
        for other in scope.variables:
            if other != name and (not kind or scope.types.get(other, "") in (kind, "")):
                yield re.sub(rf"\b{name}\b", other, text)
    whole = _MIRROR.sub(lambda found: _OTHER_WAY[found[0]], text)
    if whole != text:
        yield whole
    for old, new in _TURNED.items():
        pattern = rf"\b{old}\b" if old.isalpha() else rf"(?<![<>=]){re.escape(old)}(?!=)"
        turned = re.sub(pattern, new, text, count=1)
        if turned != text:
            yield turned


def _branch(context: FunctionContext, scope: Scope, statement: ast.If) -> Iterator[Edit]:
    """A second `if` or `elif` that mirrors the first, and an `else` that mirrors the body."""
    body = context.lines(statement.body[0])
    if body is None or len(statement.body) > 2:
        return
    plain = textwrap.dedent("".join(filter(None, map(context.lines, statement.body)))).rstrip("\n")
    prefix, step = context.indent(statement), context.step
    last = context.line_span(statement.body[-1])
    if last is None:
        return
    for new in changed(scope, statement.body[0], plain):
        lines = textwrap.indent(f"else:\n{textwrap.indent(new, step)}\n", prefix)
        if not statement.orelse:
            yield Edit(
                "mirror.else",
                statement,
                ((last[1], last[1], context.line_break(last[1]) + lines),),
                "",
                f"else: {new}"[:60],
            )
    test = context.source(statement.test)
    for other in changed(scope, statement.test, test):
        for new in [plain, *changed(scope, statement.body[0], plain)][:8]:
            lines = textwrap.indent(f"elif {other}:\n{textwrap.indent(new, step)}\n", prefix)
            place = (last[1], last[1], context.line_break(last[1]) + lines)
            yield Edit("mirror.elif", statement, (place,), "", f"elif {other}: {new}"[:60])


def _narrowed(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """`else:` to `elif` with the mirrored condition of its `if`, or a usual one."""
    for statement in context.statements:
        if not isinstance(statement, ast.If) or not statement.orelse:
            continue
        start = context.line_span(statement.orelse[0])
        last = context.line_span(statement.body[-1])
        if start is None or last is None or isinstance(statement.orelse[0], ast.If):
            continue
        test = statement.test
        near = used(scope, test, *statement.orelse)
        tests = [
            *changed(scope, test, context.source(test)),
            *relevant(scope, near[:3], test)[:10],
            *atoms(context, scope, test),
            *atoms(context, scope, statement.orelse[0]),
        ]
        for new in list(dict.fromkeys(tests))[:36]:
            head = f"{context.indent(statement)}elif {new}:\n"
            place = (last[1], start[0], head)
            yield Edit("else.elif", statement, (place,), "else:", f"elif {new}:")
