"""Wrong names: variables, attributes, functions, methods, modules, exceptions, assignment targets."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.scope import Scope, target_names

_ALIKE = (
    ("min", "max", "sum", "len", "sorted", "abs"),
    ("any", "all"),
    ("list", "set", "tuple", "sorted", "dict", "reversed", "len", "sum", "iter", "str"),
    ("int", "float", "str", "round", "abs", "ord", "chr", "bin", "bool", "len"),
    ("range", "enumerate", "len", "zip", "reversed", "list"),
    ("map", "filter", "zip"),
    ("isinstance", "issubclass"),
    ("floor", "ceil", "sqrt", "isqrt", "trunc", "round", "int", "fabs"),
    ("sin", "cos", "tan", "atan", "atan2", "asin", "acos"),
    ("log", "log2", "log10", "exp"),
    ("gcd", "lcm"),
    ("heappush", "heappop", "heapify", "heappushpop", "nlargest", "nsmallest"),
    ("permutations", "combinations", "product", "combinations_with_replacement"),
    ("search", "match", "fullmatch", "findall", "sub", "split"),
)
_METHODS = (
    ("lower", "upper", "title", "capitalize", "swapcase", "casefold"),
    ("strip", "lstrip", "rstrip"),
    ("split", "rsplit", "splitlines", "partition"),
    ("partition", "rpartition"),
    ("weekday", "isoweekday"),
    ("startswith", "endswith"),
    ("isdigit", "isalpha", "isalnum", "isupper", "islower", "isspace", "isnumeric"),
    ("append", "extend", "insert", "add", "remove", "appendleft"),
    ("pop", "popleft", "remove", "popitem", "get"),
    ("remove", "discard", "pop", "add"),
    ("keys", "values", "items"),
    ("get", "setdefault", "pop"),
    ("index", "find", "rfind", "rindex", "count"),
    ("union", "intersection", "difference", "symmetric_difference", "update"),
    ("issubset", "issuperset", "isdisjoint"),
    ("sort", "reverse"),
    ("ljust", "rjust", "center", "zfill"),
    ("removeprefix", "removesuffix"),
    ("group", "groups", "start", "end"),
)
_RARE = {"swapcase": "swap", "casefold": "fold"}
"""Methods that are proposed only where the prose holds a word."""
_EXCEPTIONS = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "ZeroDivisionError",
    "Exception",
)


def names(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of single names."""
    for node in context.expressions:
        match node:
            case ast.Name():
                yield from _name(context, scope, node)
            case ast.Attribute(attr=attr):
                others = _attributes(context, scope, node)
                yield from (_attribute(context, node, other) for other in others if other != attr)
                if isinstance(node.value, ast.Name) and not _is_called(context, node):
                    yield from context.replace_many(
                        "attribute.drop", node, [context.source(node.value)]
                    )
    yield from _targets(context, scope)
    yield from _exceptions(context)


def alike(name: str, groups: Iterable[tuple[str, ...]] = _ALIKE) -> Iterator[str]:
    """Functions that are called in the same way and easily mistaken for one another."""
    found = dict.fromkeys(other for group in groups if name in group for other in group)
    return (other for other in found if other != name)


def _is_called(context: FunctionContext, node: ast.AST) -> bool:
    above = context.parent(node)
    return isinstance(above, ast.Call) and above.func is node


def _name(context: FunctionContext, scope: Scope, node: ast.Name) -> Iterator[Edit]:
    if _is_called(context, node):
        own = [context.function.name] if node.id in scope.functions else []
        news = [*alike(node.id), *scope.functions, *own]
        yield from context.replace_many("function", node, dict.fromkeys(news))
        return
    visible = scope.visible_at(node)
    kind = "name" if node.id in visible else "name.unknown"
    yield from context.replace_many(kind, node, visible)
    if kind == "name.unknown":
        yield from _unknown(context, scope, node)
    if "self" in {arg.arg for arg in context.function.args.args} and not hasattr(builtins, node.id):
        yield from context.replace_many("self.add", node, [f"self.{node.id}"])
    yield from _numbers_for(context, scope, node)


def _unknown(context: FunctionContext, scope: Scope, node: ast.Name) -> Iterator[Edit]:
    if not hasattr(builtins, node.id):
        yield from context.replace_many("name.unknown", node, [repr(node.id), *scope.functions])


def _numbers_for(context: FunctionContext, scope: Scope, node: ast.Name) -> Iterator[Edit]:
    """A constant in the place of a variable."""
    kind = scope.types.get(node.id, "")
    if kind in ("", "int", "float"):
        usual = (
            ("0", "1", "2", "-1")
            if isinstance(context.parent(node), ast.Subscript)
            else ("0", "1", "2")
        )
        yield from context.replace_many("name.number", node, usual)
    if kind == "str":
        yield from context.replace_many("name.string", node, ("''", "' '"))


def _attributes(context: FunctionContext, scope: Scope, node: ast.Attribute) -> Iterator[str]:
    """Other attributes for a place: like methods, like module functions, those of the same object."""
    said = f"{context.docstring} {context.around.statement} {context.function.name}".lower()
    methods = [name for name in alike(node.attr, _METHODS) if _RARE.get(name, "") in said]
    found = dict.fromkeys([*methods, *alike(node.attr)])
    if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", *scope.variables):
        called = _is_called(context, node)
        for other in context.nodes:
            like = _is_called(context, other) == called or node.value.id == "self"
            if like and isinstance(other, ast.Attribute) and _same(other.value, node.value):
                found[other.attr] = None
        if node.value.id == "self":
            found.update(dict.fromkeys(_own_attributes(context)))
    return iter(found)


def _same(one: ast.expr, other: ast.Name) -> bool:
    return isinstance(one, ast.Name) and one.id == other.id


def _own_attributes(context: FunctionContext) -> list[str]:
    try:
        tree = ast.parse(context.around.file_text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    ]


def _attribute(context: FunctionContext, node: ast.Attribute, other: str) -> Edit:
    end = context.span(node)[1]
    return context.edit("attribute", node, (end - len(node.attr), end, other))


def _targets(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """Another variable is assigned, or the targets of an unpacking change places."""
    for node in context.nodes:
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)
            and context.editable(node)
        ):
            start, end = context.span(node)
            in_loop = isinstance(context.parent(node), ast.For | ast.comprehension)
            for other in (*scope.variables, *scope.unbound):
                if other != node.id and not in_loop:
                    yield context.edit("target", node, (start, end, other))
        elif (
            isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store) and len(node.elts) == 2
        ):
            first, second = node.elts
            if list(target_names(first)) != list(target_names(second)):
                yield context.edit(
                    "target.swap",
                    node,
                    (*context.span(first), context.source(second)),
                    (*context.span(second), context.source(first)),
                )


def _exceptions(context: FunctionContext) -> Iterator[Edit]:
    for node in context.nodes:
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name):
            yield from context.replace_many("exception", node.type, _EXCEPTIONS)
        elif (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
        ):
            yield from context.replace_many("exception", node.exc.func, _EXCEPTIONS)
