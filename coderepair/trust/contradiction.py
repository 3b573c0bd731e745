"""Tests that no program can pass together: two of them ask different results for one call.

Read from the text of the tests: `f(1) == 2` here and `f(1) == 3` there, with literals for arguments. Only
functions that can give but one result for the same arguments count, so the file must not use anything
that changes between two calls: then the verdict is certain, and a search would be in vain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderepair.model import Task

_NEAR = 1e-6
"""Numbers nearer to each other, relative to their size, may be one result and its rounding."""
_MAKERS = (ast.List, ast.Dict, ast.Set, ast.Call, ast.ListComp, ast.DictComp, ast.SetComp)
_PURE_MODULES = (
    "__future__", "bisect", "collections", "copy", "dataclasses", "decimal", "enum", "fractions",
    "functools", "heapq", "itertools", "math", "operator", "re", "statistics", "string", "typing",
)  # fmt: skip


_MEDDLING = ("fixture", "patch", "setattr", "skip", "importorskip", "exit", "xfail", "reload")


@dataclass(frozen=True, slots=True)
class _Wish:
    """A test wants a call to come to a value."""

    call: str
    value: object
    text: str
    where: str


def contradiction(task: Task) -> str:
    """Two wishes of the tests that exclude each other, in one line; empty if there are none."""
    functions = set() if task.keyword else _functions(task.source)
    wishes: dict[str, _Wish] = {}
    for wish in _wishes(task, functions):
        other = wishes.setdefault(wish.call, wish)
        if _differ(other.value, wish.value):
            return (
                f"these tests contradict each other: {other.where} wants {wish.call} to be "
                f"{other.text}, {wish.where} wants {wish.text}"
            )
    return ""


def _functions(source: str) -> set[str]:
    """Functions of the file whose results depend on nothing but their arguments; none if in doubt."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    if any(_impure(node) for node in ast.walk(tree)) or any(map(_holds_state, tree.body)):
        return set()
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def _impure(node: ast.AST) -> bool:
    """Whether a part of the file may remember something, or ask the world."""
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] not in _PURE_MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] not in _PURE_MODULES or node.level > 0
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = (*node.args.defaults, *node.args.kw_defaults)
        return bool(node.decorator_list) or any(isinstance(each, _MAKERS) for each in defaults)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("open", "input", "id", "globals", "setattr", "eval", "exec")
    return isinstance(node, ast.Global | ast.Nonlocal | ast.ClassDef | ast.Yield | ast.YieldFrom)


def _holds_state(statement: ast.stmt) -> bool:
    """Whether a statement of the module makes something that functions could change."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return statement.value is None or any(
            isinstance(node, _MAKERS) for node in ast.walk(statement.value)
        )
    return not isinstance(statement, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Expr)


def _wishes(task: Task, functions: set[str]) -> Iterator[_Wish]:
    module = Path(task.path).stem
    for test in task.tests:
        try:
            tree = ast.parse(Path(test.path).read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        if any(_meddles(node) for node in ast.walk(tree)):
            continue
        names = _imported(tree, module, functions)
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test"):
                yield from _of_test(statement, names - _bound(statement), test.nodes)


def _meddles(node: ast.AST) -> bool:
    """Whether tests may change what they test, or leave out what they hold."""
    if isinstance(node, ast.Attribute):
        return not isinstance(node.ctx, ast.Load) or node.attr in _MEDDLING
    return isinstance(node, ast.Name) and node.id in _MEDDLING


def _imported(tree: ast.Module, module: str, functions: set[str]) -> set[str]:
    """Names of the file's functions in a test module that gives them no other meaning."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == module:
            for alias in node.names:
                found |= (
                    functions if alias.name == "*" else {alias.asname or alias.name} & functions
                )
    return {name for name in found if name not in _bound(tree)}


def _bound(tree: ast.AST) -> set[str]:
    """Names that are defined or assigned below, imports left out."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def _of_test(test: ast.FunctionDef, names: set[str], chosen: tuple[str, ...]) -> Iterator[_Wish]:
    """What the asserts of a test's own body want; a test with fixtures or marks may do anything."""
    if test.decorator_list or test.args.args or (chosen and test.name not in chosen):
        return
    for statement in test.body:
        if not isinstance(statement, ast.Assert) or not isinstance(statement.test, ast.Compare):
            continue
        compare = statement.test
        if len(compare.ops) != 1 or not isinstance(compare.ops[0], ast.Eq):
            continue
        sides = (compare.left, compare.comparators[0])
        for call, value in (sides, sides[::-1]):
            wish = _wish(call, value, names, f"{test.name}, line {statement.lineno},")
            if wish is not None:
                yield wish


def _wish(call: ast.expr, value: ast.expr, names: set[str], where: str) -> _Wish | None:
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    if call.func.id not in names:
        return None
    try:
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(argument)
        return _Wish(ast.unparse(call), ast.literal_eval(value), ast.unparse(value), where)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _differ(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) > _NEAR * max(1.0, abs(one), abs(other))
    return one != other and not _has_floats(one)


def _has_floats(value: object) -> bool:
    if isinstance(value, list | tuple | set):
        return any(map(_has_floats, value))
    if isinstance(value, dict):
        return any(map(_has_floats, value.values()))
    return isinstance(value, float)
