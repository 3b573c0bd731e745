"""Benchmark problems must not get into the training data, whatever their variables are called."""

from __future__ import annotations

import json
from pathlib import Path

from coderepair_training.guard import Guard

REFERENCE = "def has_pair(xs):\n    for x in xs:\n        if -x in xs:\n            return True\n    return False\n"
GUARD = Guard.of_functions([("has_pair", REFERENCE)])


def test_renamed_copy_is_refused() -> None:
    copy = REFERENCE.replace("has_pair", "other").replace("xs", "numbers").replace("x ", "n ")
    copy = copy.replace("-x", "-n").replace("):", "):\n    '''With a docstring.'''", 1)
    assert GUARD.refuses(copy)


def test_same_name_is_refused_however_it_is_written() -> None:
    assert GUARD.refuses("def HasPair(a):\n    return 1\n")


def test_another_function_passes() -> None:
    assert not GUARD.refuses(REFERENCE.replace("has_pair", "other").replace("-x", "x + 1"))


def test_folder_guards_all_but_the_trainable_splits(tmp_path: Path) -> None:
    records = [
        {"split": "test", "entry_point": "one", "reference": "def one():\n    return 1\n"},
        {"split": "train", "entry_point": "two", "reference": "def two():\n    return 2\n"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    guard = Guard.of_folder(tmp_path)
    assert guard.refuses("def one(x):\n    return x\n")
    assert not guard.refuses("def two():\n    return 2\n")
