"""Projects whose interpreter has no pytest: unittest's cases and docstring examples are what judges."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from real_command import LAST, LAST_FIXED, LAST_TESTS, Project

CASES = """\
import unittest

from solution import last


class TestLast(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.numbers = [1, 2, 3]

    def test_one(self):
        self.assertEqual(last([7]), 7)

    def test_more(self):
        self.assertEqual(last(self.numbers), 3)
        self.assertEqual(last("ab"), "b")

    @unittest.skip("not now")
    def test_later(self):
        self.fail()

    @unittest.expectedFailure
    def test_known(self):
        self.assertEqual(last([1]), 2)


if __name__ == "__main__":
    unittest.main()
"""


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the standard library only."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run(["python3", "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture
def plain(project: Project, bare: Path) -> Project:
    """A project without pytest."""
    project.environ["CODEREPAIR_PYTHON"] = str(bare)
    project.write("solution.py", LAST)
    project.write("test_solution.py", CASES)
    return project


def checks(project: Project, *arguments: str) -> dict[str, str]:
    ran = project.run("check", *arguments, "--output-format", "json")
    assert ran.code in (0, 1), ran.err
    before = json.loads(ran.out)["before"]
    return {each["id"]: each["outcome"] for each in before["checks"]}


def test_cases_are_graded_assert_by_assert(plain: Project) -> None:
    assert checks(plain, "solution.py") == {
        "test_solution.TestLast.test_more::assert#1": "error",
        "test_solution.TestLast.test_more::assert#2": "error",
        "test_solution.TestLast.test_one": "error",
    }


def test_a_repair_is_written_and_confirmed_by_unittest(plain: Project) -> None:
    ran = plain.fix("solution.py", "--write", "--output-format", "json", "-q")
    assert ran.code == 0, ran.err
    verification = json.loads(ran.out)["verification"]
    assert "-m unittest test_solution" in verification["command"]
    assert plain.read().replace("len(xs) - 1", "-1") == LAST_FIXED


def test_some_of_the_cases(plain: Project) -> None:
    assert list(checks(plain, "solution.py", "-k", "one")) == ["test_solution.TestLast.test_one"]
    named = checks(plain, "solution.py", "--tests", "test_solution.py::TestLast::test_one")
    assert list(named) == ["test_solution.TestLast.test_one"]
    ran = plain.fix("solution.py", "--tests", "test_solution.py::TestLast::test_lost")
    assert ran.code == 4
    assert "test_lost" in ran.complaint


def test_a_package_of_tests_and_a_source_folder(plain: Project) -> None:
    for name in ("src/pkg/__init__.py", "tests/__init__.py"):
        plain.write(name, "")
    plain.write("pyproject.toml", "[project]\nname = 'pkg'\n")
    plain.write("src/pkg/solution.py", LAST)
    path = (
        "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'src'))\n"
    )
    plain.write("tests/test_it.py", path + CASES.replace("solution import", "pkg.solution import"))
    ran = plain.fix("src/pkg/solution.py", "--tests", "tests", "--write", "-q")
    assert ran.code == 0, ran.err
    assert plain.read("src/pkg/solution.py").replace("len(xs) - 1", "-1") == LAST_FIXED


def test_docstring_examples(plain: Project) -> None:
    source = LAST.replace(
        "):\n", '):\n    """\n    >>> last([7])\n    7\n    >>> last("ab")\n    \'b\'\n    """\n'
    )
    plain.write("solution.py", source)
    ran = plain.fix("solution.py", "--tests", "solution.py", "--write", "-q")
    assert ran.code == 0, ran.err
    assert plain.read().replace("len(xs) - 1", "-1") == source.replace("len(xs)]", "-1]")


def test_fixtures_that_fail_are_the_failure_of_their_cases(plain: Project) -> None:
    broken = CASES.replace("cls.numbers = [1, 2, 3]", "raise OSError('no numbers')")
    plain.write("test_solution.py", broken)
    found = checks(plain, "solution.py")
    assert set(found.values()) <= {"error", "not_run"}
    assert found["test_solution.TestLast.test_one"] == "error"


def test_a_case_that_hangs_costs_only_its_own_check(plain: Project) -> None:
    hang = "    def test_hang(self):\n        while True:\n            pass\n\n    def test_one"
    plain.write("test_solution.py", CASES.replace("    def test_one", hang))
    plain.write("solution.py", LAST_FIXED)
    found = checks(plain, "solution.py", "--test-timeout", "0.5")
    assert found.pop("test_solution.TestLast.test_hang") == "timeout"
    assert set(found.values()) == {"pass"}


def test_tests_that_need_pytest_say_so(plain: Project) -> None:
    before = plain.snapshot()
    for text in (LAST_TESTS, "import pytest\n" + CASES):
        plain.write("test_solution.py", text)
        ran = plain.fix("solution.py")
        assert ran.code == 4
        assert "-m pip install pytest" in ran.complaint
    plain.write("test_solution.py", CASES)
    assert plain.snapshot() == before


def test_cases_that_cannot_be_imported_or_are_none(plain: Project) -> None:
    plain.write("test_solution.py", "import no_such_module\n" + CASES)
    assert "no_such_module" in plain.fix("solution.py").complaint
    plain.write("test_solution.py", "import unittest\n")
    ran = plain.fix("solution.py")
    assert ran.code == 4
    assert "no tests found" in ran.complaint
