"""Small conditions and values over what is in scope at a place: the raw material of `synthesis`.

Far more than an operator would write, for they are evaluated on recorded states and most are dropped
before any test runs. In the order in which people would think of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import islice, permutations

from coderepair.propose.operators import Scope
from coderepair.propose.operators.conditions import OPPOSITE, atoms
from coderepair.propose.operators.constants import literals
from coderepair.propose.sites import leaves_no_trace

MOST_CONDITIONS = 260
MOST_VALUES = 48
_MOST_NAMES = 9
_LONGEST = 40
_USUAL = frozenset(["0", "1", "-1", "0.0", "None", "True", "False", "''", '""', "[]", "{}", "()"])


def conditions(scope: Scope, place: ast.AST) -> list[str]:
    """Conditions that can be evaluated at a place, without their opposites."""
    names = _names(scope, place)
    found = _distinct(
        [
            *islice(atoms(scope.context, scope, place), 40),
            *_of_names(scope, names),
            *_of_pairs(names),
            *_of_parts(scope, _parts(scope, place)),
        ]
    )
    return list(islice(found, MOST_CONDITIONS))


def opposite(condition: str) -> str:
    """The negation of a condition, as a person would write it."""
    tree = ast.parse(condition, mode="eval").body
    match tree:
        case ast.UnaryOp(op=ast.Not()):
            return condition.removeprefix("not ").strip()
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"{ast.unparse(left)} {OPPOSITE[type(op)]} {ast.unparse(right)}"
        case ast.BoolOp() | ast.IfExp() | ast.Lambda():
            return f"not ({condition})"
    return f"not {condition}"


def values(scope: Scope, place: ast.AST) -> list[str]:
    """Values that a function could return, or a name could get, at a place."""
    names = _names(scope, place)
    # What a check expects and nothing else speaks of would only be recited.
    known = [text for text in literals(scope) if text in _USUAL or text in scope.context.text]
    found = [*known, *names, *scope.numbers[:4], *map(repr, scope.strings[:6])]
    for name in names:
        found += (f"{name} + 1", f"{name} - 1", f"-{name}", f"[{name}]", f"str({name})")
        found += (f"len({name})", f"{name}[0]", f"{name}[:1]", f"list({name})", f"{name}[-1]")
    return list(islice(_distinct(found), MOST_VALUES))


def variations(scope: Scope, text: str, place: ast.AST) -> Iterator[str]:
    """Values made from an expression: wrapped, cut, or joined with what is in scope."""
    for template in _WRAPS:
        yield template.format(text)
    for name in _names(scope, place):
        yield from (f"{text} {sign} {name}" for sign in ("+", "-", "*", "//", "%"))
        yield from (f"{name} - {text}", f"{name} + {text}", f"max({text}, {name})")
        yield from (f"min({text}, {name})", f"{text}[{name}:]", f"{text}[:{name}]")
    for number in dict.fromkeys(["1", "2", *scope.numbers[:6]]):
        yield from (f"{text} {sign} {number}" for sign in ("+", "-", "*", "//", "%", "/"))
        yield from (f"max({text}, {number})", f"min({text}, {number})", f"round({text}, {number})")
    for string in map(repr, scope.strings[:8]):
        yield from (f"{text} + {string}", f"{string} + {text}", f"{text}.strip({string})")
        yield from (f"{text}.replace({string}, '')", f"{text} or {string}")


_WRAPS = (
    "{}.strip()", "{}.lower()", "{}.upper()", "{}.rstrip()", "{}.lstrip()", "{}.title()",
    "{}.capitalize()", "{}.split()", "abs({})", "int({})", "float({})", "str({})", "len({})",
    "sorted({})", "list({})", "set({})", "tuple({})", "sum({})", "max({})", "min({})", "round({})",
    "sorted(set({}))", "sorted({}, reverse=True)", "list(reversed({}))", "{}[::-1]", "{}[1:]", "{}[:-1]",
    "{}[0]", "{}[-1]", "-{}", "not {}", "max({}, 0)", "max({}, 1)", "{} or 0", "{} or ''", "{} or []",
    "bool({})", "''.join({})", "' '.join({})", "list(dict.fromkeys({}))", "{} ** 2",
)  # fmt: skip


def _names(scope: Scope, place: ast.AST) -> list[str]:
    """Names visible at a place, those that it uses first."""
    used = {node.id for node in ast.walk(place) if isinstance(node, ast.Name)}
    visible = [*scope.visible_at(place), *scope.attributes[:6]]
    near = sorted(visible, key=lambda name: name not in used)
    return near[:_MOST_NAMES]


def _parts(scope: Scope, place: ast.AST) -> list[str]:
    """Expressions of the function that can stand at a place."""
    texts = [
        scope.context.source(node)
        for node in scope.distinct
        if not isinstance(node, ast.Compare | ast.BoolOp) and scope.fits_at(node, place)
    ]
    return [text for text in texts if len(text) <= _LONGEST and leaves_no_trace(text)][:8]


def _of_names(scope: Scope, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from (name, f"{name} is None", f"{name} == 0", f"{name} < 0", f"{name} > 0")
        yield from (f"len({name}) == 1", f"len({name}) > 1", f"{name} == 1", f"{name} > 1")
        yield from (f"{name} == {value}" for value in map(repr, scope.strings[:8]))
        yield from (f"{name} {sign} {number}" for number in scope.numbers[:5] for sign in _SIGNS)
        yield from (f"{name} % 2 == 0", f"{name}.isdigit()", f"{name}.isalpha()")


_SIGNS = ("==", "<", ">")


def _of_pairs(names: Iterable[str]) -> Iterator[str]:
    for one, other in permutations(names, 2):
        if one < other:
            yield from (f"{one} == {other}", f"{one} < {other}", f"{one} > {other}")
        yield from (f"{one} in {other}", f"{one} == len({other})", f"{one} < len({other})")


def _of_parts(scope: Scope, parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        yield from (part, f"{part} is None", f"{part} == 0", f"{part} > 0", f"{part} == 1")
        yield from (f"{part} == {value}" for value in map(repr, scope.strings[:4]))


def _distinct(texts: Iterable[str]) -> Iterator[str]:
    """Each text once, and of a condition and its opposite the one that comes first."""
    seen: set[str] = set()
    for text in texts:
        plain = text.removeprefix("not ")
        if plain not in seen and len(text) <= 2 * _LONGEST:
            seen.add(plain)
            yield text
