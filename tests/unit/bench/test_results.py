"""The results file: exactly one row each, whatever cut the run off."""

import dataclasses
import json

import pytest

from coderepair.bench.results import ResultsFile, Row
from coderepair.errors import UsageError


def row(**changes):
    return Row(
        **{
            "fingerprint": "f0",
            "setting": "default",
            "suite": "s",
            "task_id": "t1",
            "problem_id": "p1",
            "bug_type": "",
            "seed": 0,
            "version": "0",
            "status": "repaired",
            **changes,
        }
    )


def test_rows_come_back(tmp_path):
    path = tmp_path / "new" / "results.jsonl"
    first, second = row(solved=True, solved_at=3, solved_seconds=0.5), row(seed=1)
    with ResultsFile(path) as results:
        assert results.rows == {}
        results.append(first)
        results.append(second)
    with ResultsFile(path) as results:
        assert results.rows == {first.key: first, second.key: second}


@pytest.mark.parametrize("kept", [1, 20, 60])
def test_a_last_line_that_was_cut_is_dropped(tmp_path, kept):
    path = tmp_path / "results.jsonl"
    whole = json.dumps(dataclasses.asdict(row())) + "\n"
    path.write_text(whole + json.dumps(dataclasses.asdict(row(task_id="t2")))[:kept])
    with ResultsFile(path) as results:
        assert list(results.rows) == [row().key]
        results.append(row(task_id="t3"))
    lines = path.read_text().splitlines()
    assert [json.loads(line)["task_id"] for line in lines] == ["t1", "t3"]


@pytest.mark.parametrize(
    "content", [b"# notes\n", b"precious", b"\xff\xfe", b'{"a": 1}\n', b"[]\n"]
)
def test_another_file_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "notes.md"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"notes\.md"):
        ResultsFile(path)
    assert path.read_bytes() == content


def test_two_benchmarks_cannot_share_a_file(tmp_path):
    path = tmp_path / "results.jsonl"
    with ResultsFile(path), pytest.raises(UsageError, match="in use"):
        ResultsFile(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        ResultsFile(tmp_path)
