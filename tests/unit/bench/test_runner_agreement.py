"""Verdicts of the runner beside those of plain pytest."""

import json
import sys
from pathlib import Path

import pytest

from coderepair.bench import suites
from coderepair.bench.runner import broken, verdicts
from coderepair.bench.runner.agreement import (
    MODES,
    Comparison,
    Rows,
    differences,
    outcomes_by_test,
    summary,
)
from coderepair.errors import UsageError
from coderepair.model import CheckResult, Outcome, TestReport

ROW = Comparison("t", "two-process", "reference", tests=4, checks=6, shared=1, failing=0)
RECORD = {
    "task_id": "t",
    "entry_point": "f",
    "buggy": "def f(x):\n    return x\n",
    "reference": "def f(x):\n    return x + 1\n",
    "test_format": "assert",
    "public_tests": ["assert f(1) == 2", "assert f(2) - f(1) == 1"],
}


def test_a_test_passes_if_all_its_checks_do():
    outcomes = [("a", "pass"), ("b::assert#1", "pass"), ("b::assert#2", "timeout")]
    checks = tuple(CheckResult(name, Outcome(outcome)) for name, outcome in outcomes)
    assert outcomes_by_test(TestReport(checks)) == {"a": "pass", "b": "timeout"}


@pytest.mark.parametrize(
    ("ours", "plain", "found"),
    [
        ({"t.py::a": "pass"}, {"t.py::a": "passed"}, ()),
        ({"t.py::a": "pass"}, {"t.py::a": "xfailed"}, ()),
        ({"t.py::a": "error"}, {"t.py::a": "failed"}, ()),
        ({}, {"t.py::a": "skipped"}, ()),
        ({"t.py::a": "pass"}, {"t.py::a": "not_run"}, ()),
        ({"t.py::a": "pass"}, {"t.py::a": "failed"}, (("t.py::a", "pass", "failed"),)),
        ({"t.py::a": "not_run"}, {"t.py::a": "passed"}, (("t.py::a", "not_run", "passed"),)),
        ({}, {"t.py::a": "passed"}, (("t.py::a", "", "passed"),)),
        ({"t.py::a": "pass"}, {}, (("t.py::a", "pass", ""),)),
        ({"t.py::a": "error"}, {"t.py": "failed"}, ()),
        ({"t.py::a": "pass"}, {"t.py": "failed"}, (("t.py::a", "pass", "failed"),)),
        ({"t.py::a": "pass"}, {"(collecting)": "crash"}, (("t.py::a", "pass", "failed"),)),
    ],
)
def test_a_difference_is_where_one_passes_and_the_other_does_not(ours, plain, found):
    assert differences(ours, plain) == found


def test_comparisons_are_kept_and_read_again(tmp_path):
    path = tmp_path / "rows.jsonl"
    other = Comparison("u", "two-process", "buggy", 1, 1, 0, 1, (("t.py::a", "pass", "failed"),))
    Rows(path).append([ROW, other])
    rows = Rows(path)
    assert (rows.known[ROW.key], rows.known[other.key]) == (ROW, other)
    assert rows.has("t", "two-process") and not rows.has("t", "shared-process")


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"task": 1}\n')
    with pytest.raises(UsageError, match="no file of comparisons"):
        Rows(path)


def test_the_summary_counts_and_tells_what_is_wrong():
    pairs = (("t.py::a", "fail", "passed"), ("t.py::b", "pass", "failed"))
    wrong = Comparison("u", "two-process", "buggy", 4, 4, 0, 0, pairs)
    text = summary([ROW, wrong], "reference", "buggy")
    assert "| two-process | 2 | 8 | 10 | 2 | 1 | 1 (12.5 %) | 0 |" in text
    assert "unexpected: u buggy (two-process): plain pytest fails 0 tests" in text
    assert "difference: u buggy (two-process): t.py::a: runner fail, plain passed" in text
    assert "reference" not in text


def test_both_modes_agree_with_plain_pytest(tmp_path):
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps(RECORD) + "\n")
    rows = Rows(tmp_path / "rows.jsonl")
    seen = []

    def measured():
        records = suites.load(suite, problems=True).records
        return verdicts.run(records, rows, sys.executable, lambda *told: seen.append(told))

    found = {row.key: (row.tests, row.failing, row.differences, row.error) for row in measured()}
    assert found == {
        (task, mode, program): (2, failing, (), "")
        for mode in MODES
        for task, program, failing in (("t", "reference", 0), ("t", "buggy", 1))
    }
    assert len(measured()) == len(found) and len(seen) == 1


def test_breaks_are_distinct_and_compile():
    source = (
        "def f(a, b):\n    return a + b\n\n\nclass C:\n    def g(self, x):\n        return x < 3\n"
    )
    found = broken.breaks(source, 6, seed=1)
    assert found == broken.breaks(source, 6, seed=1)
    assert {each.function for each in found} == {"f", "C.g"}
    assert len({each.source for each in found}) == 6
    for each in found:
        compile(each.source, "f.py", "exec")
        assert each.source != source


@pytest.mark.slow
def test_a_broken_package_is_judged_by_its_own_tests(tmp_path):
    root = tmp_path / "package"
    Path(root, "tests").mkdir(parents=True)
    Path(root, "mod.py").write_text("def f(x):\n    return x + 1\n")
    Path(root, "tests", "test_mod.py").write_text(
        "from mod import f\n\n\ndef test_f():\n    assert [f(n) for n in range(9)] == [*range(1, 10)]\n"
    )
    package = broken.Package(root, "mod.py", ("tests/test_mod.py",))
    rows = Rows(tmp_path / "rows.jsonl")
    found = broken.run(package, rows, sys.executable, 1, 0, lambda *_: None)
    assert {row.key[1:] for row in found} == {
        (mode, program) for mode in MODES for program in ("intact", "broken")
    }
    assert not any(row.failing for row in found if row.program == "intact")
    assert not any(row.differences or row.error for row in found)
    assert Path(root, "mod.py").read_text() == "def f(x):\n    return x + 1\n"
