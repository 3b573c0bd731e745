"""Who can run a task's tests: pytest, or unittest alone where the project's interpreter has no pytest."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from coderepair.model import TestFile

PYTEST, UNITTEST, COMMAND, STDIO = "pytest", "unittest", "command", "stdio"


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
