"""Pools hold the wanted edit, and the ranker learns to prefer it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from coderepair_training.pools import WrongProgram, differing_function, features_of
from coderepair_training.ranker import averaged, with_mending
from coderepair_training.steps import with_steps

REFERENCE = """def f(xs):
    best = xs[0]
    for x in xs:
        if x > best:
            best = x
    return best
"""
TESTS = ("assert f([1, 3, 2]) == 3", "assert f([2]) == 2")


def _bug(number: int, buggy: str) -> WrongProgram:
    return WrongProgram(
        f"p#{number}", "p", "bank", "train", "The largest.", buggy, REFERENCE, "", TESTS
    )


BUGS = [
    _bug(0, REFERENCE.replace("x > best", "x < best")),
    _bug(1, REFERENCE.replace("best = x\n", "best = xs\n")),
    _bug(2, REFERENCE.replace("return best", "return x")),
    _bug(3, REFERENCE.replace("xs[0]", "xs[1]")),
]


def test_only_one_function_may_differ() -> None:
    two = REFERENCE + "def g():\n    return 1\n"
    assert differing_function(two.replace("x > best", "x < best"), two) == "f"
    assert differing_function(two.replace("x > best", "x").replace("1", "2"), two) is None
    assert differing_function(REFERENCE, two) is None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_the_wanted_edit_comes_first(bug: WrongProgram) -> None:
    pool = features_of(bug, sample=20)
    assert pool is not None
    assert pool.wanted >= 1
    assert pool.others > 100
    assert len(pool.starts) == pool.wanted + 20
    assert pool.starts[0] == 0
    assert list(pool.starts) == sorted(pool.starts)


def test_a_line_inserted_deep_inside_is_wanted() -> None:
    reference = REFERENCE.replace(
        "            best = x\n", "            best = x\n            best -= 1\n"
    )
    bug = replace(_bug(5, REFERENCE), reference=reference, tests=("assert f([1, 3]) == 2",))
    pool = features_of(bug, sample=5)
    assert pool is not None
    assert pool.wanted == 1


def test_a_bug_of_two_parts_is_learnt_step_by_step() -> None:
    buggy = REFERENCE.replace("x > best", "x < best").replace("xs[0]", "xs[1]")
    whole, *rest = with_steps([_bug(4, buggy)])
    assert [step.id for step in rest] == ["p#4/0", "p#4/1"]
    assert [step.buggy for step in rest] == [BUGS[3].buggy, BUGS[0].buggy]
    assert whole.mending == (BUGS[0].buggy.rstrip("\n"), BUGS[3].buggy.rstrip("\n"))
    pool = features_of(whole, sample=5)
    assert pool is not None
    assert pool.wanted >= 2
    assert list(with_steps(BUGS)) == BUGS


def test_no_pool_without_a_wanted_edit() -> None:
    far = REFERENCE.replace(
        "best = xs[0]", "import os\n    print(os.getcwd(), 7)\n    best = 5 if xs else 8"
    )
    assert features_of(_bug(9, far), sample=5) is None


@pytest.mark.train
def test_training_prefers_the_wanted_edits() -> None:
    pytest.importorskip("torch")
    from coderepair_training.ranker import rank, report, train

    pools = [pool for bug in BUGS for pool in [features_of(bug, sample=300)] if pool is not None]
    weights = train(pools * 10, seed=0)
    ranks = [rank(weights, pool) for pool in pools]
    assert max(ranks) < 3
    assert report("x", ranks, 8).startswith("x: n 8, in the pool 0.500, @1 ")


def test_another_text_that_passes_is_wanted_too(tmp_path: Path) -> None:
    bug = BUGS[0]
    other = bug.buggy.replace("x < best", "not x < best")
    record = {
        "id": bug.id,
        "edits": [
            {"solves": True, "reply": "<|replace|><|4|><|i2|>if not x < best:<|end|>"},
            {"solves": True, "reply": "<|replace|><|99|><|i0|>x<|end|>"},
            {"solves": False, "reply": "<|delete|><|2|><|end|>"},
        ],
    }
    path = tmp_path / "outcomes.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    first, second = with_mending(BUGS[:2], [path])
    assert first.mending == (other.rstrip("\n"),)
    assert second == BUGS[1]
    alone, both = features_of(bug, sample=20), features_of(first, sample=20)
    assert alone is not None
    assert both is not None
    assert both.wanted == alone.wanted + 1


@pytest.mark.train
def test_weights_are_averaged_with_earlier_ones(tmp_path: Path) -> None:
    import torch

    from coderepair.propose.plain_features import BUCKETS
    from coderepair.propose.ranking import pack

    (tmp_path / "ranker.bin").write_bytes(pack([1.0] * BUCKETS))
    mean = averaged(torch.full((BUCKETS, 1), 2.0), tmp_path / "ranker.bin")
    assert mean.shape == (BUCKETS, 1)
    assert torch.all(mean == 1.5)
