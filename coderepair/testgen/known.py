"""What a program's documentation and its tests say that calls should come to."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator, Mapping, Sequence

from coderepair.runner.calling import Call
from coderepair.runner.child import doctests
from coderepair.runner.child.made_calls import literal

Known = Mapping[Call, tuple[str, str]]
"""Call -> the expected value as source, and who says so."""


def known(path: str, source: str, tests: Mapping[str, str]) -> dict[Call, tuple[str, str]]:
    """Docstring examples of the file at `path`, then asserts of test files (name -> text)."""
    found: dict[Call, tuple[str, str]] = {}
    for _, examples in doctests.examples(path, source):
        for example in examples:
            _add(found, example.source.strip(), _wanted(example), "docstring example")
    for name, text in tests.items():
        for call, expected in _asserts(text):
            _add(found, call, expected, f"an assert of {name}")
    return found


def call_of(node: ast.AST) -> Call | None:
    """A call of a plain name with literal arguments."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if any(each.arg is None for each in node.keywords):
        return None
    try:
        args = literal(tuple(map(ast.literal_eval, node.args)))
        named = {str(each.arg): ast.literal_eval(each.value) for each in node.keywords}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    kwargs = literal(named)
    return None if args is None or kwargs is None else Call(node.func.id, args, kwargs)


def parsed(text: str) -> ast.Module:
    """The tree of a text; an empty one if it does not parse."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _add(found: dict[Call, tuple[str, str]], call: str, expected: str, who: str) -> None:
    body = parsed(call).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        return
    made = call_of(body[0].value)
    try:
        ast.literal_eval(expected)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return
    if made is not None:
        found.setdefault(made, (expected, who))


def _wanted(example: doctest.Example) -> str:
    return "" if example.exc_msg is not None else example.want.strip() or "None"


def _asserts(text: str) -> Iterator[tuple[str, str]]:
    """`assert call == value`, as two texts."""
    for node in ast.walk(parsed(text)):
        match node:
            case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
                yield ast.unparse(left), ast.unparse(right)
            case _:
                continue


def calls_in(texts: Sequence[str]) -> Iterator[Call]:
    """All calls with literal arguments, in order."""
    for text in texts:
        for node in ast.walk(parsed(text)):
            if (call := call_of(node)) is not None:
                yield call
