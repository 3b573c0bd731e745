"""Whether a smaller program does the same, on the calls of real tests and on generated ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coderepair.model import Limits, Program, Task
from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.commands import CommandRunner
from coderepair.task import make_task
from coderepair.trust.alike import alike_to

WRONG = "def last(xs):\n    return xs[len(xs)]\n"
RIGHT = Program("def last(xs):\n    return xs[len(xs) - 1]\n")
TESTS = "from solution import last\n\ndef test_it():\n    assert last([4, 7]) == 7\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1) as opened:
        yield opened


def made(folder: Path, tests: str = TESTS) -> Task:
    (folder / "solution.py").write_text(WRONG)
    (folder / "test_solution.py").write_text(tests)
    return make_task(
        folder / "solution.py",
        [folder / "test_solution.py"],
        function="last",
        python=sys.executable,
    )


def test_calls_that_no_test_makes_tell_programs_apart(tmp_path: Path, runner: ForkRunner) -> None:
    alike = alike_to(made(tmp_path), runner, RIGHT, Limits(), 0)
    assert alike is not None
    assert alike(Program("def last(xs):\n    return xs[-1]\n")) is True
    assert alike(Program("def last(xs):\n    return xs[1]\n")) is False
    assert alike(Program("def last(xs):\n    return float(xs[-1]) if xs else xs[-1]\n")) is True
    assert alike(Program("def last(xs):\n    return [*xs][-1] if xs else None\n")) is False
    assert alike(Program("last = None\n")) is False


def test_nothing_is_said_where_no_call_can_be_made_again(
    tmp_path: Path, runner: ForkRunner
) -> None:
    tests = TESTS.replace("[4, 7]", "type('L', (list,), {})([4, 7])")
    alike = alike_to(made(tmp_path, tests), runner, RIGHT, Limits(), 0)
    assert alike is not None
    assert alike(Program("def last(xs):\n    return xs[1]\n")) is None


def test_nobody_compares_where_a_command_judges(tmp_path: Path) -> None:
    with CommandRunner(1) as commands:
        assert alike_to(made(tmp_path), commands, RIGHT, Limits(), 0) is None
