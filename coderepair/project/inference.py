"""What an expression is, where one look at the program settles it.

A name counts only if it is bound once. Anything that takes more than that is unknown, and about the
unknown nothing is ever reported.
"""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeGuard

from coderepair.edit.nodes import own_nodes
from coderepair.edit.regions import FunctionNode
from coderepair.project.lookup import Found, Names
from coderepair.project.reading import absolute, decorators
from coderepair.project.records import Kind, Module

_DEPTH = 5
TYPES: Mapping[str, type] = {
    each.__name__: each
    for each in (int, float, complex, str, bytes, bool, list, dict, set, frozenset, tuple, range)
} | {"None": type(None), "function": types.FunctionType, "generator": types.GeneratorType}
_LITERALS: Mapping[type[ast.expr], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
    ast.JoinedStr: "str",
    ast.GeneratorExp: "generator",
    ast.Lambda: "function",
}
_CALLS: Mapping[str, str] = {name: name for name in TYPES if hasattr(builtins, name)} | {
    "len": "int", "ord": "int", "hash": "int", "id": "int", "sorted": "list", "input": "str",
    "repr": "str", "chr": "str", "bin": "str", "hex": "str", "isinstance": "bool", "print": "None",
}  # fmt: skip
"""Builtin -> what a call of it gives."""


class Value(NamedTuple):
    """What is known of a value."""

    kind: str
    """A name of `TYPES`, or `module`, `class`, `instance`, `function`."""
    found: Found | None = None
    """The module, class or function of the project, or the class that it is an instance of."""


@dataclass(slots=True)
class Scope:
    """A function with the names that it binds; without one, the module itself."""

    function: FunctionNode | None = None
    parent: Scope | None = None
    owner: str = ""
    """Name of the class whose method it is."""
    bound: dict[str, list[ast.AST]] = field(default_factory=dict)
    """Name -> where it is bound: the value of a plain assignment, an import, or some other node."""


def scope_of(function: FunctionNode, parent: Scope, owner: str) -> Scope:
    """The scope of a function inside another, or inside a class of the module."""
    scope = Scope(function, parent, owner)
    arguments = function.args
    for each in (
        *arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg,
    ):  # fmt: skip
        if each is not None:
            scope.bound[each.arg] = [each]
    plain: dict[ast.AST, ast.expr] = {}
    for part in own_nodes(function):
        match part:
            case ast.Assign(targets=[ast.Name() as target], value=value):
                plain[target] = value
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                plain[target] = value
    for part in own_nodes(function):
        for name in _binds(part):
            scope.bound.setdefault(name, []).append(plain.get(part, part))
    for part in ast.walk(function):
        if isinstance(part, ast.Nonlocal | ast.Global):
            for name in part.names:
                scope.bound[name] = [part]
    return scope


def _binds(part: ast.AST) -> list[str]:
    match part:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return [part.id]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [part.name]
        case ast.Import() | ast.ImportFrom():
            return [(alias.asname or alias.name).partition(".")[0] for alias in part.names]
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return [part.name] if part.name else []
    return []


class Inference:
    """Values of expressions in one module."""

    def __init__(
        self, names: Names, module: Module, set_anywhere: frozenset[str] = frozenset()
    ) -> None:
        """`set_anywhere` are attributes that the module sets, on whatever."""
        self.names = names
        self.module = module
        self.set_anywhere = set_anywhere
        self.package = (
            module.name if module.path.endswith("__init__.py") else module.name.rpartition(".")[0]
        )

    def of(self, node: ast.expr, scope: Scope, depth: int = _DEPTH) -> Value | None:
        """What an expression is; None if that is not certain."""
        if depth == 0:
            return None
        match node:
            case ast.Constant():
                kind = "None" if node.value is None else type(node.value).__name__
                return Value(kind) if kind in TYPES else None
            case ast.Name():
                return self._name(node.id, scope, depth)
            case ast.Attribute():
                return self._attribute(node, scope, depth)
            case ast.Call():
                return self._call(node, scope, depth)
        literal = _LITERALS.get(type(node))
        return Value(literal) if literal else None

    def _name(self, name: str, scope: Scope, depth: int) -> Value | None:
        inner: Scope | None = scope
        while inner is not None:
            if name in inner.bound:
                return self._local(name, inner, depth)
            inner = inner.parent
        if name in self.module.names:
            return self._value(self.names.find(self.module, name))
        return None

    def _local(self, name: str, scope: Scope, depth: int) -> Value | None:
        places = scope.bound[name]
        if len(places) != 1:
            return None
        place = places[0]
        if isinstance(place, ast.arg):
            return self._self(place, scope)
        if isinstance(place, ast.Import | ast.ImportFrom):
            return self._imported(name, place)
        return self.of(place, scope, depth - 1) if _is_value(place) else None

    def _self(self, place: ast.arg, scope: Scope) -> Value | None:
        """The instance, or class, that a method is called on."""
        function = scope.function
        if not scope.owner or function is None or "staticmethod" in decorators(function):
            return None
        arguments = [*function.args.posonlyargs, *function.args.args]
        found = self.names.find(self.module, scope.owner)
        if not arguments or arguments[0] is not place or found is None or found.item is None:
            return None
        return Value("class" if "classmethod" in decorators(function) else "instance", found)

    def _imported(self, name: str, node: ast.Import | ast.ImportFrom) -> Value | None:
        for alias in node.names:
            if (alias.asname or alias.name).partition(".")[0] != name:
                continue
            if isinstance(node, ast.ImportFrom):
                module = self.names.module(absolute(node, self.package))
                return None if module is None else self._value(self.names.find(module, alias.name))
            module = self.names.module(alias.name if alias.asname else name)
            return None if module is None else Value("module", Found(module))
        return None

    def _value(self, found: Found | None) -> Value | None:
        if found is None:
            return None
        if found.item is None:
            return Value("module", found)
        if found.item.kind == Kind.CLASS:
            return Value("class", found)
        # What an unknown decorator makes of a function may be anything.
        known = found.item.kind == Kind.FUNCTION and found.item.parameters is not None
        return Value("function", found) if known else None

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Value | None:
        value = self.of(node.value, scope, depth - 1)
        if value is None or value.found is None:
            return None
        if value.kind == "module":
            return self._value(self.names.find(value.found.module, node.attr))
        if value.kind == "instance":
            method = self.names.method(value.found, node.attr)
            if (
                method is not None
                and method.item is not None
                and method.item.parameters is not None
            ):
                return Value("function", method)
        return None

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Value | None:
        if isinstance(node.func, ast.Name) and self.is_builtin(node.func.id, scope):
            kind = _CALLS.get(node.func.id)
            return Value(kind) if kind else None
        called = self.of(node.func, scope, depth - 1)
        found = called.found if called is not None and called.kind == "class" else None
        if found is None or found.item is None or "__new__" in found.item.members:
            return None
        return None if self.names.members(found) is None else Value("instance", found)

    def is_builtin(self, name: str, scope: Scope) -> bool:
        """Whether a name is Python's own here."""
        inner: Scope | None = scope
        while inner is not None:
            if name in inner.bound:
                return False
            inner = inner.parent
        return hasattr(builtins, name) and name not in self.module.names and not self.module.stars


def _is_value(place: ast.AST) -> TypeGuard[ast.expr]:
    """Whether it is the value of a plain assignment, not the name or node that binds."""
    return isinstance(place, ast.expr) and not (
        isinstance(place, ast.Name) and isinstance(place.ctx, ast.Store | ast.Del)
    )
