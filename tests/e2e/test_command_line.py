"""What every command has: help in no time, one line for a mistake, the promised exit code."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_help_says(project: Project, name: str) -> None:
    ran = project.run(name, "--help", COLUMNS="200")
    assert ran.code == 0
    assert COMMANDS[name][1] in ran.out.decode()


def test_help_imports_little(project: Project) -> None:
    """What makes it appear at once: under 0.1 s of processor time for about 120 modules."""
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom coderepair.cli.main import run\n"
        "try:\n    run(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=project.environ,
        check=True,
    )
    modules = set(done.stdout.splitlines()[-1].split())
    assert not {"rich", "torch", "llama_cpp", "pygls", "tree_sitter"} & modules
    assert {name for name in modules if name.startswith("coderepair.")} == {
        *("coderepair.cli", "coderepair.cli.main", "coderepair.errors"),
    }
    assert len(modules) < 250


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


PLANTED = """\
from pathlib import Path

Path("planted").write_text("was imported")
"""
HOSTILE = """\
[tool.coderepair]
python = "./python"
model = "planted.Policy"
strategy = "planted.Strategy"
endpoint = "http://192.0.2.1:9/v1"
isolation = "L0"
runs-dir = "runs"
"""


def test_a_repository_decides_nothing_that_runs_code_or_moves_data(last: Project) -> None:
    last.write("planted.py", PLANTED)
    last.write("python", "#!/bin/sh\ntouch planted\n").chmod(0o755)
    table = last.write("pyproject.toml", HOSTILE)
    before = last.snapshot()
    environ = {"CODEREPAIR_MODEL": "none"}
    for command in (["check"], ["fix", "--output-format", "json"], ["fix", "--diff", "-q"]):
        ran = last.run(*command, "solution.py", "--tests", "test_solution.py", **environ)
        assert ran.code == 1
        for key in ("python", "model", "strategy", "endpoint", "isolation", "runs-dir"):
            assert f"{table}: {key} is not taken from a project's file" in ran.err
    assert last.snapshot() == before


def test_a_dotted_path_of_the_users_own_is_a_strategy(last: Project) -> None:
    path = "coderepair.search.greedy.Greedy"
    ran = last.fix("solution.py", "--strategy", path, "--output-format", "json")
    assert json.loads(ran.out)["status"] == "repair_available"
    unknown = last.fix("solution.py", "--strategy", "no.such.Strategy", "-q")
    assert (unknown.code, "there is no strategy 'no.such.Strategy'" in unknown.err) == (2, True)


def test_files_named_like_modules_of_python_do_not_stand_in_for_them(last: Project) -> None:
    for name in ("random.py", "queue.py", "typer.py", "rich.py"):
        last.write(name, "raise SystemExit('imported by the tool')\n")
    ran = last.run("check", "solution.py")
    assert (ran.code, "imported by the tool" in ran.err) == (1, False)


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
