"""How what a check got relates to what it expected: the symptoms that point at a kind of bug."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from coderepair.model import CheckResult

_MOST_CHECKS = 6


def symptoms(failures: tuple[CheckResult, ...]) -> tuple[str, ...]:
    """Symptoms of the failing checks; those that all of the first few share come with `all:`."""
    sets = [set(_of_check(check)) for check in failures[:_MOST_CHECKS]]
    if not sets:
        return ()
    shared = set.intersection(*sets)
    every = set.union(*sets)
    return tuple(sorted(f"all:{name}" for name in shared) + sorted(every - shared))


def _of_check(check: CheckResult) -> Iterator[str]:
    failure = check.failure
    if failure is None:
        yield check.outcome.value
        return
    yield failure.kind
    if failure.exception:
        yield f"raises {failure.exception}"
    try:
        expected = ast.literal_eval(failure.expected)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return
    yield f"wants {type(expected).__name__}"
    if expected in (0, 1, -1) or expected in ("", [], None):
        yield f"wants {expected!r}"
    try:
        got = ast.literal_eval(failure.got)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return
    yield from _between(expected, got)


def _between(expected: Any, got: Any) -> Iterator[str]:
    if type(expected) is not type(got):
        yield f"got {type(got).__name__}"
    if got is None:
        return
    if isinstance(expected, bool) and isinstance(got, bool):
        yield f"flag {got}"
    elif isinstance(expected, int | float) and isinstance(got, int | float):
        yield from _numbers(expected, got)
    elif isinstance(expected, str) and isinstance(got, str):
        yield from _texts(expected, got)
    elif isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        yield from _sequences(list(expected), list(got))
    elif isinstance(expected, dict | set) and isinstance(got, dict | set):
        yield (
            "same size"
            if len(expected) == len(got)
            else "longer"
            if len(got) > len(expected)
            else "shorter"
        )
        yield "same keys" if set(expected) == set(got) else "other keys"


def _numbers(expected: float, got: float) -> Iterator[str]:
    yield "bigger" if got > expected else "smaller"
    if got - expected in (1, -1):
        yield "off by one"
    elif got - expected in (2, -2):
        yield "off by two"
    if got == -expected:
        yield "negated"
    if got in (0, 1, -1):
        yield f"got {int(got)}"
    if (
        expected
        and got
        and (
            got in (2 * expected, 10 * expected, 100 * expected) or expected in (2 * got, 10 * got)
        )
    ):
        yield "factor"
    if abs(got - expected) < 1 and (isinstance(got, float) or isinstance(expected, float)):
        yield "rounding"


def _texts(expected: str, got: str) -> Iterator[str]:
    yield from _lengths(len(expected), len(got))
    if expected.lower() == got.lower():
        yield "case"
    if got == expected[::-1]:
        yield "reversed"
    if expected.split() == got.split() or expected.replace(" ", "") == got.replace(" ", ""):
        yield "blanks"
    yield from _ends(expected, got)
    if sorted(expected) == sorted(got):
        yield "permuted"


def _ends(expected: Any, got: Any) -> Iterator[str]:
    if got and expected[: len(got)] == got:
        yield "prefix"
    if got and expected[-len(got) :] == got:
        yield "suffix"
    if expected and got[: len(expected)] == expected:
        yield "surplus end"
    if expected and got[-len(expected) :] == expected:
        yield "surplus start"


def _sequences(expected: list[Any], got: list[Any]) -> Iterator[str]:
    yield from _lengths(len(expected), len(got))
    if got == expected:
        yield "container"
        return
    if got == expected[::-1]:
        yield "reversed"
    yield from _ends(expected, got)
    wanted, found = {repr(x) for x in expected}, {repr(x) for x in got}
    if wanted == found:
        yield "permuted" if len(expected) == len(got) else "repeated"
    elif found < wanted:
        yield "subset"
    elif wanted < found:
        yield "superset"
    if len(expected) == len(got):
        different = [(a, b) for a, b in zip(expected, got, strict=True) if a != b]
        yield "one element" if len(different) == 1 else "many elements"
        if different and type(different[0][0]) is type(different[0][1]):
            yield from (f"element {name}" for name in _between(*different[0]))


def _lengths(expected: int, got: int) -> Iterator[str]:
    if got == 0:
        yield "empty"
    if got > expected:
        yield "longer"
    elif got < expected:
        yield "shorter"
    if abs(got - expected) == 1:
        yield "length off by one"
