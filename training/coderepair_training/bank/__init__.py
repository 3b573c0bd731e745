"""The problem bank: small Python problems written for this project, with human-like bugs.

One problem is a statement, a reference, tests and at least two buggy versions of the reference.
The data are the files `batch_*.jsonl` beside this module (format: README.md). Nothing is executed
here; `coderepair_training.bank.check` does that.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUG_CLASSES = (
    "missing logic",
    "excess logic",
    "value misuse",
    "operator misuse",
    "variable misuse",
    "function misuse",
)
"""The six classes of a single bug."""

SEPARATOR = " + "
"""Joins the classes of a program that holds several separate bugs."""

FAILURES = ("assertion", "exception", "recursion", "memory", "timeout", "crash")
"""What a failing test can end with."""

VALIDATION_EVERY = 10
"""Every tenth problem (numbers ending in 9) is held back for validation."""


@dataclass(frozen=True, slots=True)
class Bug:
    """One buggy version of a reference."""

    program: str
    """Full module text."""
    classes: tuple[str, ...]
    """One of `BUG_CLASSES` for each separate bug in the program."""
    note: str
    """What its author got wrong, in a few words."""
    fails: tuple[int, ...]
    """Indices of the tests that fail, ascending, never empty."""
    failure: str
    """One of `FAILURES`: how the first failing test ends."""

    @property
    def edits(self) -> int:
        """Number of separate bugs in the program, at least 1."""
        return len(self.classes)


@dataclass(frozen=True, slots=True)
class BankProblem:
    """One problem with its reference, tests and buggy versions."""

    id: str
    """`bank/0001` and so on, unique."""
    category: str
    entry_point: str
    """Function, class or `Class.method` that holds the bugs."""
    statement: str
    """Docstring of the entry point (for a method: of its class and its own)."""
    reference: str
    """Full module text that passes every test."""
    tests: tuple[str, ...]
    """Independent test snippets, to be executed in the namespace of the module."""
    bugs: tuple[Bug, ...]

    @property
    def number(self) -> int:
        """The number in the id."""
        return int(self.id.rpartition("/")[2])

    @property
    def split(self) -> str:
        """`train` or `validation`, by number."""
        held_back = self.number % VALIDATION_EVERY == VALIDATION_EVERY - 1
        return "validation" if held_back else "train"


def problems(folder: Path | None = None) -> Iterator[BankProblem]:
    """All problems of the bank in the order of their files; raises ValueError on a bad line."""
    folder = folder or Path(__file__).parent
    for path in sorted(folder.glob("batch_*.jsonl")):
        yield from read_batch(path)


def read_batch(path: Path) -> Iterator[BankProblem]:
    """The problems of one file; a line that does not fit raises ValueError naming it."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            yield _problem(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}:{number}: {error!r}") from error


def _problem(data: Mapping[str, Any]) -> BankProblem:
    return BankProblem(
        id=data["id"],
        category=data["category"],
        entry_point=data["entry_point"],
        statement=data["statement"],
        reference=data["reference"],
        tests=tuple(data["tests"]),
        bugs=tuple(_bug(bug) for bug in data["bugs"]),
    )


def _bug(data: Mapping[str, Any]) -> Bug:
    bug = Bug(
        program=data["program"],
        classes=tuple(data["class"].split(SEPARATOR)),
        note=data["note"],
        fails=tuple(data["fails"]),
        failure=data["failure"],
    )
    if bug.edits != data["edits"]:
        raise ValueError(f"{data['edits']} edits but class {data['class']!r}")
    return bug


def entry_node(source: str, entry_point: str) -> ast.FunctionDef | ast.ClassDef:
    """The definition of the entry point; KeyError if the module has none."""
    node: ast.AST = ast.parse(source)
    for name in entry_point.split("."):
        node = next(
            (
                child
                for child in ast.iter_child_nodes(node)
                if isinstance(child, ast.FunctionDef | ast.ClassDef) and child.name == name
            ),
            node,
        )
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name != name:
        raise KeyError(entry_point)
    return node


def header(source: str, entry_point: str) -> str:
    """The module text up to the end of the entry point's docstring (or its signature)."""
    node = entry_node(source, entry_point)
    has_docstring = ast.get_docstring(node) is not None
    last = node.body[0].end_lineno if has_docstring else node.body[0].lineno - 1
    return "".join(source.splitlines(keepends=True)[:last])


def records(problem: BankProblem) -> Iterator[dict[str, Any]]:
    """One benchmark record for each buggy version.

    Every second test is public, so that fixes can be judged on tests not seen; where no public
    test fails, the first failing private one is promoted.
    """
    for index, bug in enumerate(problem.bugs):
        public = set(range(0, len(problem.tests), 2))
        promoted = not public & set(bug.fails)
        if promoted:
            public.add(bug.fails[0])
        private = set(range(len(problem.tests))) - public
        yield {
            "task_id": f"{problem.id}/{index}",
            "problem_id": problem.id,
            "source": "coderepair problem bank",
            "license": "Apache-2.0",
            "entry_point": problem.entry_point,
            "prompt": header(problem.reference, problem.entry_point),
            "buggy": bug.program,
            "reference": problem.reference,
            "test_format": "assert",
            "test_setup": "",
            "public_tests": [problem.tests[i] for i in sorted(public)],
            "private_tests": [problem.tests[i] for i in sorted(private)],
            "bug_type": SEPARATOR.join(bug.classes),
            "generator": "bank",
            "split": problem.split,
            "fails_public": True,
            "fails_private": bool(private & set(bug.fails)),
            "n_failing_public": len(public & set(bug.fails)),
            "n_failing_private": len(private & set(bug.fails)),
            "failure_kind": bug.failure,
            "n_promoted": int(promoted),
        }
