"""`coderepair explain` through the real command."""

from __future__ import annotations

import json

from real_command import LAST_FIXED, Project

MEAN = """\
def mean(xs):
    total = 0
    for x in xs:
        total += x
    n = len(xs) - 1
    return total / n


def count(n):
    i = 0
    while i < n:
        i -= 1
    return i
"""
TESTS = """\
from stats import count, mean


def test_mean():
    assert mean([2, 4]) == 3


def test_one():
    assert mean([1]) == 1


def test_count():
    assert count(3) == 3
"""


def stats(project: Project) -> None:
    project.write("stats.py", MEAN)
    project.write("test_stats.py", TESTS)


def test_a_wrong_value_with_the_values_behind_it(project: Project) -> None:
    """Row E1, without a model."""
    stats(project)
    before = project.snapshot()
    ran = project.run("explain", "stats.py", "-k", "test_mean")
    assert ran.code == 1, ran.err
    assert ran.out.decode() == (
        "stats.py:6: test_stats.py::test_mean\n"
        "  `mean([2, 4])` must give `3`, but gives `6.0`.\n"
        "  mean returns 6.0 at line 6, `return total / n`; there total=6, n=1.\n"
        "  5 steps, values before -> behind:\n"
        "    line 2: xs=[2, 4] -> total=0\n"
        "        total = 0\n"
        "    line 3: xs=[2, 4] -> x=2\n"
        "        for x in xs:\n"
        "    line 4: total=0, x=2 -> total=2\n"
        "        total += x\n"
        "    line 4: total=2, x=4 -> total=6\n"
        "        total += x\n"
        "    line 5: xs=[2, 4], total=6 -> n=1, returns 6.0\n"
        "        n = len(xs) - 1\n"
        "        return total / n\n"
        "\n"
        "0 of 1 checks pass\n"
    )
    assert project.snapshot() == before


def test_an_exception_and_a_call_without_end(project: Project) -> None:
    stats(project)
    ran = project.run("explain", "stats.py", "-k", "not test_mean")
    assert ran.code == 1, ran.err
    text = ran.out.decode()
    assert (
        "mean raises ZeroDivisionError at line 6, `return total / n`; there total=1, n=0." in text
    )
    assert "The call does not end: after " in text
    assert "it is still in lines 11 to 12.\n  Meanwhile i goes from 0 to -" in text
    assert "It stays as it is: n=3." in text


def test_json(project: Project) -> None:
    stats(project)
    ran = project.run("explain", "stats.py", "-k", "test_one", "--output-format", "json")
    document = json.loads(ran.out)
    (found,) = document.pop("explanations")
    assert document == {
        "schema_version": 1, "path": "stats.py", "exit_code": 1, "passed": 0, "total": 1,
    }  # fmt: skip
    assert (found["check"], found["function"], found["line"], found["steps"]) == (
        "test_stats.py::test_one", "mean", 6, 4,
    )  # fmt: skip
    assert len(found["sentences"]) == 2 and len(found["evidence"]) == 4


def test_levels(project: Project) -> None:
    """Row B11."""
    stats(project)
    ran = project.run("explain", "stats.py", "-k", "test_mean", "--trace-level", "function")
    assert b"  1 step, values before -> behind:\n    line 2: xs=[2, 4] -> total=6, x=4" in ran.out


def test_what_a_repair_changes(project: Project) -> None:
    stats(project)
    arguments = ("stats.py::mean", "--tests", "test_stats.py", "-k", "test_mean or test_one")
    fixed = project.fix(*arguments, "--model", "none", "--quiet", "--no-rivals")
    assert b"+    n = len(xs)\n" in fixed.out
    ran = project.run("explain", *arguments, "--run", "last")
    assert ran.code == 1, ran.err
    assert (
        "The repair changes line 5 from `n = len(xs) - 1` to `n = len(xs)`; "
        "in this call there was xs=[2, 4], n=1." in ran.out.decode()
    )
    project.write("stats.py", MEAN.replace("total = 0", "total = 1"))
    other = project.run("explain", *arguments, "--run", "last")
    assert other.code == 2
    assert "is about another file, or this one as it was" in other.complaint


def test_syntax_errors_and_what_passes(last: Project) -> None:
    last.write("solution.py", "def last(xs:\n    return xs\n")
    broken = last.run("explain", "solution.py")
    assert broken.code == 1, broken.err
    assert "The file is not valid Python" in broken.out.decode()
    last.write("solution.py", LAST_FIXED)
    passing = last.run("explain", "solution.py")
    assert (passing.code, passing.out) == (0, b"3 of 3 checks pass\n")


def test_bad_input(last: Project) -> None:
    for arguments, code, words in (
        (("none.py",), 2, "none.py"),
        (("solution.py::nothing",), 2, "nothing"),
        (("solution.py", "--trace-level", "word"), 2, "unknown value word"),
        (("solution.py", "--run", "last"), 2, "there are no runs"),
        (("solution.py", "--tests", "missing_test.py"), 2, "missing_test.py"),
    ):
        ran = last.run("explain", *arguments)
        assert ran.code == code and words in ran.complaint, arguments
    ran = last.run("explain", "none.py", "--output-format", "json")
    assert (ran.code, json.loads(ran.out)["status"]) == (2, "error")
