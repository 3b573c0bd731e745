"""Types of the names of one function, from its annotations, its assignments and the failing checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from coderepair.propose.operators import types
from coderepair.propose.operators.context import FunctionContext

_KNOWN = frozenset({"int", "float", "str", "bool", "list", "dict", "set", "tuple"})
_OF_TEXTS = frozenset({"split", "rsplit", "splitlines", "findall", "readlines"})
"""Methods whose result holds texts."""
_KEEPS = frozenset({"sorted", "reversed", "set", "list", "tuple", "iter"})
"""Functions whose result holds the elements of their argument."""
Types = dict[str, str]


def infer(
    context: FunctionContext, result: str, arguments: Iterable[Mapping[str, ast.expr]]
) -> Types:
    """Types by name; `f()` is what `f` returns, `xs[]` an element of `xs`, `d[:]` a value of `d`."""
    known = _from_checks(context, result, arguments)
    known.update(_from_annotations(context))
    for _ in range(2):
        for node in context.nodes:
            _learn(node, known)
    return known


def _from_checks(
    context: FunctionContext, result: str, arguments: Iterable[Mapping[str, ast.expr]]
) -> Types:
    known: Types = {}
    if result:
        known[f"{context.function.name}()"] = result
    for call in arguments:
        for name, value in call.items():
            known.setdefault(name, types.guess(value, {}))
            elements = getattr(value, "elts", None) or getattr(value, "keys", None)
            if elements and elements[0] is not None:
                known.setdefault(f"{name}[]", types.guess(elements[0], {}))
            if isinstance(value, ast.Dict) and value.values:
                known.setdefault(f"{name}[:]", types.guess(value.values[0], {}))
    return {name: kind for name, kind in known.items() if kind}


def _from_annotations(context: FunctionContext) -> Types:
    known: Types = {}
    for node in context.nodes:
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                pass
            case _:
                continue
        outer, _, inner = ast.unparse(annotation).lower().partition("[")
        first, _, second = inner.removesuffix("]").partition(",")
        known[name] = outer.rpartition(".")[2]
        known[f"{name}[]"] = re.split(r"[\[\],]", first)[0]
        known[f"{name}[:]"] = re.split(r"[\[\],]", second.strip())[0]
    return {name: kind for name, kind in known.items() if kind in _KNOWN}


def _learn(node: ast.AST, known: Types) -> None:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            kind = types.guess(value, known)
            if kind and kind != "none":
                known.setdefault(name, kind)
            if element := _element(value, known):
                known.setdefault(f"{name}[]", element)
        case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
            _bind(target, source, known)


def _bind(target: ast.expr, source: ast.expr, known: Types) -> None:
    """What the elements of `source` tell of the names that a loop binds."""
    match target, source:
        case ast.Name(id=name), _:
            kinds = {name: _element(source, known)}
        case (
            ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]),
            ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]),
        ):
            kinds = {first: "int", second: _element(inner, known)}
        case (
            ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]),
            ast.Call(func=ast.Attribute(value=ast.Name(id=mapping), attr="items")),
        ):
            kinds = {first: known.get(f"{mapping}[]", ""), second: known.get(f"{mapping}[:]", "")}
        case ast.Tuple(elts=targets), ast.Call(func=ast.Name(id="zip"), args=sources):
            pairs = zip(targets, sources, strict=False)
            kinds = {t.id: _element(s, known) for t, s in pairs if isinstance(t, ast.Name)}
        case _:
            return
    for name, kind in kinds.items():
        if kind:
            known.setdefault(name, kind)


def _element(source: ast.expr, known: Types) -> str:
    match source:
        case ast.Call(func=ast.Name(id="range")):
            return "int"
        case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in _KEEPS:
            return _element(inner, known)
        case ast.Call(func=ast.Attribute(attr=name)) if name in _OF_TEXTS:
            return "str"
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=mapping), attr=("keys" | "values") as of)
        ):
            return known.get(f"{mapping}[]" if of == "keys" else f"{mapping}[:]", "")
        case ast.Name(id=name):
            return known.get(f"{name}[]") or ("str" if known.get(name) == "str" else "")
        case ast.Subscript(value=ast.Name() as value, slice=ast.Slice()):
            return _element(value, known)
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
            return types.guess(element, known)
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]) | ast.Set(elts=[first, *_]):
            return types.guess(first, known)
    return "str" if types.guess(source, known) == "str" else ""
