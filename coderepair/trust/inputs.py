"""Calls that tell programs apart: those of the tests, and mutations of their arguments.

Types come from the arguments seen, so None comes up only where it was seen; boundary values come from
the constants of the lines that the programs change.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from coderepair.runner.calling import Call
from coderepair.trust.variants import Constants, variants

MOST_SEEDS = 24
"""Calls of the tests whose arguments are mutated, the shortest ones."""
TEXT = 400
"""Characters of the arguments of a call, at most."""
_PAIRS = 60
"""Calls in which two arguments are mutated together."""


def generated(seen: Sequence[Call], constants: Constants, most: int, seed: int) -> list[Call]:
    """At most `most` distinct calls, those seen left out: first arguments of one call put into another,
    then one mutation, then two. The same for the same arguments."""
    parsed = [each for call in _seeds(seen) if (each := _Parsed.of(call)) is not None]
    known = set(seen)
    found: list[Call] = []
    rng = random.Random(f"{seed}:{len(parsed)}")
    sources = (_crossed(parsed), _mutated(parsed, constants))
    for call in (*_alternating(*sources), *_twice(parsed, constants, rng)):
        if len(found) == most:
            break
        if call not in known and len(call.args) + len(call.kwargs) <= TEXT:
            known.add(call)
            found.append(call)
    return found


def _seeds(seen: Sequence[Call]) -> list[Call]:
    distinct = list(dict.fromkeys(seen))
    return sorted(distinct, key=lambda call: len(call.args) + len(call.kwargs))[:MOST_SEEDS]


class _Parsed:
    """A call with its arguments as values: the positional ones, then the named ones, then those that the
    method's object was made from."""

    def __init__(self, call: Call, groups: list[tuple[Any, ...]], names: tuple[str, ...]) -> None:
        self.call = call
        self.names = names
        self._sizes = [len(group) for group in groups]
        self.values = [value for group in groups for value in group]

    @classmethod
    def of(cls, call: Call) -> _Parsed | None:
        try:
            args, kwargs = ast.literal_eval(call.args), ast.literal_eval(call.kwargs)
            maker = ast.literal_eval(call.maker[0]) if call.maker else ()
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
        if not (isinstance(args, tuple) and isinstance(kwargs, dict) and isinstance(maker, tuple)):
            return None
        return cls(call, [args, tuple(kwargs.values()), maker], tuple(kwargs))

    @property
    def shape(self) -> tuple[object, ...]:
        """Calls of one shape can exchange arguments."""
        return (self.call.function, self.names, *self._sizes)

    def having(self, changes: Iterable[tuple[int, Any]]) -> Call:
        values = list(self.values)
        for place, value in changes:
            values[place] = value
        first, second, _ = self._sizes
        named = dict(zip(self.names, values[first : first + second], strict=True))
        made = tuple(values[first + second :])
        maker = (repr(made), self.call.maker[1]) if self.call.maker else None
        return replace(self.call, args=repr(tuple(values[:first])), kwargs=repr(named), maker=maker)


def _crossed(parsed: Sequence[_Parsed]) -> Iterator[Call]:
    """One argument of a call in the place of another's; pointless where there is but one."""
    for one in parsed:
        for other in parsed:
            if one is not other and one.shape == other.shape and len(one.values) > 1:
                for place, value in enumerate(other.values):
                    yield one.having([(place, value)])


def _mutated(parsed: Sequence[_Parsed], constants: Constants) -> Iterator[Call]:
    """The first mutation of every argument of every call, then the second ones."""
    rows = [
        [one.having([(place, each)]) for each in variants(value, constants)]
        for one in parsed
        for place, value in enumerate(one.values)
    ]
    yield from _alternating(*rows)


def _twice(parsed: Sequence[_Parsed], constants: Constants, rng: random.Random) -> Iterator[Call]:
    for _ in range(_PAIRS if parsed else 0):
        one = rng.choice(parsed)
        if not one.values:
            continue
        places = rng.sample(range(len(one.values)), min(2, len(one.values)))
        changes = []
        for place in places:
            near = variants(one.values[place], constants)
            if len(places) == 1 and near:
                near = variants(rng.choice(near), constants)
            if near:
                changes.append((place, rng.choice(near)))
        if changes:
            yield one.having(changes)


def _alternating(*rows: Iterable[Call]) -> Iterator[Call]:
    """The first of each, then the second of each."""
    for column in zip_longest(*rows):
        yield from (call for call in column if call is not None)
