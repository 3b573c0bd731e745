"""Problems that execute, whatever file they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair_training import bank
from coderepair_training.suites import load


@dataclass(frozen=True, slots=True)
class Problem:
    """A function with its tests and a reference that passes them."""

    id: str
    entry_point: str
    statement: str
    reference: str
    setup: str
    tests: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    """Hand-written programs that fail."""

    @property
    def name(self) -> str:
        """Name of the function without its class."""
        return self.entry_point.rpartition(".")[2]


def record_problems(path: Path, splits: Sequence[str]) -> Iterator[Problem]:
    """The problems of a record file, each once. ValueError for the split that is reported on."""
    seen: set[str] = set()
    for record in load(path, splits):
        if record["problem_id"] not in seen:
            seen.add(record["problem_id"])
            yield problem_of(record)


def problem_of(record: Mapping[str, Any]) -> Problem:
    """The problem of a benchmark record, all its tests visible."""
    return Problem(
        record["problem_id"],
        record["entry_point"],
        record["prompt"],
        record["reference"],
        record["test_setup"],
        (*record["public_tests"], *record["private_tests"]),
    )


def bank_problems(split: str = "train") -> Iterator[Problem]:
    """The problems of the bank; those of another split than `train` are for measuring only."""
    for problem in bank.problems():
        if problem.split == split:
            wrong = tuple(bug.program for bug in problem.bugs)
            yield Problem(
                problem.id,
                problem.entry_point,
                problem.statement,
                problem.reference,
                "",
                tuple(problem.tests),
                wrong,
            )
