"""Suites of bugs: JSON Lines records, which of their tests are shown, and scratch folders.

A record becomes the two files a user would have, `solution.py` and `test_solution.py`, and those
become a `Task` on the way that the command line takes. What a protocol hides is never written to
that folder: the judge gets a folder of its own, made when the repair has ended.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.resources
import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from coderepair.bench import testfiles
from coderepair.errors import UsageError
from coderepair.model import Task
from coderepair.runner import ForkRunner
from coderepair.task import make_task

PROGRAM_NAME = "solution.py"
SAMPLE = "humanevalfix_sample.jsonl"


class Protocol(StrEnum):
    """Which tests the tool sees; all others only judge."""

    ALL = "all"
    """Public and private tests are shown, as published results on these suites do; plus tests judge."""
    PUBLIC = "public"
    """Public tests are shown; private and plus tests judge."""


@dataclass(frozen=True, slots=True)
class Record:
    """One bug: a failing program, a correct one, and tests."""

    task_id: str
    problem_id: str
    """Records of one problem are not independent; rates are averaged inside a problem first."""
    entry_point: str
    buggy: str
    reference: str
    """A program that passes every test; empty where a suite has none. Never shown to the tool."""
    public: tuple[str, ...]
    private: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    prompt: str = ""
    setup: str = ""
    """Code to run once before the tests."""
    test_format: str = "assert"
    """`assert`: each test is code for the program's namespace; `pytest`: each is a test module."""
    bug_type: str = ""
    fails_public: bool = True
    """Whether the failing program fails a public test, as the suite says; if not, the tool that sees
    only those has no signal."""

    def gives_signal(self, protocol: Protocol) -> bool:
        """Whether a test that the tool is given fails."""
        return bool(self.visible(protocol)) and (protocol is Protocol.ALL or self.fails_public)

    def visible(self, protocol: Protocol) -> tuple[str, ...]:
        """The tests that the tool is given."""
        return self.public + self.private if protocol is Protocol.ALL else self.public

    def hidden(self, protocol: Protocol) -> tuple[str, ...]:
        """The tests that only judge."""
        return self.plus if protocol is Protocol.ALL else self.private + self.plus


@dataclass(frozen=True, slots=True)
class Suite:
    """The records of one file that are run."""

    name: str
    sha256: str
    """Hash of the whole file."""
    size: int
    """Records in the file."""
    records: tuple[Record, ...]
    """Those with a failing program, in the file's order, narrowed by `choose`."""
    selection: str = "all"
    """How the records were chosen, in words."""


def load(path: Path | None = None, *, problems: bool = False) -> Suite:
    """Reads a suite; None is the sample that comes with the package.

    With `problems` records without a failing program count too, and `buggy` is their reference.
    Raises `UsageError` for a file that cannot be read or that holds something else.
    """
    if path is None:
        with ExitStack() as stack:
            data = importlib.resources.files("coderepair.bench").joinpath("data", SAMPLE)
            return load(stack.enter_context(importlib.resources.as_file(data)), problems=problems)
    try:
        raw = path.read_bytes()
        lines = raw.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a suite: {error}") from None
    numbered = enumerate(lines, 1)
    parsed = [_parse(path, number, line, problems) for number, line in numbered if line.strip()]
    records = tuple(record for record in parsed if record is not None)
    if not records:
        raise UsageError(f"{path} holds no record with a failing program (`buggy`)")
    if len({record.task_id for record in records}) != len(records):
        raise UsageError(f"{path}: task_id is not unique")
    return Suite(path.stem, hashlib.sha256(raw).hexdigest(), len(parsed), records)


def choose(
    suite: Suite, protocol: Protocol, *, sample: int = 0, limit: int = 0, seed: int = 0
) -> Suite:
    """The records that give the tool a signal under `protocol`; of these a seeded sample; of it the first.

    `sample` and `limit` are counts of records; 0 means all. The sample keeps the file's order.
    """
    records = [record for record in suite.records if record.gives_signal(protocol)]
    words = [f"{len(records)} of {suite.size} records fail a shown test"]
    if sample and sample < len(records):
        chosen = set(random.Random(seed).sample(range(len(records)), sample))
        records = [record for index, record in enumerate(records) if index in chosen]
        words.append(f"a random {sample} of them (seed {seed})")
    if limit and limit < len(records):
        records = records[:limit]
        words.append(f"the first {limit}")
    if not records:
        raise UsageError(f"{suite.name}: no record left to run")
    return replace(suite, records=tuple(records), selection=", ".join(words))


def write_task(
    folder: Path,
    record: Record,
    tests: Sequence[str],
    *,
    program: str | None = None,
    python: str = "",
    isolation: str = "",
    named: bool = False,
    runner: ForkRunner | None = None,
) -> Task:
    """Writes a record's files to `folder` and makes the task of them.

    `program` replaces the failing program; `named` tells the tool which function is wrong, as in
    `coderepair fix solution.py::f`; `runner` saves a start of one's own. Raises what `make_task` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = record.buggy if program is None else program
    path = folder / PROGRAM_NAME
    path.write_text(source, encoding="utf-8", newline="")
    files = testfiles.write(folder, record, tests)
    function = record.entry_point if named else None
    statement = statement_of(record.prompt, source)
    return make_task(
        path,
        files,
        function=function,
        python=python,
        statement=statement,
        runner=runner,
        isolation=isolation,
    )


def statement_of(prompt: str, source: str) -> str:
    """The prompt, unless the file says the same already (whatever its layout)."""
    said = _squeeze(source)
    if _squeeze(prompt) in said:
        return ""
    docstring = _docstring(prompt)
    return "" if docstring and _squeeze(docstring) in said else prompt


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _docstring(prompt: str) -> str:
    """The docstring of a prompt that is a signature with one; empty for prose."""
    try:
        body = ast.parse(prompt).body
    except (SyntaxError, ValueError):
        return ""
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    return (ast.get_docstring(functions[-1]) or "") if functions else ""


def _parse(path: Path, number: int, line: str, problems: bool) -> Record | None:
    """The record of a line; None if it has no failing program, unless `problems` count too."""
    try:
        fields: dict[str, Any] = json.loads(line)
        if fields["buggy"] is None and not problems:
            return None
        return Record(
            task_id=fields["task_id"],
            problem_id=fields.get("problem_id") or fields["task_id"],
            entry_point=fields["entry_point"],
            buggy=fields["reference"] if fields["buggy"] is None else fields["buggy"],
            reference=fields.get("reference") or "",
            public=tuple(fields["public_tests"]),
            private=tuple(fields.get("private_tests") or ()),
            plus=tuple(fields.get("plus_tests") or ()),
            prompt=fields.get("prompt") or "",
            setup=fields.get("test_setup") or "",
            test_format=fields.get("test_format") or "assert",
            bug_type=fields.get("bug_type") or "",
            fails_public=fields.get("fails_public") is not False,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"{type(error).__name__}: {error}"
        raise UsageError(f"{path}, line {number} is no suite record: {text}") from None
