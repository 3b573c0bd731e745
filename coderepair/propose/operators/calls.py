"""Arguments of calls: order, number, defaults, keywords, `range`, `sorted`, lambda keys."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import combinations

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.precedence import SUM
from coderepair.propose.operators.scope import Scope

_KEYS = (
    "len",
    "str.lower",
    "abs",
    "lambda x: x[0]",
    "lambda x: x[1]",
    "lambda x: x[-1]",
    "lambda x: -x",
)
_EXTRA: dict[str, tuple[str, ...]] = {
    "sorted": ("reverse=True", *(f"key={key}" for key in _KEYS)),
    "sort": ("reverse=True", *(f"key={key}" for key in _KEYS)),
    "max": ("default=0", "default=None", *(f"key={key}" for key in _KEYS)),
    "min": ("default=0", "default=None", *(f"key={key}" for key in _KEYS)),
    "enumerate": ("1", "start=1"),
    "round": ("1", "2", "3", "4"),
    "split": ("' '", "','", "', '", "'\\n'", "'-'", "' ', 1"),
    "get": ("0", "None", "''", "[]", "False", "1"),
    "pop": ("0", "-1", "None"),
    "int": ("2", "16", "10"),
    "sum": ("[]",),
    "replace": ("1",),
    "print": ("end=''", "sep=''"),
    "strip": ("' '", "'.'"),
    "next": ("None",),
    "zip": ("strict=False",),
}
_SOLE = {"split", "strip", "sort", "pop"}
"""Functions that are usually called without arguments, so the first may be missing."""


def calls(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """All edits of argument lists."""
    for node in context.expressions:
        if isinstance(node, ast.Call):
            yield from _order(context, node)
            yield from _fewer(context, node)
            yield from _more(context, scope, node)
            if isinstance(node.func, ast.Name) and node.func.id == "range":
                yield from _range(context, scope, node)
        elif isinstance(node, ast.Lambda):
            yield from _lambda(context, node)
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield from _elements(context, node)
        elif isinstance(node, ast.DictComp):
            yield from _swap(context, "pair.swap", node, node.key, node.value)
    yield from _defaults(context)


def called_name(node: ast.Call) -> str:
    """Name of the function or method that is called; "" for anything else."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _swap(
    context: FunctionContext, kind: str, anchor: ast.AST, first: ast.expr, second: ast.expr
) -> Iterator[Edit]:
    a, b = context.source(first), context.source(second)
    if a != b:
        yield context.edit(kind, anchor, (*context.span(first), b), (*context.span(second), a))


def _order(context: FunctionContext, node: ast.Call) -> Iterator[Edit]:
    for first, second in combinations(node.args[:4], 2):
        yield from _swap(context, "argument.swap", node, first, second)
    match node.func:
        case ast.Attribute(value=receiver) if len(node.args) == 1 and not node.keywords:
            if isinstance(receiver, ast.Name | ast.Constant | ast.Subscript | ast.Attribute):
                text = f"{context.operand(node.args[0], 15)}.{node.func.attr}({context.source(receiver)})"
                yield from context.replace_many("argument.receiver", node, [text])


def _pieces(context: FunctionContext, node: ast.Call) -> list[str]:
    parts: list[tuple[tuple[int, int], str]] = [
        (context.span(a), context.source(a)) for a in node.args
    ]
    parts += [(context.span(k), context.source(k)) for k in node.keywords]
    return [text for _, text in sorted(parts)]


def _call(context: FunctionContext, node: ast.Call, pieces: Iterable[str]) -> str:
    return f"{context.source(node.func)}({', '.join(pieces)})"


def _fewer(context: FunctionContext, node: ast.Call) -> Iterator[Edit]:
    pieces = _pieces(context, node)
    for index in range(len(pieces)):
        if len(pieces) > 1 or isinstance(node.func, ast.Attribute):
            text = _call(context, node, pieces[:index] + pieces[index + 1 :])
            yield from context.replace_many("argument.drop", node, [text])


def _more(context: FunctionContext, scope: Scope, node: ast.Call) -> Iterator[Edit]:
    name, pieces = called_name(node), _pieces(context, node)
    keywords = {keyword.arg for keyword in node.keywords}
    for extra in _EXTRA.get(name, ()):
        keyword = extra.partition("=")[0] if "=" in extra else ""
        fits = pieces or name in _SOLE
        room = len(pieces) < (3 if name == "replace" else 2)
        if keyword not in keywords and fits and (keyword or room):
            yield from context.replace_many(
                "argument.add", node, [_call(context, node, [*pieces, extra])]
            )
    if name in scope.functions or name == context.function.name or name in ("max", "min"):
        own = name == context.function.name
        nearby = [f"{p} {sign} 1" for p in scope.parameters for sign in "-+" if own]
        for extra in [*scope.visible_at(node), "0", "1", *nearby]:
            if extra not in pieces:
                yield from context.replace_many(
                    "argument.add", node, [_call(context, node, [*pieces, extra])]
                )


def _range(context: FunctionContext, scope: Scope, node: ast.Call) -> Iterator[Edit]:
    texts = [context.operand(argument, SUM) for argument in node.args]
    if not texts:
        return
    match texts:
        case [stop]:
            forms = [
                f"1, {stop}",
                f"1, {stop} + 1",
                f"{stop} + 1",
                f"{stop} - 1",
                f"2, {stop}",
                f"2, {stop} + 1",
            ]
            forms += [
                f"0, {stop}, 2",
                f"1, {stop} - 1",
                f"{stop} // 2",
                f"{stop} - 1, -1, -1",
                f"{stop}, 0, -1",
            ]
            forms += [f"{name}, {stop}" for name in _counters(scope)]
            forms += [f"{name} + 1, {stop}" for name in _counters(scope)]
        case [start, stop]:
            forms = [
                f"{start} + 1, {stop}",
                f"{start} - 1, {stop}",
                f"{start}, {stop} + 1",
                f"{start}, {stop} - 1",
            ]
            forms += [
                f"{start} + 1, {stop} + 1",
                f"{start} - 1, {stop} - 1",
                f"{stop}",
                f"{start}, {stop}, 2",
            ]
            forms += [
                f"0, {stop}",
                f"{stop} - 1, {start} - 1, -1",
                f"{stop}, {start}, -1",
                f"{start}, {stop}, -1",
            ]
        case [start, stop, step]:
            forms = [
                f"{start}, {stop} + 1, {step}",
                f"{start}, {stop} - 1, {step}",
                f"{start} + 1, {stop}, {step}",
            ]
            forms += [
                f"{start} - 1, {stop}, {step}",
                f"{start}, {stop}, -{step}",
                f"{start}, {stop}, {step} + 1",
            ]
            forms += [f"0, {stop}, {step}", f"{stop}, {start}, -{step}"]
        case _:
            return
    yield from context.replace_many("range", node, (_tidy(f"range({form})") for form in forms))


def _counters(scope: Scope) -> list[str]:
    return [name for name in scope.variables if scope.types.get(name) == "int"][:6]


def _tidy(text: str) -> str:
    for plain, short in (
        ("0 + 1", "1"),
        ("1 - 1", "0"),
        ("1 + 1", "2"),
        ("2 - 1", "1"),
        ("2 + 1", "3"),
        ("--", ""),
    ):
        text = text.replace(f"({plain},", f"({short},").replace(f" {plain})", f" {short})")
        text = text.replace(f" {plain},", f" {short},") if plain != "--" else text.replace("--", "")
    return text


def _lambda(context: FunctionContext, node: ast.Lambda) -> Iterator[Edit]:
    if len(node.args.args) != 1:
        return
    x = node.args.args[0].arg
    body = context.source(node.body)
    forms = [
        f"{x}[0]",
        f"{x}[1]",
        f"{x}[-1]",
        f"-{x}",
        x,
        f"len({x})",
        f"abs({x})",
        f"-{x}[0]",
        f"-{x}[1]",
    ]
    forms += [
        f"({body}, {x})",
        f"({x}[1], {x}[0])",
        f"(-{x}[1], {x}[0])",
        f"{x}.lower()",
        f"-({body})",
    ]
    if isinstance(node.body, ast.Tuple) and len(node.body.elts) == 2:
        first, second = map(context.source, node.body.elts)
        forms += [f"(-{first}, {second})", f"({first}, -{second})"]
        forms += [f"({second}, {first})", f"(-{first}, -{second})"]
    yield from context.replace_many("lambda", node.body, forms)
    yield from _unreversed(context, node, forms)


def _unreversed(context: FunctionContext, node: ast.Lambda, forms: Iterable[str]) -> Iterator[Edit]:
    """Another key, and `reverse=True` goes away with it."""
    call = context.parent(context.parent(node))
    if not isinstance(call, ast.Call):
        return
    place = context.span(node.body)
    for keyword in call.keywords:
        if keyword.arg == "reverse":
            start, end = context.span(keyword)
            start = max(context.text.rfind(",", 0, start), 0)
            for form in forms:
                fitted = context.fit(node.body, form)
                if fitted is not None and start >= place[1]:
                    yield context.edit(
                        "lambda.unreversed", node, (*place, fitted), (start, end, "")
                    )


def _elements(context: FunctionContext, node: ast.Tuple | ast.List | ast.Set) -> Iterator[Edit]:
    """Elements of a display change places, or one goes away."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or len(node.elts) > 6:
        return
    for first, second in combinations(node.elts, 2):
        yield from _swap(context, "element.swap", node, first, second)
    if len(node.elts) > 2 or isinstance(node, ast.List):
        for index, element in enumerate(node.elts):
            if len(node.elts) > 1:
                start, end = context.span(element)
                if index + 1 < len(node.elts):
                    end = context.span(node.elts[index + 1])[0]
                else:
                    start = context.span(node.elts[index - 1])[1]
                yield context.edit("element.drop", node, (start, end, ""))
    if isinstance(node, ast.Tuple) and isinstance(context.parent(node), ast.Return):
        yield from context.replace_many(
            "element.only", node, [context.source(e) for e in node.elts]
        )


def _defaults(context: FunctionContext) -> Iterator[Edit]:
    """A mutable default becomes None with an initialisation in the body."""
    arguments = context.function.args
    named = [*arguments.posonlyargs, *arguments.args]
    pairs = list(
        zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True)
    )
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d]
    if not context.blocks:
        return
    for argument, default in pairs:
        if isinstance(default, ast.List | ast.Dict | ast.Set | ast.Call):
            body = f"if {argument.arg} is None:\n{context.step}{argument.arg} = {context.source(default)}"
            inserted = context.insert_before("default", context.blocks[0].body[0], body)
            if inserted is not None:
                yield context.edit(
                    "default", default, (*context.span(default), "None"), *inserted.replacements
                )
