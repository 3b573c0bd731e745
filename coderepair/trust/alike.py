"""Whether a smaller program does what the repair does, on the calls of the tests and on generated ones."""

from __future__ import annotations

from functools import cached_property

from coderepair.contracts import Runner
from coderepair.errors import SandboxError
from coderepair.model import Limits, Program, Task
from coderepair.runner import ForkRunner
from coderepair.runner.calling import TIMED_OUT, Call, outcomes
from coderepair.trust.behaviour import Outcomes
from coderepair.trust.calls import CALL_LIMITS, METHODS, and_generated, made_by_tests

LEAST = 10
"""Calls of which it has to be known what they come to, else nothing is said."""


class Alike:
    """Compares programs with one that passes all checks. Nothing is run before the first question."""

    def __init__(
        self, task: Task, runner: ForkRunner, program: Program, limits: Limits, seed: int
    ) -> None:
        self._task, self._runner, self._program = task, runner, program
        self._limits, self._seed = limits, seed

    def __call__(self, program: Program) -> bool | None:
        """True if every call comes to exactly the same, False if one does not; None where too few calls
        are known to say it."""
        try:
            calls, wanted = self._known
            if len(calls) < LEAST:
                return None
            (found,) = outcomes(self._runner, self._task, [program], calls, CALL_LIMITS)
        except SandboxError:
            return None
        return found == wanted

    @cached_property
    def _known(self) -> tuple[list[Call], Outcomes]:
        """The calls that end in time, and what they come to."""
        seen = made_by_tests(self._task, self._runner, self._program, self._limits)
        calls = and_generated(self._task, seen, [self._program.source], self._seed)
        (found,) = outcomes(self._runner, self._task, [self._program], calls, CALL_LIMITS)
        pairs = [pair for pair in zip(calls, found, strict=True) if pair[1] not in ("", TIMED_OUT)]
        return [call for call, _ in pairs], tuple(outcome for _, outcome in pairs)


def alike_to(
    task: Task, runner: Runner, program: Program, limits: Limits, seed: int
) -> Alike | None:
    """Who compares programs with `program`; nobody where the tests call no function."""
    if not isinstance(runner, ForkRunner) or task.method not in METHODS:
        return None
    return Alike(task, runner, program, limits, seed)
