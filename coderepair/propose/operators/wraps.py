"""Expressions wrapped in or freed of a call, a method, a subscript, a slice or a small sum."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import ATOM, PRODUCT, SUM
from coderepair.propose.operators.scope import Scope

_NUMBER = (
    "{sum} + 1", "{sum} - 1", "abs({any})", "int({any})", "{product} // 2", "{product} * 2", "{product} / 2",
    "str({any})", "{product} % 2", "{product} % 10", "float({any})", "{atom} ** 2", "round({any})",
    "{product} // 10", "{product} * -1",
    "{product} * 10", "{sum} + 2", "round({any}, 2)", "max(0, {any})", "max({any}, 0)",
    "[{any}]", "{product} / 100", "{product} * 100",
)  # fmt: skip
_TEXT = (
    "{atom}.lower()", "{atom}.strip()", "{atom}[::-1]", "{atom}.upper()", "len({any})", "{atom}[0]", "{atom}[-1]",
    "{atom}[1:]", "{atom}[:-1]", "{atom}.split()", "int({any})", "list({any})", "set({any})", "sorted({any})",
    "{atom}.title()", "{atom}.capitalize()", "''.join({any})", "{atom}.replace(' ', '')", "float({any})",
    "reversed({any})", "''.join(sorted({any}))", "ord({any})", "[{any}]", "{atom}.isalpha()", "{atom}.isdigit()",
    "{atom}.rstrip()", "{atom}.lstrip()",
)  # fmt: skip
_MANY = (
    "len({any})", "sorted({any})", "set({any})", "list({any})", "{atom}[::-1]", "sum({any})", "max({any})",
    "min({any})", "{atom}[0]", "{atom}[-1]", "{atom}[1:]", "{atom}[:-1]", "tuple({any})", "reversed({any})",
    "enumerate({any})", "{atom}.copy()", "{atom}[:]", "range(len({any}))", "sorted(set({any}))", "{atom}[1]",
    "sorted({any}, reverse=True)", "list(set({any}))", "''.join({any})", "' '.join({any})", "[{any}]", "str({any})",
    "list(reversed({any}))", "any({any})", "all({any})",
)  # fmt: skip
_MAPPING = (
    "{atom}.items()", "{atom}.keys()", "{atom}.values()", "sorted({any})", "len({any})", "list({any})",
    "dict({any})", "{atom}.copy()", "sorted({atom}.items())", "list({atom}.keys())", "list({atom}.values())",
    "max({atom}.values())", "sum({atom}.values())",
)  # fmt: skip
_ANYTHING = (
    "len({any})", "{sum} + 1", "{sum} - 1", "abs({any})", "int({any})", "str({any})", "list({any})", "sorted({any})",
    "{atom}[0]", "{atom}[-1]", "{atom}[1:]", "{atom}[::-1]", "{atom}.lower()", "sum({any})", "set({any})",
    "max({any})", "min({any})", "tuple({any})", "{product} // 2", "{product} * 2", "[{any}]", "{atom}[1]",
    "{atom}[:-1]", "round({any}, 2)", "float({any})", "{product} / 2", "{atom}.copy()",
    "{atom}.strip()", "{atom}.upper()", "bool({any})",
)  # fmt: skip
_BY_TYPE = {
    "int": _NUMBER,
    "float": _NUMBER,
    "bool": ("int({any})",),
    "str": _TEXT,
    "list": _MANY,
    "tuple": _MANY,
    "set": _MANY,
    "dict": _MAPPING,
    "none": (),
}
_MODULE_LIKE = {
    "math",
    "re",
    "collections",
    "itertools",
    "np",
    "os",
    "sys",
    "string",
    "heapq",
    "self",
    "functools",
}


def wraps(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All wrapped and unwrapped expressions."""
    for node in context.expressions:
        if _wrappable(context, node):
            templates = _BY_TYPE.get(scope.type_of(node), _ANYTHING)
            yield from context.replace_many(
                "wrap", node, (fill(context, node, t) for t in templates)
            )
            yield from _with_names(context, scope, node)
            yield from _with_numbers(context, scope, node)
        yield from _unwrap(context, node)


def fill(context: FunctionContext, node: ast.expr, template: str) -> str:
    """The template around the text of `node`, with parentheses as each slot needs them."""
    if "{any}" in template:
        return template.replace("{any}", context.source(node))
    for slot, least in (("{sum}", SUM), ("{product}", PRODUCT), ("{atom}", ATOM)):
        if slot in template:
            return template.replace(slot, context.operand(node, least))
    return template


def _wrappable(context: FunctionContext, node: ast.expr) -> bool:
    above = context.parent(node)
    if isinstance(node, ast.Constant | ast.Lambda | ast.Compare | ast.JoinedStr | ast.GeneratorExp):
        return False
    if isinstance(node, ast.Name) and node.id in _MODULE_LIKE:
        return False
    if isinstance(above, ast.Call) and above.func is node:
        return False
    if isinstance(above, ast.Attribute):
        return isinstance(node, ast.Name | ast.Subscript | ast.Call)
    return not isinstance(above, ast.Expr)


def _with_names(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Slices, indices, remainders and sums with a variable of the function."""
    above = context.parent(node)
    if isinstance(above, ast.Attribute | ast.Subscript) and above.value is node:
        return
    kind = scope.type_of(node)
    source, atom = context.source(node), context.operand(node, ATOM)
    for name in [*scope.visible_at(node), *scope.attributes]:
        other = scope.types.get(name, "int" if "." in name else "")
        if name == source or len(source) > 40:
            continue
        if (
            kind in ("", "list", "str", "tuple")
            and other in ("", "int")
            and isinstance(node, ast.Name | ast.Call)
        ):
            texts = [f"{atom}[{name}]", f"{atom}[:{name}]", f"{atom}[{name}:]"]
            yield from context.replace_many("wrap.index", node, texts)
        if kind in ("", "int", "float") and other in ("int", "float"):
            plus, times = context.operand(node, SUM), context.operand(node, PRODUCT)
            texts = [
                f"{plus} + {name}",
                f"{plus} - {name}",
                f"{times} * {name}",
                f"{times} % {name}",
                f"{times} // {name}",
            ]
            yield from context.replace_many("wrap.sum", node, texts)
        if kind in ("list", "str") and other == kind:
            yield from context.replace_many(
                "wrap.sum", node, [f"{source} + {name}", f"{name} + {source}"]
            )
        if (
            other in ("dict", "list", "")
            and kind in ("", "int", "str")
            and isinstance(node, ast.Name)
        ):
            yield from context.replace_many("wrap.lookup", node, [f"{name}[{source}]"])


def _with_numbers(context: FunctionContext, scope: Scope, node: ast.expr) -> Iterator[Edit]:
    """Sums, products and remainders with the numbers of the function, its docstring and its checks."""
    if scope.type_of(node) not in ("", "int", "float") or len(context.source(node)) > 40:
        return
    plus, times = context.operand(node, SUM), context.operand(node, PRODUCT)
    for number in scope.numbers[:6]:
        if not number.startswith("-") and number not in ("0", "1"):
            texts = [
                f"{times} % {number}",
                f"{plus} + {number}",
                f"{plus} - {number}",
                f"{times} * {number}",
            ]
            texts += [f"{times} // {number}", f"{times} / {number}", f"{number} - {times}"]
            if isinstance(node, ast.BinOp):
                texts += [
                    f"min({context.source(node)}, {number})",
                    f"max({context.source(node)}, {number})",
                ]
            yield from context.replace_many("wrap.number", node, texts)


def _unwrap(context: FunctionContext, node: ast.expr) -> Iterator[Edit]:
    above = context.parent(node)
    match node:
        case ast.Call(func=ast.Name(), args=[argument, *rest]) if not isinstance(
            argument, ast.Starred
        ):
            yield from context.replace_many("unwrap.call", node, [context.source(argument)])
            yield from context.replace_many(
                "unwrap.call", node, [context.source(r) for r in rest[:2]]
            )
        case ast.Call(func=ast.Attribute(value=receiver), args=arguments) if not isinstance(
            above, ast.Expr
        ):
            texts = (
                []
                if isinstance(receiver, ast.Name) and receiver.id in _MODULE_LIKE
                else [context.source(receiver)]
            )
            yield from context.replace_many(
                "unwrap.method", node, texts + [context.source(a) for a in arguments[:1]]
            )
        case ast.Subscript(value=value, slice=index):
            yield from context.replace_many("unwrap.subscript", node, [context.source(value)])
            if not isinstance(index, ast.Slice):
                yield from context.replace_many("unwrap.subscript", node, [context.source(index)])
        case ast.IfExp(body=body, orelse=orelse):
            yield from context.replace_many(
                "unwrap.choice", node, [context.source(body), context.source(orelse)]
            )
        case ast.List(elts=[only]) | ast.Tuple(elts=[only]):
            yield from context.replace_many("unwrap.display", node, [context.source(only)])
