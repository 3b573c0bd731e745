"""The run under another hash seed that is made beside the first ones."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from coderepair.flaky import hashes, other_seed
from coderepair.model import Limits
from coderepair.runner import open_runner
from tests.projects import Project

HANGS = "def first(words):\n    while set(words):\n        pass\n"
TESTS = "from solution import first\n\ndef test_it():\n    assert first('ab') == 'a'\n"
PATIENT = Limits(test_timeout_s=0.3, total_timeout_s=300.0)


def test_where_a_check_hangs_nobody_waits_for_plain_pytest(tmp_path: Path) -> None:
    with open_runner(1) as runner:
        mine = Project(tmp_path / "project", runner)
        begun = time.monotonic()
        mine.write("solution.py", HANGS)
        mine.write("test_solution.py", TESTS)
        task = mine.task("test_solution.py")
        with other_seed(task, PATIENT) as other:
            (before,) = mine.run(task, limits=PATIENT)
            other.check(before)
    assert not before.solved
    assert time.monotonic() - begun < PATIENT.total_timeout_s / 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x = {1, 2}\n", True), ("x = list(set('ab'))\n", True), ("x = {1: 2}\n", False),
     ("x = a.union(b)\n", True), ("def f(\n", False)],
)  # fmt: skip
def test_what_a_hash_seed_can_decide(tmp_path: Path, text: str, expected: bool) -> None:
    mine = Project(tmp_path, open_runner(1))
    mine.write("solution.py", text)
    mine.write("test_solution.py", "def test_it():\n    pass\n")
    assert hashes(mine.task("test_solution.py")) is expected
