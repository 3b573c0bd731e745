"""Missing and excess logic: the bugs that leave something out or do something too much."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from coderepair_training.syntax import FunctionText, Splice

_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Break, ast.Continue, ast.AnnAssign, ast.Delete)
_WRAPPERS = ("sorted({})", "list({})", "set({})", "abs({})", "int({})", "str({})", "len({})")
_SLICES = ("[1:]", "[:-1]", "[::-1]")
_METHODS = (".lower()", ".strip()")
_OPTIONAL_LAST = frozenset(
    {
        "range",
        "round",
        "sorted",
        "int",
        "sum",
        "max",
        "min",
        "enumerate",
        "get",
        "pop",
        "split",
        "rsplit",
        "strip",
        "lstrip",
        "rstrip",
        "replace",
        "startswith",
        "endswith",
        "find",
        "index",
        "zip",
        "print",
        "setdefault",
        "getattr",
        "next",
        "pow",
    }
)


def missing_logic(text: FunctionText) -> Iterator[Splice]:
    """A statement, branch, guard, condition, conversion or correction that was forgotten."""
    yield from _without_statements(text)
    for node in text.nodes:
        if isinstance(node, ast.If):
            yield from _without_branch(text, node)
        elif isinstance(node, ast.For | ast.While) and node.orelse:
            yield from _without_else(text, node.body[-1], node.orelse[-1])
    for expression in text.expressions:
        yield from _without_part(text, expression)


def _without_statements(text: FunctionText) -> Iterator[Splice]:
    for block in text.blocks:
        for statement in block:
            lines = text.lines_of(statement)
            if lines is None:
                continue
            guard = isinstance(statement, ast.If) and not statement.orelse
            if len(block) > 1 and (guard or isinstance(statement, _SIMPLE)):
                yield Splice(*lines, "")
            if isinstance(statement, ast.If | ast.With) and not getattr(statement, "orelse", None):
                yield from _unwrapped(text, statement, lines)


def _unwrapped(
    text: FunctionText, statement: ast.If | ast.With, lines: tuple[int, int]
) -> Iterator[Splice]:
    """The body of a block without its header, moved to the header's indentation."""
    first = text.lines_of(statement.body[0])
    if first is None:
        return
    outer, inner = text.indent_of(statement), text.indent_of(statement.body[0])
    moved = [
        outer + line[len(inner) :] if line.startswith(inner) else line
        for line in text.source[first[0] : lines[1]].splitlines(keepends=True)
    ]
    yield Splice(*lines, "".join(moved))


def _without_branch(text: FunctionText, node: ast.If) -> Iterator[Splice]:
    if node.orelse:
        yield from _without_else(text, node.body[-1], node.orelse[-1])
        inner = node.orelse[0]
        if isinstance(inner, ast.If) and text.source.startswith("elif", text.span(inner)[0]):
            # `if a: .. elif b: ..` loses its first branch, `elif` becomes `if`.
            start, end = text.span(node)[0], text.span(inner)[0] + len("elif")
            keyword = "elif" if text.source.startswith("elif", start) else "if"
            yield Splice(start, end, keyword)


def _without_else(text: FunctionText, last: ast.stmt, end: ast.stmt) -> Iterator[Splice]:
    before, after = text.lines_of(last), text.lines_of(end)
    if before and after:
        yield Splice(before[1], after[1], "")


def _without_part(text: FunctionText, node: ast.expr) -> Iterator[Splice]:
    if isinstance(node, ast.BoolOp):
        yield from _without_operand(text, node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield text.promote(node, node.operand)
    elif isinstance(node, ast.Call):
        yield from _without_call(text, node)
    elif isinstance(node, ast.BinOp):
        yield text.promote(node, node.left)
        if isinstance(node.op, ast.Add | ast.Mult):
            yield text.promote(node, node.right)
    elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Name):
        yield text.promote(node, node.value)
    elif isinstance(node, ast.IfExp):
        yield text.promote(node, node.body)
        yield text.promote(node, node.orelse)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        for generator in node.generators:
            for condition in generator.ifs:
                start, end = text.span(condition)
                keyword = text.source.rfind(" if ", 0, start + 1)
                if keyword >= 0 and not text.source[keyword + 4 : start].strip("( "):
                    yield Splice(keyword, end, "")


def _without_operand(text: FunctionText, node: ast.BoolOp) -> Iterator[Splice]:
    values = node.values
    yield Splice(text.span(values[0])[0], text.span(values[1])[0], "")
    for left, right in pairwise(values):
        yield Splice(text.span(left)[1], text.span(right)[1], "")


def _without_call(text: FunctionText, node: ast.Call) -> Iterator[Splice]:
    if isinstance(node.func, ast.Name) and len(node.args) == 1:
        if not isinstance(node.args[0], ast.GeneratorExp | ast.Starred):
            yield text.promote(node, node.args[0])
    elif isinstance(node.func, ast.Attribute) and not node.args:
        yield text.promote(node, node.func.value)
    name = text.text(node.func).rpartition(".")[2]
    if name in _OPTIONAL_LAST and len(node.args) > 1:
        yield Splice(text.span(node.args[-2])[1], text.span(node.args[-1])[1], "")
        yield Splice(text.span(node.args[0])[0], text.span(node.args[1])[0], "")
    if node.keywords and node.args:
        yield Splice(text.span(node.args[-1])[1], text.span(node.keywords[-1].value)[1], "")


def excess_logic(text: FunctionText) -> Iterator[Splice]:
    """A correction, conversion, condition or statement that should not be there."""
    for node in text.expressions:
        yield from _with_correction(text, node)
        yield from _with_conversion(text, node)
    for block in text.blocks:
        for statement in block:
            yield from _with_statement(text, statement)
    yield from _with_condition(text)


def _with_correction(text: FunctionText, node: ast.expr) -> Iterator[Splice]:
    """`+ 1` or `- 1` at an index, a bound, an argument or a returned value."""
    parent = text.parents.get(node)
    if isinstance(node, ast.Constant | ast.Starred | ast.Slice | ast.Lambda | ast.GeneratorExp):
        return
    counted = isinstance(parent, ast.Slice | ast.Subscript) and parent is not None
    if isinstance(parent, ast.Subscript):
        counted = parent.slice is node
    ranged = (
        isinstance(parent, ast.Call)
        and node in parent.args
        and isinstance(parent.func, ast.Name)
        and parent.func.id in ("range", "int", "round", "abs")
    )
    numeric = isinstance(node, ast.BinOp) or (
        isinstance(node, ast.Call) and text.text(node.func) in ("len", "sum", "int", "max", "min")
    )
    operand = isinstance(parent, ast.Return | ast.Compare | ast.Assign | ast.AugAssign)
    if counted or ranged or (numeric and operand):
        yield text.replace(node, f"{text.text(node)} + 1")
        yield text.replace(node, f"{text.text(node)} - 1")
    elif isinstance(parent, ast.Return) and isinstance(node, ast.Name):
        yield text.replace(node, f"{node.id} + 1")
        yield text.replace(node, f"not {node.id}")


def _with_conversion(text: FunctionText, node: ast.expr) -> Iterator[Splice]:
    """A call or slice around an expression that should be taken as it is."""
    parent = text.parents.get(node)
    if not isinstance(parent, ast.Return | ast.Assign | ast.For | ast.Call | ast.comprehension):
        return
    if isinstance(node, ast.Name | ast.Call) and not (
        isinstance(parent, ast.Call) and parent.func is node
    ):
        for wrapper in _WRAPPERS:
            yield text.replace(node, wrapper.format(text.text(node)))
        textual = '"' in text.source or "'" in text.source
        for suffix in _SLICES + (_METHODS if textual else ()):
            yield text.replace(node, text.text(node) + suffix)


def _with_statement(text: FunctionText, statement: ast.stmt) -> Iterator[Splice]:
    lines = text.lines_of(statement)
    if lines is None:
        return
    indent, whole = text.indent_of(statement), text.source[slice(*lines)]
    end = lines[1]
    if not whole.endswith("\n"):
        return
    if isinstance(statement, ast.AugAssign) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    ):
        yield Splice(end, end, whole)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        for change in ("+= 1", "-= 1"):
            yield Splice(end, end, f"{indent}{statement.targets[0].id} {change}\n")
    if isinstance(statement, ast.For | ast.While):
        inner = text.indent_of(statement.body[-1])
        if isinstance(statement.body[-1], ast.AugAssign | ast.Assign | ast.If) and inner:
            yield Splice(end, end, f"{inner}break\n")
    yield from _moved_return(text, statement)


def _moved_return(text: FunctionText, statement: ast.stmt) -> Iterator[Splice]:
    """A return behind a loop that slid into it."""
    for block in text.blocks:
        for before, after in pairwise(block):
            if before is statement and isinstance(after, ast.Return):
                lines = text.lines_of(after)
                if lines and isinstance(before, ast.For | ast.While):
                    shift = text.indent_of(before.body[0])
                    body = text.source[slice(*lines)].strip()
                    yield Splice(*lines, f"{shift}{body}\n")


def _with_condition(text: FunctionText) -> Iterator[Splice]:
    """A condition joined to another one that is right without it."""
    names = text.names
    for node in text.nodes:
        if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Constant):
            condition = text.text(node.test)
            yield text.replace(node.test, f"not ({condition})")
            for name in names[:3]:
                yield text.replace(node.test, f"{condition} and {name}")
                yield text.replace(node.test, f"{condition} or not {name}")
                yield text.replace(node.test, f"{condition} and {name} > 0")
        elif isinstance(node, ast.comprehension) and not node.ifs:
            target = text.text(node.target)
            if isinstance(node.target, ast.Name):
                yield text.replace(node.iter, f"{text.text(node.iter)} if {target}")
