"""generate-tests through the real command."""

from __future__ import annotations

import json
import subprocess

import pytest
from real_command import Project

CLAMP = '''\
def clamp(x: int, low: int, high: int) -> int:
    """Nearest number from low to high.

    >>> clamp(3, 0, 2)
    2
    """
    if x < low:
        return low
    return min(x, high)


def unsteady(n: int) -> int:
    return hash(str(n))
'''


@pytest.fixture
def clamp(project: Project) -> Project:
    project.write("solution.py", CLAMP)
    return project


def test_a_file_is_written_that_passes_and_notices_changes(clamp: Project) -> None:
    ran = clamp.run(
        "generate-tests", "solution.py::clamp", "--output", "test_clamp.py", "--max", "4"
    )
    assert ran.code == 0, ran.err
    assert "1 of them known intent" in ran.err
    text = clamp.read("test_clamp.py")
    assert "# known intent: docstring example\n    assert clamp(3, 0, 2) == 2" in text
    assert 2 <= text.count("\ndef test_") <= 4
    python = clamp.environ["CODEREPAIR_PYTHON"]
    plain = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    passing = subprocess.run(plain, cwd=clamp.path, capture_output=True, check=False)
    assert passing.returncode == 0, passing.stdout
    clamp.write("solution.py", CLAMP.replace("x < low", "x > low"))
    failing = subprocess.run(plain, cwd=clamp.path, capture_output=True, check=False)
    assert failing.returncode == 1, failing.stdout
    before = clamp.snapshot()
    again = clamp.run("generate-tests", "solution.py", "--output", "test_clamp.py")
    assert (again.code, clamp.snapshot()) == (2, before)
    assert "exists; --overwrite replaces it" in again.complaint
    # Row E4: what was generated is no proof.
    refused = clamp.fix("solution.py", "--tests", "test_clamp.py")
    assert refused.code == 2
    assert "proves nothing" in refused.complaint
    assert clamp.snapshot() == before


@pytest.mark.slow
def test_what_is_not_steady_is_left_out_and_nothing_is_written(clamp: Project) -> None:
    before = clamp.snapshot()
    ran = clamp.run(
        "generate-tests", "solution.py", "--function", "unsteady", "--output-format", "json",
        "--output", "test_new.py",
    )  # fmt: skip
    document = json.loads(ran.out)
    assert ran.code == document["exit_code"] == 1
    assert (document["status"], document["tests"], document["written"]) == ("none", [], None)
    assert document["schema_version"] == 1
    assert document["unstable"] > 0
    assert clamp.snapshot() == before


@pytest.mark.slow
def test_what_the_documentation_says_and_is_not_so_is_kept_and_told(clamp: Project) -> None:
    clamp.write("solution.py", CLAMP.replace("min(x, high)", "max(x, high)"))
    ran = clamp.run("generate-tests", "solution.py::clamp", "--max", "2")
    assert ran.code == 0, ran.err
    assert "assert clamp(3, 0, 2) == 2" in ran.out.decode()
    assert "against what is documented: test_clamp_1" in ran.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("none.py",), "none.py"),
        (("folder",), "folder"),
        (("solution.py::nothing",), "has no function nothing"),
        (("broken.py",), "does not parse"),
        (("private.py",), "has no public function"),
        (("two-words.py",), "cannot import a module named two-words"),
        (("solution.py", "--output", "none/test_x.py"), "no file can be written there"),
        (("solution.py", "--output", "solution.py"), "exists"),
        (("solution.py", "--output", "solution.py", "--overwrite"), "would overwrite an input"),
        (("solution.py", "--max", "0"), "--max"),
    ],
)
def test_bad_input_is_one_line(clamp: Project, arguments: tuple[str, ...], complaint: str) -> None:
    (clamp.path / "folder").mkdir()
    clamp.write("broken.py", "def f(:\n")
    clamp.write("private.py", "def _f():\n    return 1\n")
    clamp.write("two-words.py", "def f():\n    return 1\n")
    before = clamp.snapshot()
    ran = clamp.run("generate-tests", *arguments)
    assert ran.code == 2
    assert complaint in ran.complaint
    assert (ran.out, clamp.snapshot()) == (b"", before)


def test_a_file_that_cannot_be_imported_is_said(clamp: Project) -> None:
    clamp.write("solution.py", "import no_such_module\n" + CLAMP)
    ran = clamp.run("generate-tests", "solution.py::clamp")
    assert ran.code == 4
    assert "no_such_module" in ran.complaint
