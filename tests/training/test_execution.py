"""Executing training programs: what failed, how, and that nothing gets out."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from coderepair_training.execution import Check, run_checks
from coderepair_training.suites import buggy_records, load


def test_wrong_value_is_reported_with_call_expected_and_got() -> None:
    passing, failing = run_checks(
        "def f(x):\n    return x + 1\n", "", ["assert f(1) == 2", "assert f(2) == 4"]
    )
    assert passing.kind == ""
    assert failing == Check("assertion", "f(2)", "4", "3")


def test_exception_is_reported_with_the_line_it_came_from() -> None:
    program = "def g(x):\n    return x.missing\n\ndef f(x):\n    return g(x)\n"
    assert run_checks(program, "", ["assert f(1) == 2"]) == [
        Check("exception", "f(1)", exception="AttributeError", line=2)
    ]


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        ("assert f(2)", True),
        ("assert f(1)", False),
        ("assert not f(0)", True),
        ("x = f(3)\nassert f(x) == 3", True),
        ("for x in range(3):\n    assert f(x) == x", False),
        ("assert f(2) == 2, 'message'", True),
        ("assert f(2) is None", False),
    ],
)
def test_forms_of_tests(test: str, passes: bool) -> None:
    program = "def f(x):\n    return x if x != 1 else 0\n"
    assert (run_checks(program, "", [test])[0].kind == "") is passes


def test_syntax_error_fails_every_test() -> None:
    checks = run_checks("def f(:\n", "", ["assert f(1)", "assert f(2)"])
    assert [check.kind for check in checks] == ["syntax", "syntax"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("while True: pass", "timeout"),
        ("import os; os._exit(1)", "crash"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crash"),
        ("return [0] * 10**10", "memory"),
        ("raise SystemExit", "exception"),
    ],
)
def test_program_that_misbehaves_is_a_report(body: str, kind: str) -> None:
    checks = run_checks(f"def f():\n    {body}\n", "", ["assert f() == 1"])
    assert checks[0].kind == kind


def test_program_cannot_write_files(tmp_path: Path) -> None:
    target = tmp_path / "written"
    program = f"def f():\n    open({str(target)!r}, 'w').write('x' * 9)\n    return 1\n"
    run_checks(program, "", ["assert f() == 1"])
    assert not target.exists() or not target.read_text()


PROBLEM: dict[str, Any] = {
    "task_id": "t/1",
    "problem_id": "t/1",
    "entry_point": "f",
    "prompt": "Sum of the even numbers.",
    "reference": "def f(xs):\n    total = 0\n    for x in xs:\n        if x % 2 == 0:\n"
    "            total += x\n    return total\n",
    "test_setup": "",
    "public_tests": ["assert f([]) == 0"],
    "private_tests": ["assert f([1, 2, 4]) == 6", "assert f([3]) == 0"],
    "split": "train",
}


def test_injected_records_fail_a_public_test() -> None:
    records = list(buggy_records(PROBLEM, Random(0), 6))
    assert len(records) == 6
    assert len({record["buggy"] for record in records}) == 6
    for record in records:
        checks = run_checks(record["buggy"], "", record["public_tests"])
        assert any(check.kind for check in checks) and record["fails_public"]
        assert record["n_promoted"] == len(record["public_tests"]) - 1
        assert len(record["public_tests"]) + len(record["private_tests"]) == 3


def test_split_for_reporting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    path.write_text(json.dumps(PROBLEM) + "\n")
    assert len(load(path, ["train"])) == 1
    with pytest.raises(ValueError, match="reporting"):
        load(path, ["train", "test"])
