"""The tests against the text as it is: graded checks, each with its function and its line in the tests."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coderepair.baseline import baseline_limits
from coderepair.config import Settings, load
from coderepair.edit.regions import functions, program_of
from coderepair.localise.functions import bodies
from coderepair.model import CheckResult, Outcome, Task, TestReport
from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.child.asserts import TestFunction, rewrite
from coderepair.task import make_task
from coderepair_lsp.work.job import Emit, Job
from coderepair_lsp.work.subject import Subject, subjects


def check(job: Job, emit: Emit) -> dict[str, Any]:
    """Checks what the document is about; of several candidates the first that a failing check reaches."""
    found: dict[str, Any] = {}
    for subject in subjects(job):
        settings = load(subject.path, job.flags).settings
        emit({"event": "subject", "path": str(subject.path), "tests": list(subject.tests)})
        with open_runner(1, settings.isolation) as runner:
            mine = _check(job, subject, settings, runner)
        found = found or mine
        if any(each["function"] for each in mine["checks"]):
            return mine
    return found


def _check(job: Job, subject: Subject, settings: Settings, runner: ForkRunner) -> dict[str, Any]:
    task = make_task(
        subject.path,
        subject.tests,
        job.functions,
        python=settings.python,
        source=subject.source,
        runner=runner,
        isolation=settings.isolation,
    )
    program = program_of(task.source, task.targets)
    report, lines = runner.trace(task, program, baseline_limits(settings))
    return document(task, report, lines)


def document(task: Task, report: TestReport, lines: Mapping[str, frozenset[int]]) -> dict[str, Any]:
    """A report as plain data; lines count from 0, as editors do."""
    places = _Tests(task)
    owners = _owners(task)
    return {
        "path": task.path,
        "tests": [test.path for test in task.tests],
        "python": task.python,
        "targets": list(task.targets),
        "functions": _functions(task.source),
        "passed": report.passed,
        "total": len(report.checks),
        "seconds": round(report.seconds, 3),
        "checks": [
            {
                "id": each.id,
                "node": each.id.partition("::assert#")[0],
                "outcome": each.outcome.value,
                "failure": asdict(each.failure) if each.failure else None,
                "function": _owner(each, owners, lines.get(each.id, frozenset())),
                "test": places.of(each.id),
            }
            for each in report.checks
        ],
    }


def _functions(source: str) -> list[dict[str, Any]]:
    try:
        found = functions(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        {"name": each.qualname, "first": each.line - 1, "last": each.last_line - 1}
        for each in found
    ]


def _owners(task: Task) -> list[tuple[str, frozenset[int]]]:
    """The suspects with their lines, most suspicious first."""
    try:
        by_name = {body.qualname: body.lines for body in bodies(task.source)}
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [(name, by_name[name]) for name in task.targets if name in by_name]


def _owner(
    check: CheckResult, owners: list[tuple[str, frozenset[int]]], executed: frozenset[int]
) -> str:
    """The suspect that a failing check is laid at: the first that it executed or that raised in it."""
    if check.outcome is Outcome.PASS:
        return ""
    raised = {check.failure.line} if check.failure is not None else set()
    for name, lines in owners:
        if lines & (executed | raised):
            return name
    return ""


class _Tests:
    """Where checks stand in their test files."""

    def __init__(self, task: Task) -> None:
        self._root = Path(task.project_root)
        self._paths = [test.path for test in task.tests]
        self._tables: dict[str, tuple[dict[str, TestFunction], dict[str, tuple[int, int]]]] = {}

    def of(self, check_id: str) -> dict[str, Any] | None:
        """Path, line of the assert, first and last line of the test; None for what is in no test file."""
        name, _, rest = check_id.partition("::")
        path = self._path(name)
        if path is None:
            return None
        if path not in self._tables:
            self._tables[path] = _table(path)
        asserts, spans = self._tables[path]
        node, _, number = rest.partition("::assert#")
        qualname = node.partition("[")[0].replace("::", ".")
        first, last = spans.get(qualname, (0, 0))
        known = asserts[qualname].asserts if qualname in asserts else []
        index = int(number) - 1 if number.isdigit() else 0
        certain = bool(number) or len(known) == 1
        line = known[index].line - 1 if certain and index < len(known) else first
        return {"path": path, "line": line, "first": first, "last": last}

    def _path(self, name: str) -> str | None:
        inside = str(self._root / name)
        if inside in self._paths:
            return inside
        return next((path for path in self._paths if Path(path).name == Path(name).name), None)


def _table(path: str) -> tuple[dict[str, TestFunction], dict[str, tuple[int, int]]]:
    """Asserts and lines of the test functions of a file, by qualified name."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}, {}
    spans: dict[str, tuple[int, int]] = {}
    _collect(tree.body, "", spans)
    table: list[TestFunction] = []
    rewrite(tree, "test", table)
    return {entry.qualname: entry for entry in table}, spans


def _collect(body: list[ast.stmt], prefix: str, spans: dict[str, tuple[int, int]]) -> None:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            spans[prefix + node.name] = (node.lineno - 1, (node.end_lineno or node.lineno) - 1)
            if isinstance(node, ast.ClassDef):
                _collect(node.body, f"{prefix}{node.name}.", spans)
