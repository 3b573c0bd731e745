"""f-strings: a wrong name, attribute or format inside the braces, or wrong text around them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.scope import Scope

_FORMATS = (".2f", ".1f", ".0f", ".3f", "02d", "03d", ",", "d", ".1%", ".2%")


def strings(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of f-strings; the whole literal is written anew, as its parts have no exact places."""
    for node in context.expressions:
        if isinstance(node, ast.JoinedStr):
            for text in _variants(scope, node):
                edit = context.replace("fstring", node, text)
                if edit is not None:
                    yield edit


def _variants(scope: Scope, node: ast.JoinedStr) -> Iterator[str]:
    for index, part in enumerate(node.values):
        if isinstance(part, ast.FormattedValue):
            for name in scope.visible_at(node):
                yield _with(
                    node,
                    index,
                    ast.FormattedValue(
                        ast.Name(name, ast.Load()), part.conversion, part.format_spec
                    ),
                )
            for spec in _FORMATS:
                wanted = ast.JoinedStr([ast.Constant(spec)])
                yield _with(node, index, ast.FormattedValue(part.value, part.conversion, wanted))
            yield _with(node, index, ast.FormattedValue(part.value, part.conversion, None))
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            text = part.value
            for new in (
                text + " ",
                " " + text,
                text.strip(),
                text.replace(" ", ""),
                text.replace("-", ":"),
                text[:-1],
                text[1:],
            ):
                if new != text:
                    yield _with(node, index, ast.Constant(new))


def _with(node: ast.JoinedStr, index: int, part: ast.expr) -> str:
    changed = copy.copy(node)
    changed.values = [*node.values[:index], part, *node.values[index + 1 :]]
    return ast.unparse(changed)
