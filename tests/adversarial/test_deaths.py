"""Any process of the runner may die at any moment: no program passes by that, and the runner lives on."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from coderepair.errors import SandboxError
from coderepair.runner import open_runner
from tests.processes import children
from tests.projects import Project

pytestmark = pytest.mark.adversarial

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"
TESTS = "from solution import double\n\n" + "".join(
    f"def test_{n}():\n    assert double({n}) == {2 * n}\n\n" for n in range(1, 6)
)


def descendants(pid: int) -> list[int]:
    found = children(pid)
    return found + [each for child in found for each in descendants(child)]


class Killer:
    """Ends processes below one, at random, until it is told to stop."""

    def __init__(self, root: int, seed: int) -> None:
        self.kills = 0
        self._root = root
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
            below = descendants(self._root)
            if below:
                try:
                    os.kill(self._rng.choice(below), signal.SIGKILL)
                    self.kills += 1
                except ProcessLookupError:
                    continue


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("integrity", ["auto", "shared-process"])
def test_processes_that_die_at_any_moment(tmp_path: Path, integrity: str, seed: int) -> None:
    with open_runner(1, integrity=integrity) as runner:
        mine = Project(tmp_path / "project", runner)
        mine.judge(RIGHT, TESTS, RIGHT)
        task = mine.task("test_solution.py")
        assert runner._worker is not None
        with Killer(runner._worker.pid, seed) as killer:
            for _ in range(6):
                try:
                    right, wrong = mine.run(task, RIGHT, WRONG)
                except SandboxError:  # said of the sandbox, not of the program
                    break
                assert not wrong.solved
                assert right.passed + sum(check.failure is not None for check in right.checks) == 5
        assert killer.kills
        right, wrong = mine.run(task, RIGHT, WRONG)
    assert (right.solved, wrong.solved) == (True, False)
