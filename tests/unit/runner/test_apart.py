"""Tests are judged out of the program's reach one by one, whatever the others in their file do."""

from __future__ import annotations

from pathlib import Path

import pytest

from coderepair.runner import open_runner
from coderepair.runner.child.apart import Parts
from tests.projects import Project

FILE = """
import pickle
import pytest
from warnings import warn
from copy import copy as duplicate
from solution import double

TABLE = pickle.loads(pickle.dumps({1: 2}))

def near(a, b):
    return same(a, b)

def same(a, b):
    return a is b

def plain(a, b):
    return a == b

@pytest.fixture
def table():
    return TABLE

@pytest.fixture
def numbers():
    return [1, 2]

class Base:
    factor = 2
    def expected(self, x):
        return self.factor * x
    def test_inherited(self):
        assert double(2) == self.expected(2)

class Odd:
    def shared(self):
        warn("odd")

class TestGood(Base):
    def test_own(self):
        assert double(3) == duplicate(6)

class TestOdd(Odd, Base):
    def test_own(self):
        assert double(3) == 6

def test_plain():
    assert plain(double(1), 2)

def test_pickle():
    assert pickle.loads(pickle.dumps(double(1))) == 2

def test_near():
    assert near(double(1), double(1))

def test_table(table):
    assert double(1) == table[1]

@pytest.mark.parametrize("x", [1, 2])
def test_numbers(numbers, x):
    assert double(x) in [2 * each for each in numbers]

@pytest.mark.usefixtures("table")
def test_marked():
    assert double(1) == 2

def test_inside():
    import inspect
    assert inspect.isbuiltin(double(1)) is False
"""
WHY = {
    "TestOdd::test_inherited": "imports warnings",
    "TestOdd::test_own": "imports warnings",
    "test_pickle": "imports pickle",
    "test_near": "compares identities",
    "test_table": "imports pickle",
    "test_marked": "imports pickle",
    "test_inside": "imports inspect",
}
"""Tests that cannot be judged from outside."""
RIGHT = "def double(x):\n    return 2 * x\n"


@pytest.mark.parametrize("method", ["items", "direct"])
def test_only_those_tests_fall_back_that_have_to(tmp_path: Path, method: str) -> None:
    plain = FILE.replace("@pytest.fixture", "@pytest.fixture(scope='function')")
    with open_runner(1) as runner:
        project = Project(tmp_path / "project", runner)
        wrong = "def double(x):\n    return 2 * x if x != 3 else 0\n"
        tests = plain if method == "items" else FILE.partition("@pytest.fixture")[0] + (
            "def test_plain():\n    assert plain(double(3), 6)\n\n"
            "def test_near():\n    assert near(double(1), double(1))\n"
        )  # fmt: skip
        right, failing = project.judge(RIGHT, tests, RIGHT, wrong)
        found = {name.partition("::")[2]: why for name, why in runner.fallbacks.items()}
    expected = WHY if method == "items" else {"test_near": WHY["test_near"]}
    assert {name: found.get(name) for name in expected} == expected
    assert set(found) == set(expected)
    assert right.solved
    failed = {check.id.rpartition("::")[2] for check in failing.checks if check.failure}
    assert failed == ({"test_own"} if method == "items" else {"test_plain"})


def test_a_liar_does_not_pass_a_test_beside_one_that_falls_back(tmp_path: Path) -> None:
    liar = "class Liar:\n    def __eq__(self, other):\n        return True\n\ndef double(x):\n    return Liar()\n"
    tests = (
        "import pickle\nfrom solution import double\n\n"
        "def test_data():\n    assert double(1) == 2\n\n"
        "def test_pickle():\n    assert pickle.dumps(double(1)) == pickle.dumps(2)\n"
    )
    with open_runner(1) as runner:
        project = Project(tmp_path / "project", runner)
        (report,) = project.judge(RIGHT, tests, liar)
    assert report.passed == 0


def test_what_a_test_uses() -> None:
    parts = Parts(FILE)
    used = parts.of("test_near")
    assert used is not None
    assert {"near", "same", "double"} <= used.names
    assert "return a is b" in used.text
    assert "pickle" not in used.text.replace("test_pickle", "")
    inherited = parts.of("TestOdd.test_inherited")
    assert inherited is not None
    assert 'warn("odd")' in inherited.text
    assert "test_own" not in inherited.text
    assert parts.of("test_nowhere") is None
    assert parts.of("TestGood.test_nowhere") is None
    assert Parts("def test_a(): pass\ndef test_a(): pass\n").of("test_a") is None


@pytest.mark.parametrize(
    "shared",
    [
        "def setup_function():\n    import pickle\n",
        "from pickle import *\n",
        "@pytest.fixture(autouse=True)\ndef each():\n    import pickle\n",
        "pytestmark = pytest.mark.usefixtures(__import__('pickle').__name__)\n",
        "if True:\n    import pickle as double\n",
    ],
)
def test_some_things_count_for_every_test_of_a_file(shared: str) -> None:
    used = Parts(f"import pytest\n{shared}\ndef test_a():\n    assert double(1) == 2\n").of(
        "test_a"
    )
    assert used is not None
    assert "pickle" in used.text
