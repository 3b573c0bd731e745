"""The calls that programs are compared on, what they come to, and calls as source."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from coderepair.compact import root_program
from coderepair.model import Limits, Program, Task
from coderepair.runner import ForkRunner
from coderepair.runner.calling import TIMED_OUT, Call, captured, outcomes
from coderepair.trust import special
from coderepair.trust.behaviour import Outcomes
from coderepair.trust.inputs import generated

METHODS = ("pytest", "unittest")
"""Ways of running tests (`Task.method`) in which the tests call the program's functions."""
MOST_CALLS = 160
"""Generated calls that programs are compared on."""
CALL_LIMITS = Limits(test_timeout_s=1.0, total_timeout_s=3.0)


def made_by_tests(task: Task, runner: ForkRunner, program: Program, limits: Limits) -> list[Call]:
    """The distinct calls that the tests make, in their order; all of them only of a program that passes."""
    found = captured(runner, task, program, limits)
    return list(dict.fromkeys(call for calls in found.values() for call in calls))


def and_generated(
    task: Task, seen: Sequence[Call], sources: Sequence[str], seed: int
) -> list[Call]:
    """The calls of the tests, then generated ones near them and near the constants of `sources`."""
    constants = special.constants(sources, task.source)
    return [*seen, *generated(seen, constants, MOST_CALLS, seed)]


def come_to(
    task: Task, runner: ForkRunner, programs: Sequence[Program], calls: Sequence[Call]
) -> list[Outcomes]:
    """Of the original, then of the programs. What the first one does not end in time is not asked of the
    others, whom it would take as long."""
    (first,) = outcomes(runner, task, programs[:1], calls, CALL_LIMITS)
    quick = [place for place, outcome in enumerate(first) if outcome not in ("", TIMED_OUT)]
    others = [root_program(task), *programs[1:]]
    asked = [calls[place] for place in quick]
    original, *rest = outcomes(runner, task, others, asked, CALL_LIMITS)
    known = tuple(first[place] for place in quick)
    return [_spread(each, quick, len(calls)) for each in (original, known, *rest)]


def _spread(some: Outcomes, places: Sequence[int], count: int) -> Outcomes:
    """Outcomes of some calls as those of all."""
    found = [""] * count
    for place, outcome in zip(places, some, strict=True):
        found[place] = outcome
    return tuple(found)


def text_of(call: Call) -> str:
    """A call as source: `f([], k=1)`, `Stack([1]).pop()`."""
    kind, dot, method = call.function.partition(".")
    if call.maker is not None:
        return (
            f"{kind}({_arguments(*call.maker)}){dot}{method}({_arguments(call.args, call.kwargs)})"
        )
    return f"{call.function}({_arguments(call.args, call.kwargs)})"


def _arguments(args: str, kwargs: str) -> str:
    try:
        positional, named = ast.literal_eval(args), ast.literal_eval(kwargs)
    except (ValueError, SyntaxError, TypeError):
        return "..."
    return ", ".join([*map(repr, positional), *(f"{k}={v!r}" for k, v in named.items())])
