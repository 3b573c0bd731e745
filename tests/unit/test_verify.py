"""Verification: plain pytest in fresh processes, and what does not pass for a proof."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.errors import TestsNotRunnable
from coderepair.model import Program, Task, Verification
from coderepair.runner import open_runner
from coderepair.verify import verify
from tests.projects import LIMITS, Project

ADD = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"
FIXED = ADD.replace("a - b", "a + b", 1)
TESTS = """
from solution import add, sub

def test_add():
    assert add(1, 2) == 3
    assert add(0, 0) == 0

def test_sub():
    assert sub(3, 1) == 2
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", open_runner(1))
    made.write("solution.py", ADD)
    made.write("test_solution.py", TESTS)
    return made


def judged(task: Task, source: str) -> Verification:
    return verify(task, Program(source), LIMITS)


def test_a_repair_is_confirmed_and_counted(project: Project) -> None:
    found = judged(project.task("test_solution.py"), FIXED)
    assert (found.ok, found.reason) == (True, "")
    assert (found.before_passed, found.after_passed, found.total) == (1, 2, 2)
    assert found.command.endswith(f"-m pytest -- {project.root / 'test_solution.py'}")
    assert (project.root / "solution.py").read_text() == ADD


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (ADD, "plain pytest fails test_solution.py::test_add"),
        ("import os\nos._exit(0)\n", "did not come to its end"),
        (
            "import sys\nsys.exit(0)\n",
            "plain pytest did not run|did not come to its end|ended with status",
        ),
        ("def add(:\n", "did not import the repaired file"),
        ("import pytest\npytest.skip('no', allow_module_level=True)\n", "plain pytest"),
        (FIXED.replace("return a - b", "return b - a"), "fails test_solution.py::test_sub"),
    ],
)
def test_what_is_no_repair(project: Project, source: str, reason: str) -> None:
    found = judged(project.task("test_solution.py"), source)
    assert not found.ok
    assert found.reason
    assert any(part in found.reason for part in reason.split("|"))


def test_only_the_chosen_tests_have_to_pass_but_nothing_may_break(project: Project) -> None:
    project.write("test_solution.py", TESTS + "\ndef test_other():\n    assert add(1, 1) == 5\n")
    task = project.task("test_solution.py::test_add")
    good = judged(task, FIXED)
    assert (good.ok, good.after_passed, good.total) == (True, 2, 3)
    broken = judged(task, FIXED.replace("return a - b", "return b - a"))
    assert not broken.ok
    assert broken.reason == "test_solution.py::test_sub passed before and does not now"


@pytest.mark.slow
def test_a_keyword_narrows_too(project: Project) -> None:
    task = project.task("test_solution.py", keyword="sub")
    assert judged(task, ADD).ok


@pytest.mark.slow
def test_an_outcome_that_depends_on_the_hash_seed_is_no_proof(project: Project) -> None:
    lucky = FIXED.replace("return a + b", "return a + b + (hash('a') != HASH)")
    seed_zero = project.write("seed.py", "print(hash('a'))")
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    value = subprocess.run(
        [sys.executable, str(seed_zero)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    ).stdout
    found = judged(project.task("test_solution.py"), f"HASH = {value}\n{lucky}")
    assert not found.ok
    assert "test_add" in found.reason


REMEMBERS = """
calls = []

def add(a, b):
    calls.append(a)
    return a + b

def sub(a, b):
    return a - b if calls else 0
"""
"""Passes only where `add` is tested first."""


def test_a_repair_that_needs_the_order_of_the_tests_is_none(project: Project) -> None:
    found = judged(project.task("test_solution.py"), REMEMBERS)
    assert (found.ok, found.reason) == (
        False,
        "plain pytest fails test_solution.py::test_sub in the opposite order of tests",
    )


def test_tests_that_need_their_order_themselves_are_no_reason_against_a_repair(
    project: Project,
) -> None:
    project.write(
        "test_solution.py",
        """
        from solution import add, sub

        seen = []

        class TestSteps:
            found = []

            def test_one(self):
                assert sub(3, 1) == 2
                self.found.append(1)

            def test_two(self):
                assert self.found == [1]

        def test_first():
            assert sub(3, 1) == 2
            seen.append(1)

        def test_second():
            assert seen == [1]

        def test_add():
            assert add(1, 2) == 3
        """,
    )
    found = judged(project.task("test_solution.py"), FIXED)
    assert (found.ok, found.reason) == (True, "")


def test_steps_of_a_class_stay_in_their_order(project: Project) -> None:
    project.write(
        "test_solution.py",
        """
        from solution import add

        class TestSteps:
            found = []

            def test_one(self):
                self.found.append(add(1, 2))

            def test_two(self):
                assert self.found == [3]
        """,
    )
    assert judged(project.task("test_solution.py"), FIXED).ok


def test_the_order_of_cases_of_unittest_counts_too(project: Project) -> None:
    project.write(
        "test_solution.py",
        """
        import unittest
        from solution import add, sub

        class TestAdd(unittest.TestCase):
            def test_add(self):
                self.assertEqual(add(1, 2), 3)

        class TestSub(unittest.TestCase):
            def test_sub(self):
                self.assertEqual(sub(3, 1), 2)
        """,
    )
    task = replace(project.task("test_solution.py"), method="unittest")
    assert judged(task, FIXED).ok
    found = judged(task, REMEMBERS)
    assert "test_sub in the opposite order of tests" in found.reason


def test_doctests(project: Project) -> None:
    source = 'def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a - b\n'
    project.write("solution.py", source)
    task = project.task("solution.py")
    assert judged(task, source.replace("a - b", "a + b")).ok
    assert not judged(task, source).ok
    edited = judged(task, source.replace("    3\n", "    -1\n"))
    assert edited.reason == "the repair changes the docstring example add(1, 2)"


@pytest.mark.slow
def test_an_original_that_hangs_costs_little(project: Project) -> None:
    hanging = ADD.replace("    return a - b\n\n", "    while True:\n        pass\n\n", 1)
    project.write("solution.py", hanging)
    assert judged(project.task("test_solution.py"), FIXED).ok


def test_tests_that_changed_are_refused(project: Project) -> None:
    task = project.task("test_solution.py")
    project.write("test_solution.py", "def test_add():\n    pass\n")
    with pytest.raises(TestsNotRunnable, match="changed since the run began"):
        judged(task, FIXED)


@pytest.mark.slow
def test_the_sandbox_holds_here_too(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "owned"
    attack = f"try:\n    open({str(target)!r}, 'w')\nexcept OSError:\n    pass\n" + FIXED
    assert judged(project.task("test_solution.py"), attack).ok
    assert not target.exists()
