"""Values used as what they are not: no such member (E1101), not callable (E1102), not iterable (E1133),
without subscripts (E1136)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.project.findings import Finding
from coderepair.project.inference import TYPES, Inference, Scope, Value
from coderepair.project.records import Definition

_NEWER = frozenset({"is_integer", "from_number", "__annotate__", "removeprefix", "removesuffix"})
"""Members of builtin types that the project's Python may have, or not, as it is older or newer."""


def check(node: ast.AST, scope: Scope, inference: Inference) -> Iterator[Finding]:
    """Findings about one node."""
    match node:
        case ast.Attribute(ctx=ast.Load()):
            yield from _member(node, scope, inference)
        case ast.Call():
            yield from _unfit(node.func, scope, inference, "__call__", "E1102", "is not callable")
        case ast.Subscript(ctx=ast.Load()):
            text = "cannot be subscripted"
            yield from _unfit(node.value, scope, inference, "__getitem__", "E1136", text)
        case ast.For() | ast.comprehension():
            if not (isinstance(node, ast.comprehension) and node.is_async):
                yield from _not_iterable(node.iter, scope, inference)
        case ast.Starred(ctx=ast.Load()) | ast.YieldFrom():
            yield from _not_iterable(node.value, scope, inference)


def _not_iterable(node: ast.expr, scope: Scope, inference: Inference) -> Iterator[Finding]:
    yield from _unfit(node, scope, inference, "__iter__", "E1133", "cannot be iterated over")


def _unfit(
    node: ast.expr, scope: Scope, inference: Inference, method: str, code: str, text: str
) -> Iterator[Finding]:
    value = inference.of(node, scope)
    if value is not None and _has(value, method, inference) is False:
        shown = ast.unparse(node)
        yield Finding(
            node.lineno, code, f"{shown} is {_told(value)}, which {text}", shown, value.found
        )


def _has(value: Value, method: str, inference: Inference) -> bool | None:
    """Whether a value can do what a special method does; None if that is not known."""
    either = {method, "__getitem__"} if method == "__iter__" else {method}
    if value.kind in TYPES and value.found is None:
        return any(each in dir(TYPES[value.kind]) for each in either)
    if value.kind == "module":
        return False
    if value.kind == "function":
        return method == "__call__"
    members = inference.names.members(value.found) if value.found is not None else None
    if members is None:
        return None
    if value.kind == "class":
        return method == "__call__" or (method == "__getitem__" and "__class_getitem__" in members)
    return bool(either & members)


def _member(node: ast.Attribute, scope: Scope, inference: Inference) -> Iterator[Finding]:
    value = inference.of(node.value, scope)
    if value is None:
        return
    known = _knows(value, node.attr, inference)
    if known is False:
        text = f"{ast.unparse(node.value)} is {_told(value)}, which has no {node.attr!r}"
        yield Finding(node.lineno, "E1101", text, node.attr, value.found)


def _knows(value: Value, name: str, inference: Inference) -> bool | None:
    if value.found is None:
        return name in dir(TYPES[value.kind]) or (None if name in _NEWER else False)
    if value.kind == "module":
        return inference.names.binds(value.found.module, name)
    if value.kind == "function" or name in inference.set_anywhere:
        return None
    members = inference.names.members(value.found)
    if members is None or (value.kind == "class" and name in dir(type)):
        return None
    if name in members:
        return True
    # A class that is made to be inherited from may count on what its heirs have.
    return None if _heirs_have(value.found.item, name, inference) else False


def _heirs_have(item: Definition | None, name: str, inference: Inference) -> bool:
    if item is None or "mixin" in item.name.lower():
        return True
    others = [each for _, each in inference.names.index.definitions]
    return any(
        name in each.members and item.name in {base.rpartition(".")[2] for base in each.bases}
        for each in (*inference.module.definitions, *others)
    )


def _told(value: Value) -> str:
    item = value.found.item if value.found is not None else None
    if value.kind == "module" and value.found is not None:
        return f"the module {value.found.module.name}"
    if item is not None:
        return (
            f"an instance of {item.name}"
            if value.kind == "instance"
            else f"the {value.kind} {item.name}"
        )
    return value.kind if value.kind == "None" else f"of type {value.kind}"
