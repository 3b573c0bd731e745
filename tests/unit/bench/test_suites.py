"""Suites: reading, choosing, and what of a record the tool gets to see."""

import json

import pytest

from coderepair.bench import suites
from coderepair.bench.suites import Protocol, Record
from coderepair.errors import UsageError

RECORD = {
    "task_id": "t",
    "problem_id": "p",
    "entry_point": "f",
    "prompt": "Add one.",
    "buggy": "def f(x):\n    return x\n",
    "reference": "def f(x):\n    return x + 1\n",
    "test_format": "assert",
    "test_setup": "",
    "public_tests": ["assert f(1) == 2"],
    "private_tests": ["assert f(41) == 42"],
    "plus_tests": ["assert f(-8) == -7"],
}


def written(tmp_path, *records):
    path = tmp_path / "suite.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_a_suite_is_read_with_its_hash(tmp_path):
    suite = suites.load(written(tmp_path, RECORD, {**RECORD, "task_id": "u", "buggy": None}))
    assert (suite.name, suite.size, len(suite.sha256)) == ("suite", 2, 64)
    [record] = suite.records
    assert (record.public, record.private) == (("assert f(1) == 2",), ("assert f(41) == 42",))


def test_problems_count_where_they_are_asked_for(tmp_path):
    path = written(tmp_path, RECORD, {**RECORD, "task_id": "u", "buggy": None})
    first, second = suites.load(path, problems=True).records
    assert (
        first.buggy == RECORD["buggy"] and second.buggy == second.reference == RECORD["reference"]
    )


def test_the_bundled_sample_is_whole():
    suite = suites.load()
    assert (suite.name, len(suite.records)) == ("humanevalfix_sample", 20)
    assert all(record.bug_type and record.public for record in suite.records)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no record with a failing program"),
        ("{}\n", "line 1 is no suite record: KeyError"),
        ("\n[1]\n", "line 2 is no suite record"),
        ("not json\n", "line 1 is no suite record"),
        (json.dumps({**RECORD, "public_tests": None}), "line 1 is no suite record"),
        ((json.dumps(RECORD) + "\n") * 2, "task_id is not unique"),
        (json.dumps({**RECORD, "buggy": None}), "no record with a failing program"),
    ],
)
def test_what_is_no_suite_is_one_clear_line(tmp_path, content, complaint):
    path = tmp_path / "suite.jsonl"
    path.write_text(content)
    with pytest.raises(UsageError, match=complaint) as caught:
        suites.load(path)
    assert "\n" not in str(caught.value)


def test_a_suite_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        suites.load(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="cannot be read"):
        suites.load(tmp_path)


def many(tmp_path, count=30, **changes):
    records = [{**RECORD, "task_id": f"t{i}", **changes} for i in range(count)]
    return suites.load(written(tmp_path, *records))


def test_a_sample_is_seeded_and_keeps_the_order(tmp_path):
    suite = many(tmp_path)
    chosen = suites.choose(suite, Protocol.ALL, sample=10, seed=3)
    ids = [record.task_id for record in chosen.records]
    assert len(ids) == 10
    assert ids == sorted(ids, key=lambda name: int(name[1:]))
    assert chosen.records == suites.choose(suite, Protocol.ALL, sample=10, seed=3).records
    assert chosen.records != suites.choose(suite, Protocol.ALL, sample=10, seed=4).records
    assert "a random 10 of them (seed 3)" in chosen.selection
    assert suites.choose(suite, Protocol.ALL, sample=99).records == suite.records


def test_a_limit_takes_the_first(tmp_path):
    chosen = suites.choose(many(tmp_path), Protocol.ALL, limit=2)
    assert [record.task_id for record in chosen.records] == ["t0", "t1"]
    assert chosen.selection == "30 of 30 records fail a shown test, the first 2"


def test_records_without_a_signal_are_left_out_and_counted(tmp_path):
    records = [RECORD, {**RECORD, "task_id": "u", "fails_public": False}]
    suite = suites.load(written(tmp_path, *records))
    chosen = suites.choose(suite, Protocol.PUBLIC)
    assert [record.task_id for record in chosen.records] == ["t"]
    assert chosen.selection == "1 of 2 records fail a shown test"
    assert len(suites.choose(suite, Protocol.ALL).records) == 2
    with pytest.raises(UsageError, match="no record left"):
        suites.choose(many(tmp_path, public_tests=[]), Protocol.PUBLIC)


def test_protocols_divide_the_tests():
    record = Record("t", "p", "f", "", "", public=("a",), private=("b",), plus=("c",))
    assert (record.visible(Protocol.ALL), record.hidden(Protocol.ALL)) == (("a", "b"), ("c",))
    assert (record.visible(Protocol.PUBLIC), record.hidden(Protocol.PUBLIC)) == (("a",), ("b", "c"))


@pytest.mark.parametrize(
    ("prompt", "source", "statement"),
    [
        ("Add one.", "def f(x):\n    return x\n", "Add one."),
        ("Add\n  one.", 'def f(x):\n    """Add one."""\n', ""),
        ('def f(x):\n    """ Add one. """\n', 'def f(x) :\n  """Add   one."""\n  return x\n', ""),
        ('def f(x):\n    """Add one."""\n', "def f(x):\n    return x\n", 'def f(x):\n    """Add one."""\n'),
        ("", "def f(x): pass\n", ""),
    ],
)  # fmt: skip
def test_the_statement_is_not_said_twice(prompt, source, statement):
    assert suites.statement_of(prompt, source) == statement


def test_a_record_becomes_the_task_a_user_would_have(tmp_path):
    [record] = suites.load(written(tmp_path, RECORD)).records
    task = suites.write_task(tmp_path / "project", record, record.visible(Protocol.ALL))
    assert task.path == str(tmp_path / "project" / "solution.py")
    assert (task.source, task.statement) == (RECORD["buggy"], "Add one.")
    assert "f" in task.targets
    [test] = task.tests
    assert test.path == str(tmp_path / "project" / "test_solution.py")


def test_hidden_tests_are_nowhere_near_the_tool(tmp_path):
    [record] = suites.load(written(tmp_path, RECORD)).records
    task = suites.write_task(
        tmp_path / "project", record, record.visible(Protocol.PUBLIC), named=True
    )
    texts = [path.read_text() for path in (tmp_path / "project").rglob("*") if path.is_file()]
    texts.append(repr(task))
    assert any("f(1) == 2" in text for text in texts)
    for secret in ("f(41)", "f(-8)", "x + 1"):
        assert not any(secret in text for text in texts), secret


def test_whole_test_modules_are_used_as_they_are(tmp_path):
    module = "from solution import f\n\n\ndef test_f():\n    assert f(1) == 2\n"
    changes = {"test_format": "pytest", "public_tests": [module, module + "\n# second\n"]}
    [record] = suites.load(written(tmp_path, {**RECORD, **changes})).records
    task = suites.write_task(tmp_path / "project", record, record.public, named=True)
    paths = [tmp_path / "project" / name for name in ("test_solution.py", "test_solution_2.py")]
    assert [path.read_text() for path in paths] == changes["public_tests"]
    assert [test.path for test in task.tests] == [str(path) for path in paths]


def test_an_unknown_format_is_refused(tmp_path):
    [record] = suites.load(written(tmp_path, {**RECORD, "test_format": "doctest"})).records
    with pytest.raises(UsageError, match="unknown test_format doctest"):
        suites.write_task(tmp_path / "project", record, record.public)
