"""Any process of the runner may die at any moment: no program passes by that, and the runner lives on."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from coderepair.errors import SandboxError
from coderepair.model import TestReport
from coderepair.runner import ForkRunner, open_runner
from tests.processes import children
from tests.projects import Project

pytestmark = pytest.mark.adversarial

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"
TESTS = "from solution import double\n\n" + "".join(
    f"def test_{n}():\n    assert double({n}) == {2 * n}\n\n" for n in range(1, 6)
)
KILLS = 6
"""Processes that have to die while programs are judged."""
RUNS = 400
"""Far more than it takes for that: the processes live for milliseconds, and one is shot every 25 of them."""


def descendants(pid: int) -> list[int]:
    found = children(pid)
    return found + [each for child in found for each in descendants(child)]


def below(runner: ForkRunner) -> list[int]:
    """All processes below the runner's worker, which itself is the last to go."""
    worker = runner._worker
    return descendants(worker.pid) if worker is not None else []


class Killer:
    """Ends processes, at random, until it is told to stop."""

    def __init__(self, alive: Callable[[], list[int]], seed: int) -> None:
        self.kills = 0
        self._alive = alive
        self._rng = random.Random(seed)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._rng.uniform(0.001, 0.05)):
            found = self._alive()
            if found:
                self.kills += kill(self._rng.choice(found))


def kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def says_nothing_wrong(right: TestReport, wrong: TestReport) -> None:
    assert not wrong.solved
    assert not any(check.outcome in ("fail", "error", "timeout") for check in right.checks)
    for report in (right, wrong):
        assert report.passed + sum(check.failure is not None for check in report.checks) == 5


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("integrity", ["auto", "two-process", "shared-process"])
def test_processes_that_die_at_any_moment(tmp_path: Path, integrity: str, seed: int) -> None:
    with open_runner(1, integrity=integrity) as runner:
        mine = Project(tmp_path / "project", runner)
        mine.judge(RIGHT, TESTS, RIGHT)
        task = mine.task("test_solution.py")
        with Killer(lambda: below(runner), seed) as killer:
            for _ in range(RUNS):
                with contextlib.suppress(SandboxError):  # said of the sandbox, not of the program
                    says_nothing_wrong(*mine.run(task, RIGHT, WRONG))
                if killer.kills >= KILLS:
                    break
        assert killer.kills >= KILLS
        right, wrong = mine.run(task, RIGHT, WRONG)
    assert (right.solved, wrong.solved) == (True, False)


@pytest.mark.parametrize("integrity", ["auto", "two-process", "shared-process"])
def test_a_process_that_died_while_nothing_was_asked_is_replaced(
    tmp_path: Path, integrity: str
) -> None:
    with open_runner(1, integrity=integrity) as runner:
        mine = Project(tmp_path / "project", runner)
        mine.judge(RIGHT, TESTS, RIGHT)
        task = mine.task("test_solution.py")
        count = len(below(runner))
        assert count >= 2
        for number in range(count):
            mine.run(task, RIGHT)
            assert kill(below(runner)[number])
            right, wrong = mine.run(task, RIGHT, WRONG)
            assert (right.solved, wrong.solved) == (True, False), number
            assert wrong.integrity == ("shared-process" if "shared" in integrity else "two-process")
