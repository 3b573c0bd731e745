"""`check` names the lines to suspect."""

from __future__ import annotations

import json

import jsonschema
from real_command import Project

from coderepair.report.json import schema

PROGRAM = """\
def price(items, member):
    total = sum(items)
    if member:
        total = total * 0.8
    return total
"""
TESTS = """\
from solution import price


def test_member():
    assert price([10], True) == 9.0


def test_others():
    assert price([10], False) == 10
"""


def write(project: Project, program: str = PROGRAM) -> None:
    project.write("solution.py", program)
    project.write("test_solution.py", TESTS)


def test_the_line_that_only_the_failing_check_runs_is_first(project: Project) -> None:
    write(project)
    ran = project.run("check", "solution.py", "--tests", "test_solution.py")
    assert ran.code == 1
    _, _, told = ran.out.decode().partition("lines to suspect first:\n")
    assert told.split("\n")[0].startswith("  line 4: total = total * 0.8 (")


def test_the_same_in_json_by_its_schema(project: Project) -> None:
    write(project)
    options = ("--tests", "test_solution.py", "--output-format", "json")
    told = json.loads(project.run("check", "solution.py", *options).out)
    jsonschema.validate(told, schema())
    assert told["suspects"][0]["line"] == 4
    scores = [each["score"] for each in told["suspects"]]
    assert scores == sorted(scores, reverse=True)


def test_nothing_is_suspect_where_all_pass_or_where_nothing_is_seen(project: Project) -> None:
    write(project)
    hidden = project.run("check", "solution.py", "--test-command", "python -m pytest -q")
    assert hidden.code == 1 and b"suspect" not in hidden.out
    write(project, PROGRAM.replace("0.8", "0.9"))
    ran = project.run("check", "solution.py", "--tests", "test_solution.py")
    assert ran.code == 0 and b"suspect" not in ran.out
