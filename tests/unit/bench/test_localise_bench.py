"""How the accuracy of localisation is counted, and the whole measurement on two small bugs."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.bench.localise import TOP, blamed, chance_in_top
from coderepair.localise.lines import statements_of

BUGGY = "def f(a):\n    x = a\n\n    y = x + 2\n    return y\n"


def blame(reference: str) -> set[int]:
    return set(blamed(BUGGY, reference, statements_of(BUGGY, ("f",))))


def test_changed_and_deleted_lines_are_to_blame() -> None:
    assert blame(BUGGY.replace("+ 2", "+ 1")) == {4}
    assert blame(BUGGY.replace("    x = a\n", "")) == {2}


def test_where_lines_are_missing_both_sides_are_to_blame() -> None:
    assert blame(BUGGY.replace("    x = a\n", "    x = a\n    x += 1\n")) == {2, 4}


def test_ties_are_drawn_at_random() -> None:
    assert chance_in_top({1: 0.9, 2: 0.5, 3: 0.5}, {1}, 1) == 1.0
    assert chance_in_top({1: 0.9, 2: 0.5, 3: 0.5}, {2}, 1) == 0.0
    assert chance_in_top({1: 0.9, 2: 0.5, 3: 0.5}, {2}, 2) == pytest.approx(0.5)
    assert chance_in_top({1: 0.0, 2: 0.0, 3: 0.0}, {1, 2}, 2) == pytest.approx(1.0)
    assert chance_in_top({1: 0.0}, {7}, 5) == 0.0


@given(
    st.dictionaries(st.integers(0, 9), st.sampled_from([0.0, 0.3, 0.7]), min_size=1),
    st.sets(st.integers(0, 9)),
)
def test_laws_of_the_chance(scores: dict[int, float], blamed_lines: set[int]) -> None:
    """In [0, 1], grows with k, and certain once all lines are shown."""
    found = [chance_in_top(scores, blamed_lines, k) for k in (*TOP, 10)]
    assert all(0.0 <= each <= 1.0 for each in found)
    assert all(low <= high + 1e-12 for low, high in pairwise(found))
    assert found[-1] == (1.0 if blamed_lines & scores.keys() else 0.0)


def record(number: int, buggy: str, reference: str) -> str:
    tests = ["assert f(1) == 2", "assert f(-1) == 1"]
    fields = {"task_id": f"t/{number}", "entry_point": "f", "buggy": buggy, "reference": reference}
    return json.dumps({**fields, "public_tests": tests})


def test_the_command_measures_every_order(tmp_path: Path) -> None:
    suite = tmp_path / "small.jsonl"
    right = "def f(a):\n    if a < 0:\n        a = -a\n        return a\n    return a + 1\n"
    rows = [
        record(0, right.replace("a + 1", "a + 2"), right),
        record(1, right.replace("a < 0", "a < -1"), right),
    ]
    suite.write_text("\n".join(rows) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "coderepair.bench.localise", str(suite), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["bugs"] == 2
    assert told["orders"]["ochiai"]["top-5"]["value"] == 1.0
    assert 0.0 < told["orders"]["ranker"]["top-1"]["value"] <= 1.0
    assert told["orders"]["combined"]["top-3"]["n"] == 2
