"""What tests and programs do to the process they are in: never a hang, never a wrong verdict."""

from __future__ import annotations

import json

import pytest
from real_command import LAST, LAST_FIXED, LAST_TESTS, Project
from test_bad_input import TESTS, refused


def judged(project: Project, *arguments: str) -> dict[str, str]:
    """Outcomes of the checks of `check`, which changes nothing."""
    before = project.snapshot()
    ran = project.run("check", "solution.py", "--output-format", "json", *arguments)
    assert ran.code in (0, 1), ran.err
    assert project.snapshot() == before
    return {
        each["id"].partition("::")[2]: each["outcome"]
        for each in json.loads(ran.out)["before"]["checks"]
    }


RUDE_TESTS = """\
import atexit
import json
import os
import signal
import sys
import threading
import time

from solution import last

print("x" * 3_000_000)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: None)
threading.Thread(target=time.sleep, args=(600,)).start()
atexit.register(time.sleep, 600)


def test_chdir():
    os.chdir("/")
    assert last([1]) == 1


def test_output():
    sys.stdout.write("y" * 3_000_000)
    assert last([2]) == 2


def test_wrong():
    assert last([3]) == 4


def test_leak():
    threading.Thread(target=time.sleep, args=(600,)).start()
    signal.signal(signal.SIGPROF, signal.SIG_IGN)
    assert last([5, 6]) == 6
"""


def test_rude_tests_are_judged_rightly(last: Project) -> None:
    """Handlers, threads, exit functions, megabytes of output and another working directory."""
    last.write("solution.py", LAST_FIXED)
    last.write("test_solution.py", RUDE_TESTS)
    assert judged(last) == {
        "test_chdir": "pass", "test_output": "pass", "test_wrong": "fail", "test_leak": "pass",
    }  # fmt: skip


def test_rude_tests_do_not_keep_a_repair_from_being_found(last: Project) -> None:
    last.write("test_solution.py", RUDE_TESTS.replace("== 4", "== 3"))
    assert last.fix("solution.py", *TESTS, "--write", "-q").code == 0
    assert last.read().replace("len(xs) - 1", "-1") == LAST_FIXED


@pytest.mark.parametrize(
    "leaving", ["sys.exit(0)", "os._exit(0)", "os.abort()", "os.kill(os.getpid(), 9)"]
)
def test_test_files_that_end_the_interpreter(last: Project, leaving: str) -> None:
    last.write("test_solution.py", f"import os, sys\n{leaving}\n{LAST_TESTS}")
    refused(last, 4, "solution.py", *TESTS)


def test_a_test_that_ends_the_interpreter_passes_nothing(last: Project) -> None:
    end = "\n\ndef test_ends():\n    import os\n    os._exit(0)\n\n\ndef test_after():\n    assert last('xy') == 'y'\n"
    last.write("solution.py", LAST_FIXED)
    last.write("test_solution.py", LAST_TESTS + end)
    found = judged(last)
    assert (found["test_ends"], found["test_one"]) == ("crash", "pass")
    assert found["test_after"] == "not_run"


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        pytest.param("while True:\n    pass\n", "timeout", marks=pytest.mark.slow),
        ("import os\nos.abort()\n", "crash"),
        ("import sys\nsys.exit(0)\n", "error"),
        ("import os\nos._exit(0)\n", "crash"),
        ("raise KeyError('at import')\n", "error"),
    ],
    ids=["hangs", "crashes", "exits", "leaves", "raises"],
)
def test_programs_that_end_at_import_pass_nothing(last: Project, first: str, outcome: str) -> None:
    last.write("solution.py", first + LAST_FIXED)
    found = judged(last, "--test-timeout", "1")
    assert outcome in found.values()
    assert set(found.values()) <= {outcome, "not_run"}


def test_a_program_that_prints_at_import_is_repaired(last: Project) -> None:
    noise = "import sys\nprint('x' * 3_000_000)\nsys.stderr.write('y' * 3_000_000)\n"
    last.write("solution.py", noise + LAST)
    assert last.fix("solution.py", *TESTS, "--write", "-q").code == 0
    assert last.read().replace("len(xs) - 1", "-1") == noise + LAST_FIXED
