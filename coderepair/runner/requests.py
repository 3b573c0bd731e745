"""What is said to a worker, and what its answers mean."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from coderepair.errors import TestsNotRunnable
from coderepair.model import Limits, Task

CPU_MARGIN_S = 5
HOLDS_TESTS = re.compile(r"^(?:async )?def test|^class Test|^class .*TestCase", re.MULTILINE)
"""A file under repair that has tests in it, not only doctests."""


def run_request(
    source: str, limits: Limits, limit_s: float, watch: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a server needs to know to run one program; `watch` asks for more than verdicts."""
    return {
        "op": "run",
        "source": source,
        "limit_s": limit_s,
        "cap_s": limits.test_timeout_s,
        "total_s": limits.total_timeout_s,
        "cpu_s": int(limits.total_timeout_s) + CPU_MARGIN_S,
        "memory_mb": limits.memory_mb,
        **(watch or {}),
    }


def task_request(task: Task, layers: dict[str, bool]) -> dict[str, Any]:
    """What a server needs to know of a task."""
    path = os.path.realpath(task.path)
    tests, doctests, files = [], [], []
    for test in task.tests:
        real = os.path.realpath(test.path)
        if real == path or not real.endswith(".py"):
            doctests.append(real)
            if real != path or not HOLDS_TESTS.search(task.source):
                continue
        else:
            files.append(real)
        tests += [f"{test.path}::{node}" for node in test.nodes] or [test.path]
    folders = [str(Path(file).parent) for file in (path, *files, *doctests)]
    return {
        "path": path,
        "source": task.source,
        "tests": tests,
        "rewrite": files,
        "doctests": doctests,
        "keyword": task.keyword,
        "root": task.project_root,
        "readable": sorted({os.path.realpath(task.project_root), *folders}),
        "isolation": layers,
    }


def listed(answer: dict[str, Any]) -> dict[str, Any]:
    """Raises `TestsNotRunnable` with pytest's own words where collecting failed."""
    if "failed" in answer:
        raise TestsNotRunnable(str(answer["failed"]))
    if answer.get("errors"):
        text = " ".join(str((answer.get("texts") or [""])[0]).split())[-300:]
        raise TestsNotRunnable(
            f"the tests cannot be collected: {answer['errors'][0]['message']}"
            + (f" ({text})" if text else "")
        )
    return answer


def no_tests(task: Task) -> str:
    """One line for a task whose tests hold nothing to run."""
    names = ", ".join(Path(test.path).name for test in task.tests)
    chosen = f" matching -k {task.keyword!r}" if task.keyword else ""
    return f"no tests{chosen} found in {names}; name a test file, folder or node id with --tests"
