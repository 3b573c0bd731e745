"""The problem bank: what is stored is consistent, and executes as it says."""

from __future__ import annotations

import ast
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from coderepair_training.bank import (
    BankProblem,
    Bug,
    entry_node,
    header,
    problems,
    read_batch,
    records,
)
from coderepair_training.bank.check import (
    duplicate_faults,
    execution_faults,
    killed,
    main,
    structure_faults,
)
from coderepair_training.bank.execute import execute
from coderepair_training.bank.similarity import shape

SAMPLE = 20
PARTS = 6


@pytest.fixture(scope="module")
def bank() -> list[BankProblem]:
    return list(problems())


def test_every_problem_keeps_the_rules(bank: list[BankProblem]) -> None:
    assert len(bank) >= 40
    assert [fault for problem in bank for fault in structure_faults(problem)] == []


def test_no_two_problems_are_alike(bank: list[BankProblem]) -> None:
    assert list(duplicate_faults(bank, against=[])) == []


def test_a_sample_executes_as_recorded(bank: list[BankProblem]) -> None:
    sample = random.Random(0).sample(bank, SAMPLE)
    assert list(execution_faults(sample)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_all_execute_as_recorded(bank: list[BankProblem], part: int) -> None:
    assert list(execution_faults(bank[part::PARTS])) == []


@pytest.mark.slow
def test_tests_kill_mutants(bank: list[BankProblem]) -> None:
    some = random.Random(0).sample(bank, 150)
    dead, tried = (sum(column) for column in zip(*killed(some), strict=True))
    assert dead / tried > 0.9


def test_faults_are_found(bank: list[BankProblem]) -> None:
    problem = bank[0]
    unbroken = replace(problem.bugs[0], program=problem.reference)
    assert "bug 0: equal to the reference" in structure_faults(replace(problem, bugs=(unbroken,)))
    assert list(execution_faults([replace(problem, bugs=(unbroken,))]))
    broken = replace(problem, reference=problem.bugs[0].program)
    assert "reference fails" in next(execution_faults([broken]))
    twin = replace(problem, id="bank/9999")
    assert any("same entry point" in fault for fault in duplicate_faults([problem, twin], []))


def test_outside_problems_are_refused(bank: list[BankProblem], tmp_path: Path) -> None:
    record = next(records(bank[0])) | {"entry_point": "another", "problem_id": "x"}
    (tmp_path / "set.jsonl").write_text(json.dumps(record) + "\n")
    assert any("like set.jsonl:x" in fault for fault in duplicate_faults(bank[:1], [tmp_path]))


def test_shape_ignores_names_and_constants() -> None:
    one = 'def f(a: int) -> int:\n    """Doc."""\n    return a + 1\n'
    assert shape(one) == shape("def g(number):\n    return number + 7\n")
    assert shape(one) != shape("def g(number):\n    return number - 7\n")


def test_records_are_benchmark_records(bank: list[BankProblem]) -> None:
    for problem in bank:
        for record, bug in zip(records(problem), problem.bugs, strict=True):
            tests = record["public_tests"] + record["private_tests"]
            assert sorted(tests) == sorted(problem.tests)
            assert record["n_failing_public"] + record["n_failing_private"] == len(bug.fails)
            assert record["n_failing_public"] >= 1


def test_header_ends_with_the_docstring(bank: list[BankProblem]) -> None:
    for problem in bank:
        text = header(problem.reference, problem.entry_point)
        assert problem.reference.startswith(text)
        completed = ast.parse(text)
        node = entry_node(text, problem.entry_point)
        assert ast.get_docstring(node)
        assert completed.body


def test_limits_hold() -> None:
    jobs = [
        ("def f():\n    while True: pass\n", ["f()", "assert True"], False),
        ("def f(): return f()\n", ["f()"], False),
        ("def f(): return bytearray(1 << 32)\n", ["f()"], False),
        ("import os\ndef f(): os._exit(3)\n", ["f()", "assert False"], False),
        ("raise KeyError\n", ["assert True"], False),
        ("def f(): return 1\n", ["assert f() == 2", "assert True"], True),
    ]
    assert execute(jobs) == [
        ["timeout", "pass"],
        ["recursion"],
        ["memory"],
        ["crash", "assertion"],
        ["exception"],
        ["assertion", "not_run"],
    ]


def test_bad_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "batch_01.jsonl"
    path.write_text("{}\n")
    with pytest.raises(ValueError, match=r"batch_01\.jsonl:1"):
        list(read_batch(path))


def test_check_reports_and_fails_on_faults(
    bank: list[BankProblem], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(Path(main.__code__.co_filename).parent.glob("batch_*.jsonl"))
    line = first.read_text("utf-8").splitlines()[0]
    (tmp_path / "batch_01.jsonl").write_text(line + "\n", "utf-8")
    assert main(["--folder", str(tmp_path)]) == 0
    assert "mutants killed" in capsys.readouterr().out
    (tmp_path / "batch_02.jsonl").write_text(line + "\n", "utf-8")
    assert main(["--folder", str(tmp_path), "--no-mutants"]) == 1
    assert "used 2 times" in capsys.readouterr().out


def test_number_of_bugs_follows_from_the_classes() -> None:
    bug = Bug("x = 1\n", ("value misuse", "missing logic"), "both", (0,), "assertion")
    assert bug.edits == 2
