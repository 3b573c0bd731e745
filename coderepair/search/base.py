"""What strategies share, and their names.

A strategy is a frozen dataclass with `select(tree, rng) -> Arm | None`; one that must not draw more
than a certain number of proposals at once also has `room(tree, arm) -> int`, and one that may be asked
while pulls are under way has `looks_ahead`.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from coderepair.contracts import Strategy
from coderepair.errors import UsageError
from coderepair.search.tree import Arm, Tree

STRATEGIES = {
    "thompson": "coderepair.search.thompson.Thompson",
    "greedy": "coderepair.search.greedy.Greedy",
    "bfs": "coderepair.search.breadth_first.BreadthFirst",
    "fixed-width": "coderepair.search.fixed_width.FixedWidth",
    "best-of-n": "coderepair.search.best_of_n.BestOfN",
    "linear": "coderepair.search.linear.Linear",
    "flat": "coderepair.search.flat.Flat",
}
"""Name -> dotted path; whoever wants another strategy gives its dotted path as the name."""


@runtime_checkable
class Bounded(Protocol):
    """A strategy that limits how many proposals one pull may draw, for exact counts."""

    def room(self, tree: Tree, arm: Arm) -> int:
        """Most proposals that may be drawn of the arm that was just selected, >= 1."""
        ...


@runtime_checkable
class Foresighted(Protocol):
    """A strategy that may be asked again while pulls are under way, as it takes them into account."""

    looks_ahead: ClassVar[bool]
    """Always true."""


def open_strategy(name: str, **options: object) -> Strategy:
    """The strategy of this name or dotted path; options it has no field for are left out.

    Raises `UsageError`.
    """
    path = STRATEGIES.get(name, name)
    module, _, attribute = path.rpartition(".")
    try:
        kind: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        choices = ", ".join(STRATEGIES)
        raise UsageError(f"there is no strategy {name!r}; choose one of {choices}") from None
    if not (hasattr(kind, "__dataclass_fields__") and hasattr(kind, "select")):
        raise UsageError(f"{name} is no strategy: a dataclass with a method `select` is wanted")
    fields = {field.name for field in dataclasses.fields(kind)}
    try:
        return cast("Strategy", kind(**{k: v for k, v in options.items() if k in fields}))
    except ValueError as error:
        raise UsageError(f"strategy {name}: {error}") from None


def most_promising(tree: Tree, arms: Iterable[Arm]) -> Arm | None:
    """The arm whose next proposal is worth most, the first of equals."""
    return max(arms, key=tree.worth, default=None)
