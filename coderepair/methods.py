"""Who can run a task's tests: pytest, or unittest alone where the project's interpreter has no pytest, in the
candidate's own process; or, where they start programs, a command in a copy of the project."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from coderepair.model import CheckResult, Task, TestFile
from coderepair.runner.child.doctests import module_name

PYTEST, UNITTEST, COMMAND, STDIO = "pytest", "unittest", "command", "stdio"
SPAWNS = re.compile(
    r"\bsubprocess\b|\bos\.(?:system|popen|spawn|exec|posix_spawn|fork)|\bpexpect\b|\bmultiprocessing\b"
    r"|\bscript_runner\b|\bProcessPoolExecutor\b|\bcreate_subprocess_"
)
"""What tests that start programs or processes have in their text."""
DENIED = re.compile(r"Operation not permitted|Permission denied|Resource temporarily unavailable")


def spawns(task: Task) -> bool:
    """Whether a test file or a conftest.py beside it may start programs."""
    files = [Path(test.path) for test in task.tests]
    beside = {file.with_name("conftest.py") for file in files}
    return any(SPAWNS.search(_text(file)) for file in (*files, *beside) if file.suffix == ".py")


def is_denied(check: CheckResult) -> bool:
    """Whether a check failed because a candidate may not start programs."""
    failure = check.failure
    return failure is not None and bool(DENIED.search(failure.message))


def in_copy(task: Task) -> Task:
    """The same tests as a command in a copy of the project."""
    root = os.path.realpath(task.project_root)
    if task.method == UNITTEST:
        names = [".".join((module_name(test.path)[1], *_dotted(node)))
                 for test in task.tests for node in test.nodes or ("",)]  # fmt: skip
        words = [task.python, "-m", "unittest", "-v", *(["-k", task.keyword] * bool(task.keyword))]
    else:
        names = ["::".join(filter(None, (_below(root, test.path), node)))
                 for test in task.tests for node in test.nodes or ("",)]  # fmt: skip
        words = [task.python, "-m", "pytest", "-rA", "-q", "--color=no", "--tb=short", "-p",
                 "no:cacheprovider", *(["-k", task.keyword] * bool(task.keyword)), "--"]  # fmt: skip
    return replace(task, method=COMMAND, command=shlex.join([*words, *names]))


def _below(root: str, path: str) -> str:
    return os.path.relpath(os.path.realpath(path), root)


def _dotted(node: str) -> list[str]:
    return node.replace("::", ".").split(".") if node else []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def needs_pytest(file: Path, tests: Sequence[TestFile]) -> bool:
    """Whether any of the tests is more than unittest's cases and docstring examples."""
    return any(_needs_pytest(Path(test.path), Path(test.path) == file) for test in tests)


def _needs_pytest(path: Path, under_repair: bool) -> bool:
    """What does not parse is left to pytest to complain about, but for the file under repair."""
    if path.suffix != ".py":
        return False
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return not under_repair
    return any(_is_pytests(node) for node in body)


def _is_pytests(node: ast.stmt) -> bool:
    """A test function, a test class that is no `TestCase`, or an import of pytest."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return node.name.startswith("test")
        case ast.ClassDef():
            return node.name.startswith("Test") and not node.bases
        case ast.Import():
            return any(_is_pytest(alias.name) for alias in node.names)
        case ast.ImportFrom():
            return _is_pytest(node.module or "")
    return False


def _is_pytest(module: str) -> bool:
    return module.partition(".")[0] == "pytest"
