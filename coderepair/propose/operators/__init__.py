"""Edit operators: everything that a small, typical slip may have turned round in one function.

| module | what it changes |
|---|---|
| `symbols` | comparison, arithmetic, boolean, unary and assignment operators |
| `constants` | literals |
| `names` | variables, attributes, functions, methods, targets, exceptions |
| `calls` | arguments, their order and number |
| `wraps` | expressions wrapped or unwrapped |
| `slices` | what stands between square brackets |
| `conditions` | negation, conjuncts, filters |
| `ingredients` | expressions that stand elsewhere in the function |
| `statements` | deleted, moved, exchanged statements |
| `inserts` | missing statements from templates |
| `mirrors` | missing statements copied from neighbours |
| `templates` | conditional values, mappings, unused names |
| `flow` | missing branches around and between statements |
| `flush` | what a loop leaves behind |
| `choices` | values that lack a case |
| `idioms` | one usual way of writing for another |
| `strings` | f-strings |
| `imports` | names that nothing binds |
| `everywhere` | one change in several places |

An operator yields candidates, more than are useful; `propose.ranking` orders them.
"""

from __future__ import annotations

from coderepair.propose.operators.calls import calls
from coderepair.propose.operators.choices import choices
from coderepair.propose.operators.conditions import conditions
from coderepair.propose.operators.constants import constants
from coderepair.propose.operators.context import FunctionContext, Surroundings
from coderepair.propose.operators.edit import Edit, Family
from coderepair.propose.operators.everywhere import everywhere
from coderepair.propose.operators.flow import flow
from coderepair.propose.operators.flush import flush
from coderepair.propose.operators.idioms import idioms
from coderepair.propose.operators.imports import imports
from coderepair.propose.operators.ingredients import ingredients
from coderepair.propose.operators.inserts import inserts
from coderepair.propose.operators.mirrors import mirrors
from coderepair.propose.operators.names import names
from coderepair.propose.operators.scope import Scope
from coderepair.propose.operators.slices import slices
from coderepair.propose.operators.statements import statements
from coderepair.propose.operators.strings import strings
from coderepair.propose.operators.symbols import symbols
from coderepair.propose.operators.templates import templates
from coderepair.propose.operators.wraps import wraps

__all__ = [
    "FAMILIES",
    "Edit",
    "Family",
    "FunctionContext",
    "Scope",
    "Surroundings",
    "enumerate_edits",
]

FAMILIES: tuple[Family, ...] = (
    symbols, constants, names, calls, slices, statements, wraps, conditions,
    ingredients, inserts, mirrors, templates, strings, imports, flow, flush, choices, idioms,
)  # fmt: skip


def enumerate_edits(context: FunctionContext, scope: Scope | None = None) -> list[Edit]:
    """All edits of a function, each text at most once, in a fixed order.

    Not all of them compile; `compiles` tells, at the price of a parse, when an edit is drawn.
    """
    scope = scope or Scope(context)
    seen: set[tuple[tuple[int, int, str], ...]] = set()
    single: list[Edit] = []
    for family in FAMILIES:
        for edit in family(context, scope):
            if edit.replacements not in seen:
                seen.add(edit.replacements)
                single.append(edit)
    joint = [edit for edit in everywhere(single) if edit.replacements not in seen]
    return single + joint
