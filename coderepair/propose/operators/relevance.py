"""Short conditions about the names of one place, the likeliest first, by what is known of each name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import islice, permutations

from coderepair.propose.operators.conditions import negated
from coderepair.propose.operators.scope import Scope

_NUMBERS = ("int", "float")
_COLLECTIONS = ("list", "set", "dict", "tuple", "str")
_SEARCHES = frozenset({"find", "rfind", "index", "get"})
_LONGEST = 50


def used(scope: Scope, *nodes: ast.AST) -> list[str]:
    """Variables that are named in some nodes, in source order."""
    names = (n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name))
    visible = {*scope.variables, *(scope.visible_at(nodes[0]) if nodes else ())}
    return list(dict.fromkeys(name for name in names if name in visible))


def relevant(scope: Scope, names: Iterable[str], place: ast.AST) -> list[str]:
    """Conditions about some names that make sense at a place, without duplicates."""
    chosen = list(names)[:4]
    single = [list(about(scope, name)) for name in chosen]
    heads = [test for tests in single for test in tests[:2]]
    tails = [test for tests in single for test in tests[2:]]
    pairs = [t for one, other in permutations(chosen, 2) for t in between(scope, one, other)]
    known = _known(scope, set(chosen), place)
    return list(dict.fromkeys([*islice(known, 4), *heads, *pairs[:6], *known, *tails, *pairs]))


def about(scope: Scope, name: str) -> Iterator[str]:
    """Conditions about one name: empty or not, its sign, values that the function gives it."""
    kind = scope.types.get(name, "")
    if kind in _NUMBERS:
        yield from (f"{name} != -1", f"{name} >= 0") if _is_found(scope, name) else ()
        yield from (f"{name} > 0", f"{name} < 0", f"{name} == 0", f"{name} != 0")
    else:
        yield from (name, f"not {name}")
        yield from (f"{name} is not None", f"{name} is None") if not kind else ()
    yield from (f"{name} == {value}" for value in scope.texts_of.get(name, ()))


def between(scope: Scope, one: str, other: str) -> Iterator[str]:
    """Conditions about a pair of names: membership, order, equality."""
    first, second = scope.types.get(one, ""), scope.types.get(other, "")
    if second in _COLLECTIONS and first not in _COLLECTIONS[:4] and first != second:
        yield from (f"{one} not in {other}", f"{one} in {other}")
    elif first in (*_NUMBERS, "") and second in (*_NUMBERS, ""):
        yield from (f"{one} < {other}", f"{one} <= {other}")
        if one < other:
            yield from (f"{one} != {other}", f"{one} == {other}")
    elif first == second and one < other:
        yield from (f"{one} != {other}", f"{one} == {other}")


def _known(scope: Scope, names: set[str], place: ast.AST) -> Iterator[str]:
    """Conditions of the function that speak of the names, and their opposites."""
    context = scope.context
    for node in context.conditions:
        for part in node.values if isinstance(node, ast.BoolOp) else [node]:
            spoken = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
            text = context.source(part)
            if spoken & names and len(text) <= _LONGEST and scope.fits_at(part, place):
                yield from (text, negated(context, part))


def _is_found(scope: Scope, name: str) -> bool:
    """Whether a name holds the result of a search."""
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == name
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in _SEARCHES
        for node in scope.context.nodes
    )
