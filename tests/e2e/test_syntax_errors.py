"""A file that does not parse is a bug to repair like any other, alone and before another one."""

from __future__ import annotations

from real_command import LAST_FIXED, LAST_TESTS, Project

HEADER = "def last(xs):\n"
WITHOUT_COLON = "def last(xs)\n"


def test_a_missing_colon_is_put_in(project: Project) -> None:
    project.write("solution.py", LAST_FIXED.replace(HEADER, WITHOUT_COLON))
    project.write("test_solution.py", LAST_TESTS)
    ran = project.fix("solution.py", "--tests", "test_solution.py", "--write")
    assert ran.code == 0, ran.err
    assert (project.path / "solution.py").read_text() == LAST_FIXED
    assert (
        "line 1: 'def last(xs)' -> 'def last(xs):'"
        in project.run("runs", "show", "last").out.decode()
    )


def test_the_bug_behind_the_syntax_error_is_repaired_too(project: Project) -> None:
    wrong = LAST_FIXED.replace("-1", "-2").replace(HEADER, WITHOUT_COLON)
    project.write("solution.py", "import math\n\n\n" + wrong)
    project.write("test_solution.py", LAST_TESTS)
    ran = project.fix("solution.py", "--tests", "test_solution.py", "--write")
    assert ran.code == 0, ran.err
    written = (project.path / "solution.py").read_text()
    assert written.startswith("import math\n\n\n" + HEADER)
    assert project.run("check", "solution.py").code == 0
