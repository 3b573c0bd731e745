"""Calls of a program's functions: which ones its tests make, and what given ones come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coderepair.runner.reports import seen_by_check

if TYPE_CHECKING:
    from coderepair.model import Limits, Program, Task
    from coderepair.runner.pool import ForkRunner

CALL_S = 0.1
"""CPU seconds of one call."""
TEXT = 200
"""Characters kept of what a call came to."""
RAISED = "!"
"""First character of an outcome that is an exception, before the name of its type."""
TIMED_OUT = f"{RAISED}timeout"
"""Outcome of a call that took too long."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of the file under repair, from outside of it. Arguments are literals."""

    function: str
    """Its name; a method's is `Class.method`."""
    args: str
    """The positional arguments, a tuple as text."""
    kwargs: str = "{}"
    """The named ones, a dictionary as text."""
    maker: tuple[str, str] | None = None
    """Arguments that a method's object was made from."""

    def told(self) -> list[Any]:
        """As plain data."""
        maker = None if self.maker is None else list(self.maker)
        return [self.function, maker, self.args, self.kwargs]


def captured(
    runner: ForkRunner, task: Task, program: Program, limits: Limits
) -> Mapping[str, tuple[Call, ...]]:
    """Check id -> the distinct calls that it makes when it judges `program`."""
    prepared, (answer,) = runner.watch(task, [program], limits, {"capture": True})
    found = seen_by_check(prepared.nodes, answer)
    return {
        check: tuple(dict.fromkeys(call for each in seen if (call := _call(each)) is not None))
        for check, seen in found.items()
    }


def outcomes(
    runner: ForkRunner,
    task: Task,
    programs: Sequence[Program],
    calls: Sequence[Call],
    limits: Limits,
) -> list[tuple[str, ...]]:
    """For each program what each call comes to, as text: a value, `!` and the name of an exception, or
    nothing where it is not known (the process ended, time was up)."""
    if not programs or not calls:
        return [("",) * len(calls) for _ in programs]
    told = {"calls": [call.told() for call in calls], "limit_s": CALL_S}
    _, answers = runner.watch(task, programs, limits, told)
    return [_told(answer, len(calls)) for answer in answers]


def _told(answer: dict[str, Any], count: int) -> tuple[str, ...]:
    found = [""] * count
    for event in answer.get("events", ()):
        match event:
            case ["v", int(number), str(text)] if 0 <= number < count:
                found[number] = text[:TEXT]
    return tuple(found)


def _call(told: object) -> Call | None:
    """From what a child said, which is not trusted."""
    match told:
        case [str(function), None, str(args), str(kwargs)]:
            return Call(function, args, kwargs)
        case [str(function), [str(one), str(two)], str(args), str(kwargs)]:
            return Call(function, args, kwargs, (one, two))
        case _:
            return None
