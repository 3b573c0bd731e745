"""Missing control flow: statements put under a condition, skipped rounds, corrections, early exits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import permutations

from coderepair.propose.operators.constants import literals
from coderepair.propose.operators.context import Block, FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.relevance import about, between, relevant, used
from coderepair.propose.operators.scope import Scope, target_names

_MOST_TESTS = 14
_LEAVES = ast.Return | ast.Raise | ast.Break | ast.Continue
_SIMPLE = ast.Expr | ast.AugAssign | ast.Assign | ast.AnnAssign | ast.Delete
_RESETS = {
    "int": ("0", "1"),
    "float": ("0.0",),
    "bool": ("False", "True"),
    "str": ('""',),
    "list": ("[]",),
    "dict": ("{}",),
    "set": ("set()",),
}


def flow(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits that add a branch around or between the statements that stand there."""
    for block in context.blocks:
        for index, statement in enumerate(block.body):
            if isinstance(statement, _SIMPLE | ast.Return):
                yield from _under(context, scope, statement)
            if 0 < index < len(block.body) - 1:
                yield from _rest_under(context, scope, block, index)
            if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
                yield from _corrected(context, scope, statement)
            if isinstance(statement, ast.For | ast.While):
                yield from _skipped(context, scope, statement)
                yield from _once(context, scope, statement)
            if isinstance(statement, ast.If) and not statement.orelse:
                yield from _otherwise(context, scope, statement)
    yield from _early(context, scope)


def _inserted(edit: Edit | None) -> Iterator[Edit]:
    if edit is not None:
        yield edit


def _under(context: FunctionContext, scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    """`statement` to `if test: statement`."""
    yield from _wrapped(context, scope, statement, statement, _MOST_TESTS)


def _rest_under(context: FunctionContext, scope: Scope, block: Block, index: int) -> Iterator[Edit]:
    """The statements from one on, up to the return at the end, under a condition."""
    rest = block.body[index:]
    if isinstance(rest[-1], _LEAVES) and len(rest) > 1 and not _in_loop(context, rest[-1]):
        rest = rest[:-1]
    if 1 < len(rest) <= 4:
        yield from _wrapped(context, scope, rest[0], rest[-1], 6)


def _wrapped(
    context: FunctionContext, scope: Scope, first: ast.stmt, last: ast.stmt, most: int
) -> Iterator[Edit]:
    start, end = context.line_span(first), context.line_span(last)
    if start is None or end is None:
        return
    prefix, lines = context.indent(first), context.text[start[0] : end[1]].splitlines()
    body = "".join(f"{context.step}{line}\n" if line else "\n" for line in lines)
    for test in relevant(scope, used(scope, first), first)[:most]:
        text = f"{prefix}if {test}:\n{body}"
        yield Edit("insert.if", first, ((start[0], end[1], text),), "", f"if {test}:")


def _in_loop(context: FunctionContext, statement: ast.stmt) -> bool:
    return any(isinstance(above, ast.For | ast.While) for above in context.ancestors(statement))


def _corrected(context: FunctionContext, scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    """Behind an assignment, `if x < 0: x += 360` and the like: into range, or another value."""
    target = getattr(statement, "target", None) or statement.targets[0]  # type: ignore[attr-defined]
    if not isinstance(target, ast.Name):
        return
    name, kind = target.id, scope.types.get(target.id, "")
    if kind in ("int", "float"):
        pairs = _into_range(scope, name, statement)
    else:
        pairs = ((f"not {name}", f"{name} = {value}") for value in _instead(scope, name, kind))
    texts = [f"if {test}:\n{context.step}{body}" for test, body in pairs]
    if kind in ("int", "float"):
        texts += [f"{name} = max({name}, {'0.0' if kind == 'float' else '0'})"]
    for text in texts:
        yield from _inserted(context.insert_after("insert.correct", statement, text))


def _into_range(scope: Scope, name: str, statement: ast.stmt) -> Iterator[tuple[str, str]]:
    yield from ((f"{name} < 0", f"{name} = 0"), (f"{name} < 0", f"{name} = -{name}"))
    bounds = [text for text in scope.numbers[:6] if text not in ("0", "1")]
    near = [other for other in used(scope, statement) if other != name]
    bounds += [other for other in near if scope.types.get(other) in ("int", "float")][:3]
    for bound in bounds:
        yield (f"{name} < 0", f"{name} += {bound}")
        for sign in (">", ">="):
            yield (f"{name} {sign} {bound}", f"{name} = {bound}")
            yield from ((f"{name} {sign} {bound}", f"{name} -= {by}") for by in bounds)
        yield (f"{name} < {bound}", f"{name} = {bound}")


def _instead(scope: Scope, name: str, kind: str) -> Iterator[str]:
    yield from _RESETS.get(kind, ("0", "[]"))
    for other in scope.variables:
        if other != name and scope.types.get(other, "") == kind:
            yield other


def _skipped(context: FunctionContext, scope: Scope, loop: ast.For | ast.While) -> Iterator[Edit]:
    """Rounds of a loop are skipped, or the loop is left, where a name of the loop says so."""
    own = list(target_names(loop.target)) if isinstance(loop, ast.For) else used(scope, loop.test)
    names = [*own, *(name for name in used(scope, *loop.body) if name not in own)]
    tests = relevant(scope, names[:3], loop.body[0])[:_MOST_TESTS]
    returns = [f"return {value}" for value in literals(scope)[:2]] if loop.body else []
    for test in tests:
        for word in ("continue", "break", *returns):
            text = f"if {test}:\n{context.step}{word}"
            yield from _inserted(context.insert_before("insert.loop_guard", loop.body[0], text))
            if len(loop.body) > 1 and word in ("continue", "break"):
                yield from _inserted(context.insert_before("insert.skip", loop.body[1], text))


def _once(context: FunctionContext, scope: Scope, loop: ast.For | ast.While) -> Iterator[Edit]:
    """What was seen before is skipped: test and entry in one go."""
    if not isinstance(loop, ast.For):
        return
    for item in target_names(loop.target):
        for seen in scope.locals:
            kind = scope.types.get(seen, "")
            if kind in ("list", "set") and seen != item:
                put = f"{seen}.{'add' if kind == 'set' else 'append'}({item})"
                text = f"if {item} in {seen}:\n{context.step}continue\n"
                edit = context.insert_before("insert.loop_guard", loop.body[0], text + put)
                yield from _inserted(edit)
                if kind == "list":
                    edit = context.insert_before("insert.loop_guard", loop.body[0], text[:-1])
                    yield from _inserted(edit)


def _otherwise(context: FunctionContext, scope: Scope, statement: ast.If) -> Iterator[Edit]:
    """`else:` that sets a name back, or gives another value to what the branch assigns."""
    stored = {n.id for n in ast.walk(statement) if _stores(n)}  # type: ignore[attr-defined]
    texts = []
    for name in scope.locals:
        values = _RESETS.get(scope.types.get(name, ""), ())
        texts += [f"{name} = {value}" for value in values]
        if name in stored:
            others = [v for v in scope.variables if v != name]
            kind = scope.types.get(name, "")
            texts += [f"{name} = {v}" for v in others if scope.types.get(v, "") == kind]
    prefix = context.indent(statement)
    for text in texts:
        body = f"else:\n{context.step}{text}"
        yield from _inserted(context.insert_after("insert.else", statement, body, prefix))


def _stores(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _early(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """Between the statements of the function: a return, or a raise as it stands elsewhere."""
    if not context.blocks:
        return
    raises = _raises(context)
    body = context.blocks[0].body
    for index, statement in enumerate(body):
        later = used(scope, *body[index:])
        bound = [name for name in used(scope, body[index - 1]) if name in later]
        bound = bound if index else list(scope.parameters)
        for name in bound[:4]:
            for test in list(about(scope, name))[:5]:
                exits = [f"return {value}" for value in literals(scope)[:4]] if index else []
                yield from _exits(context, statement, test, exits)
        for name in used(scope, body[index - 1])[:6] if index else scope.parameters:
            for test in list(about(scope, name))[:4]:
                yield from _exits(context, statement, test, raises)
    for one, other in permutations(scope.parameters[:4], 2):
        for test in between(scope, one, other):
            exits = [f"return {value}" for value in (one, other, *literals(scope)[:2])]
            yield from _exits(context, body[0], test, [*exits, *raises])
    for name in scope.parameters:
        if scope.types.get(name) == "list" and scope.types.get(f"{name}[]", "list") == "list":
            exits = [f"return {value}" for value in literals(scope)[:3]]
            yield from _exits(context, body[0], f"not {name} or not {name}[0]", exits)


def _exits(
    context: FunctionContext, statement: ast.stmt, test: str, words: list[str]
) -> Iterator[Edit]:
    for word in words:
        text = f"if {test}:\n{context.step}{word}"
        kind = "insert.raise" if word.startswith("raise") else "insert.guard"
        yield from _inserted(context.insert_before(kind, statement, text))


def _raises(context: FunctionContext) -> list[str]:
    """Ways to raise: those of the function, else those that its docstring or its tests speak of."""
    found = [context.source(node) for node in context.nodes if isinstance(node, ast.Raise)]
    said = f"{context.docstring} {context.around.statement} {context.around.test_text}"
    found += [f"raise {name}" for name in ("ValueError", "KeyError", "TypeError") if name in said]
    short = [text for text in found if len(text) <= 80 and "\n" not in text]
    return list(dict.fromkeys(short))[:2]
