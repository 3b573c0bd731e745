"""Calls sent ahead: no program gets another verdict for it, and none meets what another has left."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from coderepair.model import Outcome, TestReport
from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.child import eligible, script
from tests.projects import Project

TESTS = """
from solution import f, g

def test_first():
    assert f(1) == 2

def test_dependent():
    assert g(f(2)) == [3]

def test_last():
    assert f(3) == 4
"""
RIGHT = "def f(x):\n    return x + 1\n\ndef g(x):\n    return [x]\n"
COUNTING = (
    "seen = 0\n\ndef f(x):\n    global seen\n    seen += 1\n"
    "    return x + (1 if seen in (1, 4) else 5)\n\ndef g(x):\n    global seen\n    seen += 1\n    return [x - 4]\n"
)
"""Its answers tell how often its process was called before."""


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1, integrity="two-process") as opened:
        yield opened


def outcomes(report: TestReport) -> list[Outcome]:
    return [check.outcome for check in report.checks]


def test_a_program_that_makes_the_tests_ask_something_else_is_asked_in_turn(
    tmp_path: Path, runner: ForkRunner
) -> None:
    project = Project(tmp_path, runner)
    passed, failed = Outcome.PASS, Outcome.FAIL
    other = RIGHT.replace("x + 1", "x + 2 - (x != 2)")
    for _ in range(2):  # with a script, and without
        reports = project.judge(RIGHT, TESTS, RIGHT, COUNTING, other, RIGHT)
        assert [outcomes(each) for each in reports] == [
            [passed, passed, passed],
            [passed, passed, passed],
            [passed, failed, passed],
            [passed, passed, passed],
        ]


def test_what_breaks_one_call_leaves_the_others_their_verdicts(
    tmp_path: Path, runner: ForkRunner
) -> None:
    project = Project(tmp_path, runner)
    at_two = "\n    if x == 2:\n        "
    programs = [
        RIGHT.replace("\n    return x + 1", at_two + what + "\n    return x + 1")
        for what in (
            "__import__('os')._exit(0)",
            "while True: pass",
            "print('x' * 10_000_000)",
            "raise ValueError",
        )
    ]
    reports = project.judge(RIGHT, TESTS, *programs)
    found = [outcomes(each) for each in reports]
    assert [[each[0], each[2]] for each in found] == [[Outcome.PASS, Outcome.PASS]] * 4
    middle = [each[1] for each in found]
    assert middle == [Outcome.CRASH, Outcome.TIMEOUT, Outcome.OUTPUT_LIMIT, Outcome.ERROR]


def test_an_answer_that_was_not_asked_for_is_no_answer(tmp_path: Path, runner: ForkRunner) -> None:
    forged = (
        "import os\n\ndef f(x):\n"
        "    for fd in range(3, 64):\n"
        "        try:\n"
        '            os.write(fd, b\'\\0\\0\\0\\x13["v",2,null,"",""]\' * 4)\n'
        "        except OSError:\n            pass\n"
        "    return 0\n\ndef g(x):\n    return 0\n"
    )
    [report] = Project(tmp_path, runner).judge(RIGHT, TESTS, forged)
    assert not report.solved
    [after] = Project(tmp_path / "after", runner).judge(RIGHT, TESTS, RIGHT)
    assert after.solved


def test_a_script_is_what_was_asked() -> None:
    one = script.Script()
    one.allow(True)
    one.begin()
    assert one.opening() == ()
    assert [one.take(each) for each in (b"a", b"b")] == [script.NEW, script.NEW]
    one.end()
    one.begin()
    assert one.opening() == (b"a", b"b")
    assert one.take(b"a") == script.SENT
    assert one.waits
    assert one.take(b"c") == script.ASTRAY
    assert one.said == [b"a"]
    one.leave()
    assert one.take(b"c") == script.NEW
    one.end()
    one.begin()
    assert one.opening() == ()


def test_a_program_whose_process_ended_makes_no_script() -> None:
    one = script.Script()
    one.allow(True)
    one.begin()
    one.opening()
    one.take(b"a")
    one.lost()
    one.take(b"b")
    one.end()
    one.begin()
    assert one.opening() == ()


def test_a_script_is_no_longer_than_a_socket_takes() -> None:
    one = script.Script()
    one.allow(True)
    one.begin()
    for _ in range(10):
        one.take(b"x" * 10_000)
    one.end()
    one.begin()
    assert len(one.opening()) == 3


def module(text: str) -> types.ModuleType:
    made = types.ModuleType("test_made")
    exec(text, made.__dict__)
    return made


@pytest.mark.parametrize(
    ("text", "forgets"),
    [
        ("def test():\n    assert f([1]) == 1", True),
        ("import math\ndef test():\n    assert f([math.pi]) == 1", True),
        ("import string\ndef test():\n    assert f(string.__all__) == 1", False),
        ("import sys\ndef test():\n    assert f(1) == sys.maxsize", False),
        ("def test():\n    import string\n    assert f(string.__all__) == 1", False),
        ("def test():\n    assert f(globals()) == 1", False),
        ("def test():\n    def inner(): return vars()\n    assert f(inner()) == 1", False),
    ],
)
def test_what_a_call_changes_may_outlive_its_test(text: str, forgets: bool) -> None:
    assert eligible.is_forgetful([module(text)]) is forgets
