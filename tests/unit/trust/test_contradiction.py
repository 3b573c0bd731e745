"""Tests that no program can pass are told from those that only look so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coderepair.config import Settings
from coderepair.errors import TestsNotRunnable
from coderepair.model import Task, TestFile
from coderepair.repair import repair
from coderepair.runner.pins import sha256
from coderepair.task import make_task
from coderepair.trust.contradiction import contradiction

PURE = "def f(x, y=0):\n    return x\n\ndef g(x):\n    return f(x) + 1\n"
TESTS = "from solution import f, g\n\n"


def task(folder: Path, tests: str, source: str = PURE, keyword: str = "") -> Task:
    path = folder / "test_solution.py"
    path.write_text(TESTS + tests)
    pinned = (TestFile(str(path), sha256(str(path))),)
    file = str(folder / "solution.py")
    return Task(file, source, (), pinned, str(folder), sys.executable, keyword)


def test_two_results_for_one_call_are_a_contradiction(tmp_path: Path) -> None:
    tests = "def test_a():\n    assert f(1) == 2\n\ndef test_b():\n    assert 3 == f(1)\n"
    assert contradiction(task(tmp_path, tests)) == (
        "these tests contradict each other: test_a, line 4, wants f(1) to be 2, "
        "test_b, line 7, wants 3"
    )


@pytest.mark.parametrize(
    "tests",
    [
        "def test_a():\n    assert f(1) == 2\n    assert f(2) == 3\n",
        "def test_a():\n    assert f(1) == 2\n    assert f(1) == 2.0\n",
        "def test_a():\n    assert f(1) == 1\n    assert f(1) == True\n",
        "def test_a():\n    assert f(1) == 0.3\n    assert f(1) == 0.1 + 0.2\n",
        "def test_a():\n    assert f(1) == 0.3\n    assert f(1) == 0.30000000001\n",
        "def test_a():\n    assert f(1) == 2\n    assert f(1) != 3\n",
        "def test_a():\n    assert f(1) == 2\n    assert f(1, y=1) == 3\n",
        "def test_a(f):\n    assert f(1) == 2\n    assert f(1) == 3\n",
        "def test_a():\n    f = int\n    assert f(1) == 2\n    assert f(1) == 3\n",
        "def helper():\n    assert f(1) == 2\n    assert f(1) == 3\n",
        "import solution\nsolution.RATE = 3\n\ndef test_a():\n    assert f(1) == 2\n    assert f(1) == 3\n",
        "import pytest\n\ndef test_a():\n    pytest.skip()\n    assert f(1) == 2\n    assert f(1) == 3\n",
    ],
)
def test_what_some_program_can_pass_is_none(tmp_path: Path, tests: str) -> None:
    assert contradiction(task(tmp_path, tests)) == ""


@pytest.mark.parametrize(
    "source",
    [
        "seen = []\n" + PURE,
        "import random\n" + PURE,
        "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n",
        "count = 0\ndef f(x):\n    global count\n    count += x\n    return count\n",
        "def f(x):\n    return int(input()) + x\n",
        "from .state import box\n" + PURE,
    ],
)
def test_results_that_may_change_are_none(tmp_path: Path, source: str) -> None:
    tests = "def test_a():\n    assert f(1) == 2\n    assert f(1) == 3\n"
    assert contradiction(task(tmp_path, tests, PURE)) != ""
    assert contradiction(task(tmp_path, tests, source)) == ""


def test_a_choice_of_tests_may_leave_one_out(tmp_path: Path) -> None:
    tests = "def test_a():\n    assert f(1) == 2\n\ndef test_b():\n    assert f(1) == 3\n"
    assert contradiction(task(tmp_path, tests, keyword="test_a")) == ""


def test_it_is_said_instead_of_a_search(tmp_path: Path) -> None:
    (tmp_path / "solution.py").write_text(PURE)
    test = tmp_path / "test_solution.py"
    test.write_text(TESTS + "def test_a():\n    assert f(1) == 2\n    assert f(1) == 3\n")
    made = make_task(tmp_path / "solution.py", [test], function="f", python=sys.executable)
    settings = Settings(model="none", timeout=60.0, runs_dir=tmp_path / "runs")
    with pytest.raises(TestsNotRunnable, match="contradict each other"):
        repair(made, settings)
