"""The fusion of linear score and likelihood, counted on recorded outcomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from coderepair_training.fusion import by_weight, fused_rank, interval, main, own_samples


def record(
    rows: list[tuple[float, float | None, bool]], samples: list[bool], problem: str = "p"
) -> dict[str, Any]:
    """Edits as (linear score, log-likelihood, whether it mends)."""
    edits = [{"linear": a, "whole": b, "solves": c} for a, b, c in rows]
    own = [{"solves": solves, "in_pool": -1} for solves in samples]
    return {"problem": problem, "edits": edits, "samples": own}


ROWS = [(3.0, -9.0, False), (2.0, -5.0, False), (1.0, None, False), (0.0, -1.0, True)]


def test_the_weight_decides_between_score_and_likelihood() -> None:
    bug = record(ROWS, [])
    assert fused_rank(bug, 0.0, (4,)) == 3
    assert fused_rank(bug, 1.0, (4,)) == 0
    # The edit without a likelihood has the median of the others, so it stays behind the second one.
    assert fused_rank(bug, 0.3, (4,)) == 2


def test_no_edit_leaves_its_tier() -> None:
    bug = record(ROWS, [])
    assert fused_rank(bug, 1.0, (2,)) == 3
    assert fused_rank(bug, 1.0, (1, 3)) == 2
    assert fused_rank(record([(1.0, -1.0, False)], []), 1.0, (2,)) > 1000


def test_an_interval_holds_the_difference_and_is_a_point_without_doubt() -> None:
    bugs = [record(ROWS, [], str(number)) for number in range(10)]
    assert interval(bugs, [0] * 10, [9] * 10, 5) == "+100.0 [+100.0, +100.0]"
    text = interval(bugs, [0] * 5 + [9] * 5, [9] * 10, 5)
    assert text.startswith("+50.0 [+")


def test_own_samples_count_only_where_the_first_edits_fail() -> None:
    bugs = [record(ROWS, [False, True]), record(ROWS, [False] * 3), record(ROWS, [])]
    assert own_samples(bugs, 3).startswith("after 3 edits: 2 bugs left, 5 samples")
    assert "1-1: 1" in own_samples(bugs, 3)
    assert own_samples(bugs, 4).startswith("after 4 edits: 0 bugs left, 0 samples")


def test_the_report_reads_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(json.dumps(record(ROWS, [True])) + "\n" + '{"cut', encoding="utf-8")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.startswith("1 bugs of 1 problems\n")
    assert next(by_weight([record(ROWS, [])], (4,))).startswith("weight 0.0   0.0 / 100.0")
