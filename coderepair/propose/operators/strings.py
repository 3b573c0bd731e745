"""f-strings: a wrong expression or format inside the braces, or wrong text around them."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

from coderepair.propose.operators.constants import constants
from coderepair.propose.operators.context import FunctionContext, Surroundings
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.names import names
from coderepair.propose.operators.scope import Scope
from coderepair.propose.operators.slices import slices
from coderepair.propose.operators.symbols import symbols
from coderepair.propose.operators.wraps import wraps

_FORMATS = (".2f", ".1f", ".0f", ".3f", "02d", "03d", ",", "d", ".1%", ".2%")
_INNER = (symbols, constants, names, slices, wraps)
_MOST_INNER = 150


def strings(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of f-strings; the whole literal is written anew, as its parts have no exact places."""
    for node in context.expressions:
        if isinstance(node, ast.JoinedStr):
            for text in _variants(scope, node):
                edit = context.replace("fstring", node, text)
                if edit is not None:
                    yield edit


def _variants(scope: Scope, node: ast.JoinedStr) -> Iterator[str]:
    yield from _renamed(scope, node)
    for index, part in enumerate(node.values):
        if isinstance(part, ast.FormattedValue):
            for value in _expressions(scope, node, part.value):
                new = ast.FormattedValue(value, part.conversion, part.format_spec)
                yield _with(node, index, new)
            for spec in _FORMATS:
                wanted = ast.JoinedStr([ast.Constant(spec)])
                yield _with(node, index, ast.FormattedValue(part.value, part.conversion, wanted))
            yield _with(node, index, ast.FormattedValue(part.value, part.conversion, None))
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from (_with(node, index, ast.Constant(new)) for new in _texts(scope, part.value))


def _renamed(scope: Scope, node: ast.JoinedStr) -> Iterator[str]:
    """One variable is replaced by another wherever the literal names it."""
    text = ast.unparse(node)
    visible = scope.visible_at(node)
    for name in visible:
        pattern = re.compile(rf"\b{name}\b")
        if len(pattern.findall(text)) > 1:
            yield from (pattern.sub(other, text) for other in visible if other != name)


def _expressions(scope: Scope, node: ast.JoinedStr, value: ast.expr) -> Iterator[ast.expr]:
    """What the operators make of an expression in braces, in a small function of its own."""
    parameters = ", ".join(scope.visible_at(node))
    text = f"def inner({parameters}):\n    return {ast.unparse(value)}"
    inner = FunctionContext(text, Surroundings())
    inner_scope = Scope(inner)
    inner_scope.types.update(scope.types)
    found = 0
    for family in _INNER:
        for edit in family(inner, inner_scope):
            try:
                statement = ast.parse(edit.apply(text)).body[0]
            except SyntaxError:
                continue
            result = statement.body[0] if isinstance(statement, ast.FunctionDef) else None
            if isinstance(result, ast.Return) and result.value is not None and found < _MOST_INNER:
                found += 1
                yield result.value


def _texts(scope: Scope, text: str) -> Iterator[str]:
    near = [text + " ", " " + text, text.strip(), text.replace(" ", ""), text[:-1], text[1:]]
    near += [
        text.replace("-", ":"),
        text.replace(":", "-"),
        text.upper(),
        text.lower(),
        *scope.strings[:4],
    ]
    return (new for new in dict.fromkeys(near) if new != text)


def _with(node: ast.JoinedStr, index: int, part: ast.expr) -> str:
    changed = copy.copy(node)
    changed.values = [*node.values[:index], part, *node.values[index + 1 :]]
    return ast.unparse(changed)
