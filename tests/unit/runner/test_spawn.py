"""Interpreters started ahead instead of forks, over the protocol that forks use too."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.model import Outcome
from coderepair.runner import ForkRunner
from coderepair.runner.child import containment, macos, windows
from tests.projects import LIMITS, Project, outcomes

GOLDEN = Path(__file__).parent / "seatbelt.sb"
TESTS = """
from solution import double

def test_first():
    assert double(2) == 4

def test_second():
    assert double(5) == 10
"""
RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"
SPAWNED = "import sys\n\ndef double(x):\n    return 2 * x if 'spare' in sys.argv else 0\n"
HUNGRY = """import time

def double(x):
    held = [bytearray(b'x' * 10 ** 7) for _ in range(30)]
    time.sleep(30)
    return 2 * x
"""
SLOW = (
    "import time\n\ndef double(x):\n    end = time.process_time() + 0.1\n"
    "    while time.process_time() < end:\n        pass\n    return 2 * x\n"
)
"""So slow that a program may sleep for some seconds."""


@pytest.fixture(scope="module")
def spawning() -> Iterator[ForkRunner]:
    with ForkRunner(1, layers={"fork": False}, integrity="auto") as runner:
        yield runner


def test_programs_are_judged_as_in_forks(tmp_path: Path, spawning: ForkRunner) -> None:
    project = Project(tmp_path, spawning)
    crash = "import os\n\ndef double(x):\n    x == 2 and os._exit(0)\n    return 2 * x\n"
    reports = project.judge(RIGHT, TESTS, RIGHT, WRONG, SPAWNED, crash, "def double(x:\n", RIGHT)
    assert [report.solved for report in reports] == [True, False, True, False, False, True]
    assert {report.integrity for report in reports} == {"two-process"}
    assert outcomes(reports[3]) == {"test_first": Outcome.CRASH, "test_second": Outcome.PASS}


def test_a_spawned_program_is_contained(tmp_path: Path, spawning: ForkRunner) -> None:
    secret = tmp_path.parent / f"{tmp_path.name}.secret"
    secret.write_text("secret")
    body = (
        "def double(x):\n    for action in (\n"
        f"        lambda: open({str(secret)!r}), lambda: open({str(secret)!r}, 'a'), os.fork,\n"
        "        socket.socket, lambda: os.kill(os.getppid(), 0),\n"
        "    ):\n        try:\n            action()\n        except OSError:\n            continue\n"
        "        return 0\n    return 2 * x\n"
    )
    project = Project(tmp_path, spawning)
    (report,) = project.judge(RIGHT, TESTS, "import os, socket\n" + body)
    assert report.solved
    assert secret.read_text() == "secret"


def test_memory_is_watched_where_no_limit_holds(tmp_path: Path) -> None:
    off = {"fork": False, "limits": False, "landlock": False}  # else /proc tells nothing
    with ForkRunner(1, "L0", off, integrity="auto") as runner:
        project = Project(tmp_path, runner)
        limits = replace(LIMITS, memory_mb=128, test_timeout_s=30.0, total_timeout_s=60.0)
        hungry, right = project.judge(SLOW, TESTS, HUNGRY, RIGHT, limits=limits)
    assert hungry.passed == 0
    assert outcomes(hungry)["test_first"] is Outcome.MEMORY_LIMIT
    assert right.solved


def test_each_system_has_its_containment() -> None:
    assert type(containment.choose("linux")) is containment.Containment
    assert isinstance(containment.choose("darwin"), macos.Seatbelt)
    assert isinstance(containment.choose("win32"), windows.Jobs)
    line = ["python", "main.py"]
    assert containment.choose("linux").command(line, ["/project"], "/scratch") == line
    assert containment.choose("darwin").watches_memory
    assert containment.choose("linux").memory_mb(os.getpid()) > 1
    assert containment.choose("linux").memory_mb(2**22 + 1) == 0.0


def test_the_profile_for_macos() -> None:
    text = macos.profile(
        "/usr/bin/python3", ['/Users/me/my "own"\\project'], "/private/tmp/scratch"
    )
    assert text == GOLDEN.read_text()
    line = macos.Seatbelt().command(["/usr/bin/python3", "-B"], [], "/private/tmp/scratch")
    assert line[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert line[3:] == ["/usr/bin/python3", "-B"]
    assert line[2].startswith("(version 1)\n(deny default)\n(deny network*)\n(deny process-fork)\n")


def test_the_profile_s_brackets_match() -> None:
    depth, quoted, escaped = 0, False, False
    for character in GOLDEN.read_text():
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
            continue
        quoted = character == '"'
        depth += {"(": 1, ")": -1}.get(character, 0)
        assert depth >= 0
    assert (depth, quoted) == (0, False)


def test_memory_by_ps_is_what_the_system_tells() -> None:
    told = containment.choose("linux").memory_mb(os.getpid())
    assert 0.5 < macos._told_by_ps(os.getpid()) / told < 2
    assert macos._told_by_ps(2**22 + 1) == 0.0


def test_structures_for_windows_have_their_documented_layout() -> None:
    """Of 64-bit Windows: winnt.h."""
    assert ctypes.sizeof(windows.BasicLimits) == 64
    assert ctypes.sizeof(windows.ExtendedLimits) == 144
    assert windows.BasicLimits.flags.offset == 16
    assert windows.BasicLimits.active_processes.offset == 40
    assert windows.ExtendedLimits.process_memory.offset == 112
    told = windows.limits(100)
    assert told.process_memory == told.job_memory == (100 + windows.BASE_MB) << 20
    assert (told.basic.flags, told.basic.active_processes) == (0x2708, 1)
