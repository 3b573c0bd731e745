"""What every command has: help in no time, one line for a mistake, the promised exit code."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from real_command import COMMAND, Project

from coderepair.cli.main import COMMANDS


def test_help_lists_every_command(project: Project) -> None:
    ran = project.run("--help")
    assert ran.code == 0
    assert ran.err == ""
    for name, (_, line) in COMMANDS.items():
        assert f"  {name}" in ran.out.decode()
        assert line in ran.out.decode()


def test_help_takes_less_than_three_tenths_of_a_second(project: Project) -> None:
    """Of processor time, which other work on the machine does not change."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert project.run("--help").code == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(5)) < 0.3


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_help_says(project: Project, name: str) -> None:
    ran = project.run(name, "--help", COLUMNS="200")
    assert ran.code == 0
    assert COMMANDS[name][1] in ran.out.decode()


def test_help_imports_nothing_heavy(project: Project) -> None:
    code = (
        "import sys\nfrom coderepair.cli.main import run\n"
        "try:\n    run(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'rich', 'torch', 'llama_cpp', 'pygls', 'tree_sitter'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=project.environ,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fxi"], "No such command 'fxi'. Did you mean 'fix'"),
        (["fix", "a.py", "--test"], "No such option"),
        (["fix", "a.py", "--seed", "x"], "Invalid value for '--seed'"),
        (["fix", "a.py", "--output-format", "html"], "is not one of"),
        (["runs", "undo"], "Missing argument"),
    ],
)
def test_a_mistake_is_one_line_and_two(project: Project, arguments: list[str], said: str) -> None:
    ran = project.run(*arguments)
    assert ran.code == 2
    assert ran.complaint.startswith("coderepair: ")
    assert said in ran.complaint
    assert "--help" in ran.complaint


def test_without_arguments_the_help_is_shown(project: Project) -> None:
    ran = project.run()
    assert ran.code == 2
    assert "Commands:" in ran.err


def test_debug_shows_where(project: Project) -> None:
    assert "Traceback" not in project.run("fix", "none.py").err
    assert "Traceback" in project.run("fix", "none.py", "--debug").err
    assert "Traceback" in project.run("fix", "none.py", CODEREPAIR_DEBUG="1").err


def test_a_closed_pipe_is_quiet(project: Project) -> None:
    line = " ".join(COMMAND) + " config | true"
    done = subprocess.run(
        ["bash", "-c", line], env=project.environ, capture_output=True, check=False
    )
    assert done.stderr == b""


def test_config_shows_values_and_origins(project: Project) -> None:
    table = project.write("pyproject.toml", "[tool.coderepair]\nsamples = 3\n")
    ran = project.run("config", "--output-format", "json", CODEREPAIR_SEED="5")
    document = json.loads(ran.out)
    assert document["samples"] == {"value": 3, "origin": str(table)}
    assert document["seed"] == {"value": 5, "origin": "CODEREPAIR_SEED"}
    assert document["strategy"] == {"value": "thompson", "origin": "default"}
    assert "samples = 3  # " + str(table) in project.run("config").out.decode()


def test_an_unknown_setting_is_an_error_everywhere(project: Project) -> None:
    table = project.write("pyproject.toml", "[tool.coderepair]\nsample = 3\n")
    ran = project.run("config")
    assert ran.code == 2
    assert ran.complaint == f"coderepair: {table}: unknown setting sample; did you mean samples?"


def test_the_console_script_is_the_same(project: Project) -> None:
    script = Path(sys.executable).with_name("coderepair")
    if not script.exists():
        pytest.skip("not installed as a script")
    done = subprocess.run(
        [script, "--version"], capture_output=True, env=project.environ, check=True
    )
    assert done.stdout == project.run("--version").out
