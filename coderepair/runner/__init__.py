"""Runs programs against a task's tests, in a sandbox, with the project's own interpreter.

pool.py     the `Runner`: spreads programs over warm workers, adapts time limits, guards the user's files
requests.py what is said to a worker
worker.py   one warm process of the project's interpreter
isolation.py  how well candidates are contained, by self-test
parking.py  a warm worker between two owners
pins.py     the user's files must not change meanwhile
reports.py  what a worker tells, as a `TestReport`
commands.py a `Runner` of test commands: launch.py starts them in copies of the project (overlay.py),
            parsed.py reads what they print, probing.py is their self-test
stdio.py    inputs and outputs of programs, judged here
fresh.py    tests in fresh processes, for verification
child/      the files that run inside the project's interpreter
"""

from __future__ import annotations

from coderepair.errors import TestsNotRunnable
from coderepair.methods import COMMAND
from coderepair.model import Task
from coderepair.runner.commands import CommandRunner
from coderepair.runner.pool import ForkRunner, open_runner
from coderepair.runner.reports import TWO_PROCESS

AnyRunner = ForkRunner | CommandRunner


def runner_for(
    task: Task, workers: int = 2, isolation: str = "", integrity: str = "auto"
) -> AnyRunner:
    """The runner that a task's tests need; see `open_runner`. Raises `TestsNotRunnable` where tests that
    have to run out of a program's reach cannot."""
    if task.method != COMMAND:
        return open_runner(workers, isolation, integrity)
    if integrity == TWO_PROCESS:
        raise TestsNotRunnable(
            "a test command runs together with the program; --integrity auto allows that"
        )
    return CommandRunner(workers or 2, isolation)


__all__ = ["AnyRunner", "CommandRunner", "ForkRunner", "open_runner", "runner_for"]
