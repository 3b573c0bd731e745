"""What is said to a worker, and what its answers mean."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coderepair.errors import TestsNotRunnable
from coderepair.methods import STDIO
from coderepair.model import Limits, Task
from coderepair.runner.reports import TestNode
from coderepair.runner.stdio import cases
from coderepair.runner.worker import DiedCollecting

CPU_MARGIN_S = 5
HOLDS_TESTS = re.compile(r"^(?:async )?def test|^class Test|^class .*TestCase", re.MULTILINE)
"""A file under repair that has tests in it, not only doctests."""
UNKNOWN_OPTION = re.compile(r"unrecognized arguments: (-\S+)")
INIFILE = re.compile(r"inifile: (\S+)")
REQUIRED = re.compile(r"Missing required plugins: (.+)")
PLUGINS = {
    "-n": "pytest-xdist", "--dist": "pytest-xdist", "--cov": "pytest-cov",
    "--no-cov": "pytest-cov", "--timeout": "pytest-timeout", "--asyncio": "pytest-asyncio",
    "--anyio": "anyio", "--benchmark": "pytest-benchmark", "--reruns": "pytest-rerunfailures",
    "--randomly": "pytest-randomly", "--ds": "pytest-django",
    "--reuse-db": "pytest-django", "--create-db": "pytest-django", "--mypy": "pytest-mypy",
    "--ruff": "pytest-ruff", "--black": "pytest-black", "--flake8": "pytest-flake8",
    "--html": "pytest-html", "--snapshot": "syrupy", "--instafail": "pytest-instafail",
}  # fmt: skip
"""Beginning of an option -> the package whose pytest plugin brings it."""


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
        "output_kb": limits.output_kb,
        **(watch or {}),
    }


def task_request(
    task: Task, layers: dict[str, bool], integrity: str = "shared-process"
) -> dict[str, Any]:
    """What a server needs to know of a task; `integrity` as in `open_runner`."""
    path = os.path.realpath(task.path)
    if task.method == STDIO:
        return {**_request(task, path, layers, integrity), **_inputs(task)}
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
    request = _request(task, path, layers, integrity, *files, *doctests)
    return {**request, "tests": tests, "rewrite": files, "doctests": doctests}


def _inputs(task: Task) -> dict[str, Any]:
    """What the program is to read; the expected outputs stay here."""
    told = [{"id": case.id, "input": case.input} for case in cases(task.tests, task.keyword)]
    hidden = [os.path.realpath(test.path) for test in task.tests]
    return {"tests": hidden, "rewrite": [], "doctests": [], "cases": told, "hidden": hidden}


def _request(
    task: Task, path: str, layers: dict[str, bool], integrity: str, *files: str
) -> dict[str, Any]:
    """What is the same whoever runs the tests."""
    folders = [str(Path(file).parent) for file in (path, *files)]
    return {
        "path": path,
        "source": task.source,
        "keyword": task.keyword,
        "method": task.method,
        "root": task.project_root,
        "readable": sorted({os.path.realpath(task.project_root), *folders}),
        # Python imports a package from the folder above it, which it has to list.
        "listable": sorted({str(package_base(Path(folder))) for folder in folders}),
        "isolation": layers,
        "integrity": integrity,
    }


def package_base(folder: Path) -> Path:
    """The folder that has to be on `sys.path` for a module in `folder`: the first that is no package."""
    while (folder / "__init__.py").exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def listed(answer: dict[str, Any]) -> dict[str, Any]:
    """Raises `TestsNotRunnable` with pytest's own words where collecting failed, `DiedCollecting` if it was ended."""
    if answer.get("killed"):
        raise DiedCollecting(str(answer["failed"]))
    if "failed" in answer:
        raise TestsNotRunnable(str(answer["failed"]))
    if answer.get("errors"):
        message = str(answer["errors"][0]["message"])
        missing = _missing_plugin(message)
        if missing:
            raise TestsNotRunnable(missing)
        text = " ".join(str((answer.get("texts") or [""])[0]).split())[-300:]
        more = f" ({text})" if text and text not in " ".join(message.split()) else ""
        raise TestsNotRunnable(f"the tests cannot be collected: {message}{more}")
    return answer


def _missing_plugin(message: str) -> str:
    """What to do where the project's configuration speaks of a plugin that is not installed."""
    required = REQUIRED.search(message)
    if required:
        packages = " ".join(part.strip() for part in required[1].split(","))
        return f"the project's pytest configuration requires {packages}; {_install(packages)}"
    unknown = UNKNOWN_OPTION.search(message)
    if not unknown:
        return ""
    option = unknown[1].partition("=")[0]
    package = next((name for start, name in PLUGINS.items() if option.startswith(start)), "")
    where = INIFILE.search(message)
    text = f"pytest does not know {option}" + (f" of {where[1]}" if where else "")
    return f"{text}; {_install(package) if package else 'install the plugin that it belongs to'}"


def _install(packages: str) -> str:
    return f"run pip install {packages} in the project's environment, or name another with --python"


def require_judged(nodes: Sequence[TestNode], reasons: Sequence[str]) -> None:
    """Raises `TestsNotRunnable` for tests that a program could reach, where that is not allowed."""
    named = [(node.id, why) for node, why in zip(nodes, reasons, strict=False) if why]
    if named:
        node, why = named[0]
        raise TestsNotRunnable(
            f"{len(named)} of {len(nodes)} tests can only run in the candidate's process "
            f"({node}: {why}); --integrity auto allows that"
        )


def no_tests(task: Task) -> str:
    """One line for a task whose tests hold nothing to run."""
    names = ", ".join(Path(test.path).name for test in task.tests)
    chosen = f" matching -k {task.keyword!r}" if task.keyword else ""
    return f"no tests{chosen} found in {names}; name a test file, folder or node id with --tests"
