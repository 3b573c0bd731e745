"""Calls that do not fit what they call (E1120, E1121, E1123), and values of what has none (E1111)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from coderepair.project.findings import Finding
from coderepair.project.inference import Inference, Scope, Value
from coderepair.project.lookup import Found
from coderepair.project.records import Definition, Kind, Parameters

_IN_PLACE: Mapping[str, frozenset[str]] = {
    "list": frozenset({"append", "clear", "extend", "insert", "remove", "reverse", "sort"}),
    "dict": frozenset({"clear", "update"}),
    "set": frozenset({"add", "clear", "discard", "remove", "update"}),
}
"""Methods that change their object and return None."""


def check(node: ast.AST, scope: Scope, inference: Inference) -> Iterator[Finding]:
    """Findings about one node."""
    if isinstance(node, ast.Call):
        called = _called(node, scope, inference)
        if called is not None and called.item is not None and called.item.parameters is not None:
            yield from _misfits(node, called, called.item.parameters)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
        yield from _no_value(node.value, scope, inference)


def _called(node: ast.Call, scope: Scope, inference: Inference) -> Found | None:
    """The function or class that is called; not a method by way of its class."""
    value = inference.of(node.func, scope)
    return value.found if value is not None and value.kind in ("function", "class") else None


def _misfits(node: ast.Call, called: Found, parameters: Parameters) -> Iterator[Finding]:
    starred = any(isinstance(each, ast.Starred) for each in node.args)
    named = {each.arg for each in node.keywords if each.arg is not None}
    doubled = any(each.arg is None for each in node.keywords)
    given = sum(not isinstance(each, ast.Starred) for each in node.args)
    item = called.item
    name = item.name if item is not None else ""
    if given > len(parameters.positional) and not parameters.more:
        most = len(parameters.positional)
        text = f"too many positional arguments for {name}: {given} are given, it takes {most}"
        yield Finding(node.lineno, "E1121", text, name, called)
    by_name = {*parameters.positional[parameters.only_positional :], *parameters.keyword}
    for each in sorted(named - by_name) if not parameters.more_keyword else ():
        text = f"unexpected keyword argument {each!r} in a call of {name}"
        yield Finding(node.lineno, "E1123", text, name, called)
    if starred or doubled:
        return
    needed = [*parameters.positional[given : parameters.required], *parameters.required_keyword]
    for each in needed:
        if each not in named:
            text = f"no value for argument {each!r} in a call of {name}"
            yield Finding(node.lineno, "E1120", text, name, called)


def _no_value(node: ast.Call, scope: Scope, inference: Inference) -> Iterator[Finding]:
    func = node.func
    if isinstance(func, ast.Attribute):
        value = inference.of(func.value, scope)
        if value is not None and func.attr in _IN_PLACE.get(value.kind, ()):
            text = f"{value.kind}.{func.attr} changes its object and returns None"
            yield Finding(node.lineno, "E1111", text, func.attr)
            return
    called: Value | None = inference.of(func, scope)
    item = called.found.item if called is not None and called.found is not None else None
    if called is not None and item is not None and _gives_nothing(item):
        text = f"{item.name} returns no value"
        yield Finding(node.lineno, "E1111", text, item.name, called.found)


def _gives_nothing(item: Definition) -> bool:
    return item.kind in (Kind.FUNCTION, Kind.METHOD) and not item.gives
