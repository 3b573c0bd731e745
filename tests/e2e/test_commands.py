"""Test commands: they run in a copy of the project, and the user's files stay as they are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from real_command import LAST, LAST_FIXED, Project

CASES = """\
import unittest

from solution import last


class TestLast(unittest.TestCase):
    def test_one(self):
        self.assertEqual(last([7]), 7)

    def test_more(self):
        self.assertEqual(last([1, 2, 3]), 3)
"""
VERBOSE = "python -m unittest -v"
EXIT = "exit code"


@pytest.fixture
def cases(project: Project) -> Project:
    """A project that unittest tests."""
    project.write("solution.py", LAST)
    project.write("test_solution.py", CASES)
    return project


def checks(project: Project, command: str, code: int = 1, *options: str) -> dict[str, str]:
    """Outcomes of the checks, with every file as it was."""
    before = project.snapshot()
    ran = project.run(
        "check", "solution.py", "--test-command", command, "--output-format", "json", *options
    )
    assert ran.code == code, ran.err
    assert project.snapshot() == before
    return {each["id"]: each["outcome"] for each in json.loads(ran.out)["before"]["checks"]}


def refused(project: Project, command: str, code: int = 4) -> str:
    before = project.snapshot()
    ran = project.fix("solution.py", "--test-command", command)
    assert ran.code == code, ran.err
    assert project.snapshot() == before
    return ran.err.splitlines()[-1]


def test_a_repair_by_a_command(cases: Project) -> None:
    before = cases.snapshot()
    command = ("--test-command", VERBOSE, "--output-format", "json", "-q")
    ran = cases.fix("solution.py", *command, "--write")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["verification"]["command"] == VERBOSE
    assert found["verification"]["ok"]
    after = cases.snapshot()
    assert [name for name in after if after[name] != before.get(name)] == ["solution.py"]


@pytest.mark.parametrize(
    "command",
    [VERBOSE, "python -m pytest -rA -q", "python -m pytest -q --junitxml=out/report.xml"],
)
def test_results_that_a_command_prints_are_checks(cases: Project, command: str) -> None:
    cases.write("solution.py", "def last(xs):\n    return xs[0]\n")
    found = checks(cases, command)
    assert found.pop(EXIT) == "fail"
    assert {name.rpartition("test_")[2]: outcome for name, outcome in found.items()} == {
        "one": "pass",
        "more": "fail",
    }


def test_of_other_commands_the_exit_code_counts(cases: Project) -> None:
    command = 'python -c "import solution; assert solution.last([4]) == 4"'
    assert checks(cases, command) == {EXIT: "fail"}
    cases.write("solution.py", LAST_FIXED)
    assert checks(cases, command, 0) == {EXIT: "pass"}


def test_nothing_outside_the_copy_can_be_reached(cases: Project, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    attempts = [
        f"cat {secret}",
        f"echo x > {tmp_path}/made",
        f"cat {cases.path}/../secret",
        "python -c 'import socket; socket.socket()'",
        f"kill -0 {os.getpid()}",
    ]
    tried = "; ".join(f"({attempt}) && touch open{n}" for n, attempt in enumerate(attempts))
    command = f"cat solution.py; {tried}; ls open* && exit 3; echo x | tee made && mkdir d && test -s made"
    assert checks(cases, command, 0) == {EXIT: "pass"}
    assert not (tmp_path / "made").exists()


def test_a_command_that_hangs_is_ended_with_all_it_started(cases: Project) -> None:
    marker = f"sleep 4{os.getpid()}"
    command = f"cat solution.py; (setsid {marker} &) ; {marker}"
    limits = ("--timeout", "4", "--test-timeout", "1")
    ran = cases.fix("solution.py", "--test-command", command, *limits)
    assert ran.code == 1
    assert "did not end" in ran.err
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(marker.replace(" ", "\0").encode() in line for line in lines)


def test_a_program_that_edits_its_tests_is_not_judged_by_them(cases: Project) -> None:
    command = (
        "echo '#' >> test_solution.py; echo '#' >> results.txt.in; python -m unittest -v; exit 0"
    )
    cases.write("results.txt.in", "")
    found = checks(cases, command, 1, "--tests", "test_solution.py")
    assert found.pop(EXIT) == "rejected"
    assert set(found.values()) == {"not_run"}
    cases.write("solution.py", LAST_FIXED)
    command = command.partition("; ")[2]
    assert set(checks(cases, command, 0, "--tests", "test_solution.py").values()) == {"pass"}


def test_a_command_that_cannot_say_anything_is_refused(cases: Project) -> None:
    assert "cannot be started" in refused(cases, "no-such-program-here")
    assert "never opens" in refused(cases, "true")
    assert "finds no tests" in refused(cases, "cat solution.py; echo 'no tests ran'; exit 5")


def test_options_that_a_command_knows_nothing_of(cases: Project) -> None:
    for options in (["-k", "one"], ["--io-tests", "."]):
        cases.write("a.in", "")
        cases.write("a.out", "")
        ran = cases.fix("solution.py", "--test-command", VERBOSE, *options)
        assert ran.code == 2
        assert f"{options[0]} does not go with" in ran.complaint


def test_a_project_cannot_choose_the_command(cases: Project) -> None:
    cases.write("pyproject.toml", "[tool.coderepair]\ntest-command = 'touch made'\n")
    ran = cases.run("check", "solution.py")
    assert "not taken from a project's file" in ran.err
    assert not (cases.path / "made").exists()


SPAWNING = """\
import subprocess
import sys


def run(*numbers):
    command = [sys.executable, "program.py", *map(str, numbers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_one():
    assert run(7) == "7"


def test_more():
    assert run(9, 1, 3) == "3"
"""
PROGRAM = (
    "import sys\n\n\n" + LAST + '\n\nif __name__ == "__main__":\n    print(last(sys.argv[1:]))\n'
)


def test_tests_that_start_the_program_judge_the_candidate(project: Project) -> None:
    project.write("program.py", PROGRAM)
    project.write("test_program.py", SPAWNING)
    ran = project.fix("program.py", "--write", "-q")
    assert ran.code == 0, ran.err
    assert project.read("program.py").replace("len(xs) - 1", "-1") == PROGRAM.replace(
        "len(xs)]", "-1]"
    )


def test_tests_that_start_the_program_beside_others(project: Project) -> None:
    project.write("program.py", PROGRAM)
    direct = "from program import last\n\n\ndef test_direct():\n    assert last('ab') == 'b'\n\n\n"
    project.write("test_program.py", direct + SPAWNING)
    ran = project.fix("program.py::last", "--write", "-q")
    assert ran.code == 0, ran.err
    assert project.read("program.py").replace("len(xs) - 1", "-1") == PROGRAM.replace(
        "len(xs)]", "-1]"
    )
