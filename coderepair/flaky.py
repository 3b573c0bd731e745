"""Tests whose outcome depends on the order of sets, found before a search starts.

The warm processes of the runner share one hash seed, so two runs there agree. One run in a fresh process
under another seed is made beside them, where the code has anything that the seed could decide.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coderepair.errors import FlakyTests
from coderepair.methods import PYTEST, UNITTEST
from coderepair.model import Limits, Outcome, Task, TestReport
from coderepair.runner.fresh import PlainRun, run_plain
from coderepair.verify import HASH_SEEDS, what

HASHING = {"set", "frozenset", "hash", "Counter", "intersection", "union", "difference"}
"""Names behind which values may come in the order of their hashes."""


@dataclass
class OtherSeed:
    """A run of the user's program under another seed, under way."""

    task: Task
    limits: Limits
    found: list[PlainRun] = field(default_factory=list)

    def run(self) -> None:
        """To its end, or until the time is over."""
        self.found = _plain(self.task, HASH_SEEDS[1], self.limits)

    def check(self, before: TestReport) -> None:
        """Raises `FlakyTests` if plain runs under the two seeds disagree; `before` tells whether to look."""
        if not self.found or not _differing(_verdicts(before), self.found[0]):
            return
        (again,) = _plain(self.task, HASH_SEEDS[0], self.limits)
        if again.status is None:
            return
        known = {name: outcome == "passed" for name, outcome in again.outcomes.items()}
        differing = _differing(known, self.found[0])
        if differing:
            raise FlakyTests(
                f"{differing[0]} passes or fails with the order of sets (PYTHONHASHSEED); "
                "make it deterministic, or leave it out with -k"
            )


@contextmanager
def other_seed(task: Task, limits: Limits) -> Iterator[OtherSeed]:
    """Runs the program under another seed meanwhile; the run has ended at the end of the block."""
    run = OtherSeed(task, limits)
    if task.method not in (PYTEST, UNITTEST) or not hashes(task):
        yield run
        return
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(run.run)
        yield run
        under_way.result()


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


def _plain(task: Task, seed: int, limits: Limits) -> list[PlainRun]:
    return run_plain(task, [(task.source, what(task, narrowed=True), seed)], limits, False)


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
