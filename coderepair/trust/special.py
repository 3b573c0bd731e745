"""Signs that a patch was made for the tests alone, read from its text.

A condition that compares with a value that only a test's input has is special-casing: the sentence "a
patch that compares a parameter with a literal taken from a test" from the overfitting studies (Smith et
al. 2015; Ye et al. 2021), with the values that every program compares with left out.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from coderepair.runner.calling import Call

_COMMON: tuple[object, ...] = (0, 1, -1, 2, "", " ", None, True, False, b"")
"""Values that programs compare with whatever their tests are."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is new in a patch."""

    special: tuple[str, ...] = ()
    """New conditions with a value from a test's input, as source."""
    conditions: int = 0
    """New comparisons and tests."""
    constants: tuple[object, ...] = field(default=())
    """New values that neither the program nor its documentation has."""


def signs(original: str, patched: str, calls: Iterable[Call]) -> Signs:
    """Compares two texts of a file. Texts that do not parse have no signs."""
    try:
        before, after = ast.parse(original), ast.parse(patched)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Signs()
    known = {_key(value) for value in _constants(before)} | _words(before)
    inputs = {_key(value) for call in calls for value in _values(call)}
    ordinary = known | _trivial()
    old = Counter(map(ast.dump, _conditions(before)))
    new = [node for node in _conditions(after) if not _had(old, ast.dump(node))]
    special = [
        ast.unparse(node)
        for node in new
        if any(key in inputs and key not in ordinary for key in map(_key, _constants(node)))
    ]
    added = [value for value in _constants(after) if _key(value) not in ordinary]
    return Signs(tuple(special), len(new), tuple(dict.fromkeys(map(repr, added))))


def constants(sources: Iterable[str], original: str) -> dict[type, list[object]]:
    """Numbers and short texts in what the programs have and the original has not, and around it: those of
    the original's functions come last."""
    found: dict[type, list[object]] = {int: [], float: [], str: []}
    known = set()
    for source in (*sources, original):
        try:
            values = list(_constants(ast.parse(source)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for value in values:
            if type(value) in found and _key(value) not in known and len(str(value)) <= _LONG:
                known.add(_key(value))
                found[type(value)].append(value)
    return {kind: values[:_MOST] for kind, values in found.items()}


_LONG, _MOST = 12, 8


def _conditions(tree: ast.AST) -> Iterator[ast.expr]:
    """Everything that is asked: comparisons, and what ifs, loops and filters test."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield node
        elif isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            if not isinstance(node.test, ast.Compare):
                yield node.test
        elif isinstance(node, ast.comprehension):
            yield from (test for test in node.ifs if not isinstance(test, ast.Compare))


def _constants(tree: ast.AST) -> Iterator[object]:
    """Literal values, negative numbers included, docstrings left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float):
                yield -node.operand.value  # type: ignore[operator]
        elif isinstance(node, ast.Constant):
            yield node.value
        elif isinstance(node, ast.List | ast.Tuple | ast.Dict | ast.Set):
            try:
                yield ast.literal_eval(node)
            except (ValueError, TypeError, SyntaxError):
                continue


def _words(tree: ast.AST) -> set[str]:
    """Keys of the numbers that the documentation names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = "".join(c if c.isalnum() or c == "." else " " for c in node.value).split()
            found |= {_key(int(word)) for word in words if word.isdecimal()}
            found |= {_key(word) for word in words}
    return found


def _values(call: Call) -> Iterator[object]:
    for text in (call.args, call.kwargs, *(call.maker or ())):
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        outermost = tree.body
        yield from (value for value in _constants(tree) if repr(value) != ast.unparse(outermost))


def _key(value: object) -> str:
    return repr(value)


def _trivial() -> set[str]:
    return {*map(repr, _COMMON), "[]", "()", "{}"}


def _had(old: Counter[str], dump: str) -> bool:
    """Takes one such condition of the original, if there is one left."""
    if old[dump] <= 0:
        return False
    old[dump] -= 1
    return True
