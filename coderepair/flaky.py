"""Tests whose outcome depends on the order of sets, found before a search starts.

The warm processes of the runner share one hash seed, so two runs there agree. One run in a fresh process
under another seed is made beside them, where the code has anything that the seed could decide.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coderepair.baseline import NO_VERDICT
from coderepair.errors import FlakyTests
from coderepair.methods import PYTEST, UNITTEST
from coderepair.model import Limits, Outcome, Task, TestReport
from coderepair.runner.fresh import PlainRun, PlainRuns
from coderepair.verify import HASH_SEEDS, what

HASHING = {"set", "frozenset", "hash", "Counter", "intersection", "union", "difference"}
"""Names behind which values may come in the order of their hashes."""


class OtherSeed:
    """A run of the user's program under another seed, under way in a fresh process."""

    def __init__(self, task: Task, limits: Limits, runs: PlainRuns | None) -> None:
        """`runs` is the one run; None if the seed decides nothing."""
        self._task, self._limits, self._runs = task, limits, runs

    def check(self, before: TestReport) -> None:
        """Raises `FlakyTests` if plain runs under the two seeds disagree; `before` tells whether to look.

        Where a check hangs plain pytest would hang too, and nothing can be said.
        """
        if self._runs is None or any(check.outcome in NO_VERDICT for check in before.checks):
            return
        (found,) = self._runs.wait()
        if not _differing(_verdicts(before), found):
            return
        with PlainRuns(self._task, [_job(self._task, HASH_SEEDS[0])], self._limits) as again:
            (usual,) = again.wait()
        if usual.status is None:
            return
        known = {name: outcome == "passed" for name, outcome in usual.outcomes.items()}
        differing = _differing(known, found)
        if differing:
            raise FlakyTests(
                f"{differing[0]} passes or fails with the order of sets (PYTHONHASHSEED); "
                "make it deterministic, or leave it out with -k"
            )


@contextmanager
def other_seed(task: Task, limits: Limits) -> Iterator[OtherSeed]:
    """Runs the program under another seed in the block, if its tests could tell; to be checked there."""
    if task.method not in (PYTEST, UNITTEST) or not hashes(task):
        yield OtherSeed(task, limits, None)
        return
    with PlainRuns(task, [_job(task, HASH_SEEDS[1])], limits) as runs:
        yield OtherSeed(task, limits, runs)


def _job(task: Task, seed: int) -> tuple[str, dict[str, Any], int]:
    return task.source, what(task, narrowed=True), seed


def hashes(task: Task) -> bool:
    """Whether the file or its tests use sets, or hashes themselves."""
    texts = [task.source, *(_text(test.path) for test in task.tests if test.path != task.path)]
    return any(map(_hashes, texts))


def _hashes(text: str) -> bool:
    try:
        nodes = ast.walk(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(
        isinstance(node, ast.Set | ast.SetComp)
        or (isinstance(node, ast.Name) and node.id in HASHING)
        or (isinstance(node, ast.Attribute) and node.attr in HASHING)
        for node in nodes
    )


def _verdicts(report: TestReport) -> dict[str, bool]:
    """Test -> whether all its checks pass."""
    found: dict[str, bool] = {}
    for check in report.checks:
        name = check.id.partition("::assert#")[0]
        found[name] = found.get(name, True) and check.outcome is Outcome.PASS
    return found


def _differing(known: dict[str, bool], run: PlainRun) -> list[str]:
    if run.status is None:
        return []
    return [
        name
        for name, outcome in run.outcomes.items()
        if outcome in ("passed", "failed")
        and known.get(name, outcome == "passed") != (outcome == "passed")
    ]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
