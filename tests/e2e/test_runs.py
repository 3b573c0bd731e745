"""The run log: what was tried, resuming after a kill at any moment, no file harmed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from real_command import COMMAND, LAST_FIXED, TWO, TWO_TESTS, Project

SLOW_TESTS = """\
import time
from solution import last


def test_slow():
    time.sleep(0.02)
    assert last([1, 2, 3]) < last([1, 2, 3])
    assert last([1, 2]) < last([1, 2])
"""


def _listed(project: Project) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(
        project.run("runs", "list", "--output-format", "json").out
    )
    return found


def test_list_show_and_tree(last: Project) -> None:
    assert _listed(last) == []
    last.fix("solution.py", "--tests", "test_solution.py", "--write")
    (run,) = _listed(last)
    assert run["status"] == "repaired"
    assert run["file"] == str(last.path / "solution.py")
    listed = last.run("runs", "list").out.decode()
    assert run["run_id"] in listed
    for name in ("last", run["run_id"], run["run_id"][:-2]):
        shown = last.run("runs", "show", name).out.decode()
        assert "3 of 3 checks fail" in shown
        assert "+    return xs[-1]" in shown
        assert "verified: 2 of 2" in shown
    document = json.loads(last.run("runs", "show", "last", "--output-format", "json").out)
    assert document["run_id"] == run["run_id"]
    tree = last.run("runs", "tree", "last").out.decode().splitlines()
    assert tree[0].startswith("0  0/3")
    assert "3/3 1.000" in tree[1]
    assert last.run("runs", "undo", "last").code == 0
    assert _listed(last)[0]["status"] == "repair_available"


def test_a_run_that_is_not_there(last: Project) -> None:
    for command in ("show", "tree", "resume", "undo"):
        ran = last.run("runs", command, "20200101")
        assert ran.code == 2
        assert "runs list" in ran.complaint


def test_a_run_ended_by_a_limit_goes_on_with_more(project: Project) -> None:
    """Two wrong functions: the first program that is tried cannot be the repair."""
    project.write("solution.py", TWO)
    project.write("test_solution.py", TWO_TESTS)
    first = project.fix("solution.py", "--max-candidates", "1", "-q")
    assert (first.code, first.out) == (1, b"")
    ran = project.run("runs", "resume", "last", "--max-candidates", "2000", "--write")
    assert ran.code == 0, ran.err
    assert project.run("check", "solution.py").code == 0


def test_resuming_refuses_a_file_that_changed(last: Project) -> None:
    last.fix("solution.py", "--tests", "test_solution.py", "--write")
    ran = last.run("runs", "resume", "last")
    assert ran.code == 2
    assert "changed since" in ran.complaint


def _tried(project: Project) -> int:
    document = json.loads(project.run("runs", "show", "last", "--output-format", "json").out)
    return int(document["spent"]["evaluations"])


def _start(project: Project, *arguments: str, **pipes: int) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(
        [*COMMAND, "fix", "solution.py", "--model", "none", *arguments],
        cwd=project.path,
        env=project.environ,
        **(quiet | pipes),  # type: ignore[call-overload]
    )


def _started(project: Project, *arguments: str) -> subprocess.Popen[bytes]:
    """A run that has tried something."""
    child = _start(
        project,
        "--output-format",
        "jsonl",
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "tried":
            return child
    raise AssertionError("the run ended before it tried anything")


def _kill(project: Project, child: subprocess.Popen[bytes], after: float) -> None:
    time.sleep(after)
    child.kill()
    child.communicate()
    _wait_for_silence(project)


def _wait_for_silence(project: Project) -> None:
    """Whatever a command started has to end with it."""
    for _ in range(600):
        alive = _processes_of(project)
        if not alive:
            return
        time.sleep(0.1)
    raise AssertionError(f"processes survive their killed command: {alive}")


def _processes_of(project: Project) -> list[str]:
    """Command lines of living processes that know of the project's folder."""
    mark = os.fsencode(project.path.parent)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            known = (
                command
                + (folder / "environ").read_bytes()
                + os.fsencode((folder / "cwd").readlink())
            )
        except OSError:
            continue
        if mark in known and int(folder.name) != os.getpid():
            found.append(command.replace(b"\0", b" ").decode())
    return found


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_where_it_was(last: Project, seed: int) -> None:
    last.write("test_solution.py", SLOW_TESTS)
    before = last.snapshot()
    _kill(last, _started(last, "--timeout", "60"), random.Random(seed).random())
    assert last.snapshot() == before
    tried = _tried(last)
    assert tried > 0
    for more in (3, 60):  # pulls that were under way may hold more than the first
        limit = tried + more
        options = ("--max-candidates", str(limit), "--timeout", "150", "--output-format", "json")
        document = json.loads(last.run("runs", "resume", "last", *options).out)
        assert document["status"] == "budget_exhausted", document
        assert tried <= document["spent"]["evaluations"] <= limit
    assert document["spent"]["evaluations"] == limit
    assert last.snapshot() == before


@pytest.mark.slow
def test_a_kill_at_any_moment_harms_nothing(last: Project) -> None:
    last.write("test_solution.py", SLOW_TESTS)
    before = last.snapshot()
    moments = random.Random(7)
    for _ in range(12):
        _kill(last, _start(last, "--timeout", "60"), moments.random() * 3)
        assert last.snapshot() == before
    for run in _listed(last):
        assert last.run("runs", "show", run["run_id"]).code == 0
        resumed = last.run("runs", "resume", run["run_id"], "--timeout", "0.5")
        assert resumed.code in (1, 3), resumed.err
        assert "Traceback" not in resumed.err


@pytest.mark.slow
def test_a_kill_while_writing_leaves_the_old_or_the_new_file(last: Project) -> None:
    old = last.read()
    moments = random.Random(11)
    for _ in range(12):
        last.write("solution.py", old)
        _kill(last, _start(last, "--write"), 0.8 + moments.random() * 1.5)
        assert last.read() in (old, LAST_FIXED)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_the_best_and_says_so(last: Project, number: signal.Signals) -> None:
    last.write("test_solution.py", SLOW_TESTS)
    before = last.snapshot()
    child = _started(last, "--timeout", "60")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    document = json.loads(out.splitlines()[-1])
    assert child.returncode == document["exit_code"] == 130, err
    assert document["status"] == "interrupted"
    assert document["run_id"] in {run["run_id"] for run in _listed(last)}
    assert last.snapshot() == before
    _wait_for_silence(last)


@pytest.mark.parametrize("event", ["solved", "verified"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_at_the_end_writes_all_or_nothing(
    last: Project, number: signal.Signals, event: str
) -> None:
    """Either it came in time, then nothing is written, or the repair is."""
    old = last.read()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = _start(last, "--write", "--output-format", "jsonl", **pipes)
    assert child.stdout is not None
    while json.loads(child.stdout.readline())["event"] != event:
        pass
    child.send_signal(number)
    out, err = child.communicate(timeout=120)
    document = json.loads(out.splitlines()[-1])
    if child.returncode == 130:
        assert (document["status"], last.read()) == ("interrupted", old), err
        assert last.run("runs", "resume", "last", "--write", "-q").code == 0
    else:
        assert document["status"] == "repaired", err
    assert last.read() == LAST_FIXED


def test_a_second_interrupt_ends_at_once(last: Project) -> None:
    """In the middle of tests that would take an hour."""
    last.write("test_solution.py", SLOW_TESTS.replace("0.02", "3600"))
    before = last.snapshot()
    limits = ("--test-timeout", "7200", "--timeout", "7200")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = _start(last, "--function", "last", "--output-format", "jsonl", *limits, **pipes)
    assert child.stdout is not None
    assert child.stderr is not None
    assert json.loads(child.stdout.readline())["event"] == "started"
    child.send_signal(signal.SIGINT)
    while b"again to end at once" not in (line := child.stderr.readline()):
        assert line
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=120)
    assert child.returncode == 130
    _wait_for_silence(last)
    assert last.snapshot() == before
