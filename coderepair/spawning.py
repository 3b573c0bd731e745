"""Tests that start programs, which no candidate may: a command in a copy of the project runs them instead."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from pathlib import Path

from coderepair.methods import COMMAND, UNITTEST
from coderepair.model import CheckResult, Task
from coderepair.runner.child.doctests import module_name

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
