"""Bug injection: a correct function becomes a plausibly wrong one, its other text untouched.

The bug classes and their weights are those of the human-written bugs of HumanEvalFix as published
(Muennighoff et al. 2024, "OctoPack", Table 6: missing logic 33, excess logic 31, value misuse 44,
operator misuse 25, variable misuse 23, function misuse 8 of 164).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from coderepair_training.mutators import (
    function_misuse,
    operator_misuse,
    value_misuse,
    variable_misuse,
)
from coderepair_training.mutators_logic import excess_logic, missing_logic
from coderepair_training.syntax import FunctionText, Splice


class BugClass(StrEnum):
    """What kind of mistake a bug is, in HumanEvalFix's words."""

    MISSING = "missing logic"
    EXCESS = "excess logic"
    VALUE = "value misuse"
    OPERATOR = "operator misuse"
    VARIABLE = "variable misuse"
    FUNCTION = "function misuse"


MUTATORS: Mapping[BugClass, Callable[[FunctionText], Iterator[Splice]]] = {
    BugClass.MISSING: missing_logic,
    BugClass.EXCESS: excess_logic,
    BugClass.VALUE: value_misuse,
    BugClass.OPERATOR: operator_misuse,
    BugClass.VARIABLE: variable_misuse,
    BugClass.FUNCTION: function_misuse,
}
WEIGHTS: Mapping[BugClass, int] = {
    BugClass.MISSING: 33,
    BugClass.EXCESS: 31,
    BugClass.VALUE: 44,
    BugClass.OPERATOR: 25,
    BugClass.VARIABLE: 23,
    BugClass.FUNCTION: 8,
}
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Injection:
    """A wrong version of a text and the classes of the bugs in it, in order of injection."""

    source: str
    classes: tuple[BugClass, ...]
    before_last: str
    """The text with all bugs but the last one."""


def inject(source: str, rng: Random, bugs: int = 1, name: str = "") -> Injection | None:
    """The module text with `bugs` bugs in function `name` (default: the first function of all).

    None if the text does not parse or no further bug of any class can be placed. The result parses
    and differs from `source` in its syntax tree; whether any test notices is for the caller to find.
    """
    tree = _dump(source)
    if tree is None:
        return None
    current, before, seen = source, source, {tree}
    classes: list[BugClass] = []
    for _ in range(bugs):
        step = _inject_one(current, rng, name, seen)
        if step is None:
            return None
        before, (current, bug_class) = current, step
        classes.append(bug_class)
    return Injection(current, tuple(classes), before)


def _inject_one(source: str, rng: Random, name: str, seen: set[str]) -> tuple[str, BugClass] | None:
    """One bug more, of a class drawn by weight; adds the new syntax tree to `seen`."""
    try:
        text = FunctionText(source, name)
    except (SyntaxError, ValueError, RecursionError):
        return None
    sites: dict[BugClass, list[Splice]] = {}
    for _ in range(_ATTEMPTS):
        drawn = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if drawn not in sites:
            sites[drawn] = list(MUTATORS[drawn](text))
        if sites[drawn]:
            mutated = rng.choice(sites[drawn]).apply(source)
            tree = _dump(mutated)
            if tree is not None and tree not in seen:
                seen.add(tree)
                return mutated, drawn
    return None


def _dump(source: str) -> str | None:
    """The syntax tree as text; None for what Python would not compile (`break` outside a loop)."""
    try:
        tree = ast.parse(source)
        compile(tree, "<mutant>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None
    return ast.dump(tree)
