"""Statements that are missing: guards, updates, early exits, conversions, branches."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.conditions import atoms
from coderepair.propose.operators.constants import literals
from coderepair.propose.operators.context import Block, FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.scope import Scope, target_names

_MOST_CONDITIONS = 14
_CONVERSIONS = {
    "list": ("sorted({x})", "list(set({x}))", "{x}[::-1]", "list({x})"),
    "str": ("{x}.lower()", "{x}.strip()", "{x}.upper()", "{x}.replace(' ', '')", "{x}[::-1]"),
    "int": (
        "abs({x})",
        "int({x})",
        "str({x})",
        "{x} + 1",
        "{x} - 1",
        "{x} // 2",
        "{x} // 10",
        "{x} * 2",
    ),
    "float": ("max({x}, 0.0)", "abs({x})", "round({x}, 2)"),
    "tuple": ("sorted({x})", "list({x})"),
    "dict": ("dict({x})",),
    "set": ("sorted({x})", "list({x})"),
}
_RESETS = {
    "int": ("0", "1"),
    "float": ("0.0", "0"),
    "str": ('""',),
    "list": ("[]",),
    "dict": ("{}",),
    "set": ("set()",),
    "bool": ("False", "True"),
}
_UNKNOWN = ("{x} + 1", "{x} - 1", "sorted({x})", "abs({x})", "list({x})")


def inserts(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All insertions of statements that come from templates."""
    if context.blocks:
        yield from _guards(context, scope)
        yield from _local_guards(context, scope)
        yield from _skips(context, scope)
        yield from _conversions(context, scope)
    for block in context.blocks:
        loop = _loop(context, block)
        for index, statement in enumerate(block.body):
            yield from _here(context, scope, statement, context.insert_before, loop, index == 0)
        if not isinstance(block.body[-1], ast.Return | ast.Break | ast.Continue | ast.Raise):
            yield from _here(context, scope, block.body[-1], context.insert_after, loop, False)
    yield from _last_return(context, scope)
    yield from _branches(context, scope)


def _loop(context: FunctionContext, block: Block) -> ast.For | ast.While | None:
    """The innermost loop around the statements of a block."""
    for node in (block.owner, *context.ancestors(block.owner)):
        if isinstance(node, ast.For | ast.While):
            return node
    return None


def _guards(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """`if not xs: return ...` and the like at the start of the function."""
    first = context.blocks[0].body[0]
    values = literals(scope)[:9]
    for name in scope.parameters:
        kind = scope.types.get(name, "")
        tests = []
        if kind not in ("int", "float", "bool"):
            tests += [f"not {name}", f"len({name}) == 1", f"len({name}) < 2", f"{name} is None"]
        if kind not in ("list", "str", "dict", "set", "tuple"):
            tests += [
                f"{name} == 0",
                f"{name} == 1",
                f"{name} < 0",
                f"{name} <= 0",
                f"{name} <= 1",
                f"{name} < 2",
            ]
        for test in tests:
            for value in dict.fromkeys([*values, name]):
                text = f"if {test}:\n{context.step}return {value}"
                yield from _some(context.insert_before("insert.guard", first, text))
    for name in scope.parameters:
        for other in scope.parameters:
            if name < other and scope.types.get(name) == scope.types.get(other):
                for test in (f"{name} == {other}", f"{name} > {other}", f"{name} < {other}"):
                    for value in values[:5]:
                        text = f"if {test}:\n{context.step}return {value}"
                        yield from _some(context.insert_before("insert.guard", first, text))
                text = f"if {name} > {other}:\n{context.step}{name}, {other} = {other}, {name}"
                yield from _some(context.insert_before("insert.order", first, text))


def _local_guards(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """`if not rows: return ...` behind the statement that binds `rows`."""
    for statement in context.blocks[0].body[:-1]:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            number = scope.types.get(name) in ("int", "float")
            for test in (f"{name} == 0", f"{name} < 0") if number else (f"not {name}",):
                for value in literals(scope)[:7]:
                    text = f"if {test}:\n{context.step}return {value}"
                    yield from _some(context.insert_after("insert.guard", statement, text))


def _skips(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """`if not part: continue` behind the statement of a loop that binds `part`."""
    for block in context.blocks:
        if _loop(context, block) is None:
            continue
        for statement in block.body[:-1]:
            if not isinstance(statement, ast.Assign):
                continue
            for name in target_names(statement.targets[0]):
                number = scope.types.get(name) in ("int", "float")
                tests = (
                    (f"{name} == 0", f"{name} < 0")
                    if number
                    else (f"not {name}", f"{name} is None")
                )
                for test in tests:
                    for word in ("continue", "break"):
                        text = f"if {test}:\n{context.step}{word}"
                        yield from _some(context.insert_after("insert.skip", statement, text))


def _some(edit: Edit | None) -> Iterator[Edit]:
    if edit is not None:
        yield edit


def _conversions(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """A parameter is converted at the start, a local before the last return."""
    body = context.blocks[0].body
    places = [(body[0], scope.parameters)]
    if len(body) > 1 and isinstance(body[-1], ast.Return):
        places.append((body[-1], scope.variables))
    loops = [node for node in context.statements if isinstance(node, ast.For)]
    places += [(loop.body[0], tuple(target_names(loop.target))) for loop in loops]
    for statement, names in places:
        for name in names:
            for template in _CONVERSIONS.get(scope.types.get(name, ""), _UNKNOWN):
                text = f"{name} = {template.replace('{x}', name)}"
                yield from _some(context.insert_before("insert.convert", statement, text))


def _here(
    context: FunctionContext,
    scope: Scope,
    statement: ast.stmt,
    insert: object,
    loop: ast.For | ast.While | None,
    is_first: bool,
) -> Iterator[Edit]:
    """Templates at one gap between statements."""
    put = context.insert_before if insert == context.insert_before else context.insert_after
    for kind, text in _texts(context, scope, statement, loop, is_first):
        yield from _some(put(kind, statement, text))


def _texts(
    context: FunctionContext,
    scope: Scope,
    statement: ast.stmt,
    loop: ast.For | ast.While | None,
    is_first: bool,
) -> Iterator[tuple[str, str]]:
    for name in (*scope.locals, *scope.reassigned):
        kind = scope.types.get(name, "")
        if kind == "list":
            yield "insert.update", f"{name}.sort()"
        if kind in ("int", "float"):
            yield from (("insert.update", f"{name} += 1"), ("insert.update", f"{name} -= 1"))
            yield from (("insert.update", text) for text in _sums(scope, name, statement))
        yield from (("insert.append", text) for text in _appends(scope, name, statement))
        yield from (("insert.reset", f"{name} = {value}") for value in _RESETS.get(kind, ()))
    for name in scope.attributes:
        yield from (("insert.attribute", text) for text in _attribute_updates(scope, name))
    yield from (("insert.return", f"return {name}") for name in scope.locals)
    if loop is None:
        return
    yield from (("insert.exit", "break"), ("insert.exit", "continue"))
    if isinstance(loop, ast.While):
        for name in scope.variables:
            if scope.types.get(name) in ("int", None):
                yield from (("insert.update", f"{name} //= {by}") for by in (2, 10))
    if is_first and statement in loop.body:
        yield from _loop_guards(context, scope, loop)


def _attribute_updates(scope: Scope, name: str) -> Iterator[str]:
    yield from (f"{name} += 1", f"{name} -= 1")
    yield from (f"{name} = {value}" for value in ("0", "''", "[]", "None", "False", "True"))
    for parameter in scope.parameters:
        kind = scope.types.get(parameter, "")
        yield from (
            f"{name} = {parameter}",
            f"{name}.append({parameter})",
            f"{name} += {parameter}",
        )
        if kind not in ("int", "float", "bool"):
            yield f"{name} += len({parameter})"


def _sums(scope: Scope, name: str, place: ast.AST) -> Iterator[str]:
    for other in scope.visible_at(place):
        if other != name and scope.types.get(other, "") in ("", "int", "float"):
            yield from (f"{name} += {other}", f"{name} -= {other}", f"{name} = {other}")


def _appends(scope: Scope, name: str, place: ast.AST) -> Iterator[str]:
    kind = scope.types.get(name, "")
    if kind not in ("list", "set"):
        return
    method = "append" if kind == "list" else "add"
    for other in scope.visible_at(place):
        if other != name:
            yield f"{name}.{method}({other})"


def _loop_guards(
    context: FunctionContext, scope: Scope, loop: ast.For | ast.While
) -> Iterator[tuple[str, str]]:
    """`if cond: continue` at the start of a loop's body."""
    own = set(target_names(loop.target)) if isinstance(loop, ast.For) else set()
    tests = [
        test
        for test in dict.fromkeys(atoms(context, scope, loop))
        if not own or _mentions(test, own)
    ]
    for test in tests[:_MOST_CONDITIONS]:
        for word in ("continue", "break", *(f"return {value}" for value in ("True", "False"))):
            yield "insert.loop_guard", f"if {test}:\n{context.step}{word}"


def _mentions(text: str, names: set[str]) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id in names for n in ast.walk(ast.parse(text, mode="eval"))
    )


def _last_return(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """A function that falls off its end returns something."""
    last = context.blocks[0].body[-1] if context.blocks else None
    if last is None or isinstance(last, ast.Return):
        return
    for value in [*reversed(scope.locals), *scope.parameters, *literals(scope)]:
        yield from _some(context.insert_after("insert.last_return", last, f"return {value}"))


def _branches(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """`else` or `elif` behind an `if`; a statement put under a condition."""
    for statement in context.statements:
        if isinstance(statement, ast.If) and not statement.orelse:
            yield from _else(context, scope, statement)
        if isinstance(
            statement, ast.Expr | ast.AugAssign | ast.Assign | ast.Return | ast.Break | ast.Continue
        ):
            yield from _conditional(context, scope, statement)


def _else(context: FunctionContext, scope: Scope, statement: ast.If) -> Iterator[Edit]:
    prefix = context.indent(statement)
    texts = (
        ["break", "continue"]
        if any(isinstance(a, ast.For | ast.While) for a in context.ancestors(statement))
        else []
    )
    texts += [f"return {value}" for value in [*scope.locals, *literals(scope)[:8]]]
    for name in scope.locals:
        kind = scope.types.get(name, "")
        if kind in ("int", "float"):
            texts += [f"{name} = 0", f"{name} = 1", f"{name} += 1", f"{name} -= 1"]
        texts += _appends(scope, name, statement)
    for text in texts:
        body = f"else:\n{context.step}{text}"
        yield from _some(context.insert_after("insert.else", statement, body, prefix))


def _conditional(context: FunctionContext, scope: Scope, statement: ast.stmt) -> Iterator[Edit]:
    span = context.line_span(statement)
    if span is None:
        return
    prefix = context.indent(statement)
    tests = list(dict.fromkeys(atoms(context, scope, statement)))[:_MOST_CONDITIONS]
    body = "".join(
        f"{context.step}{line}\n" for line in context.text[span[0] : span[1]].splitlines()
    )
    for test in tests:
        yield Edit(
            "insert.if", statement, ((*span, f"{prefix}if {test}:\n{body}"),), "", f"if {test}:"
        )
