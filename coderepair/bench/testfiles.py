"""Test strings of a suite as the pytest files that a user would have written.

A string in `assert` format is code for the namespace of the program: each becomes a test function of
its own, whole, in a module that imports the program's names. A string in `pytest` format is a test
module already.
"""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coderepair.errors import UsageError

if TYPE_CHECKING:
    from coderepair.bench.suites import Record

_INDENT = "    "
_PROGRAM = "solution"


def write(folder: Path, record: Record, tests: Sequence[str]) -> list[Path]:
    """Writes the tests and returns the files: `test_solution.py`, and more for whole modules.

    Raises `UsageError` for a test that is no Python or a format that is not known.
    """
    match record.test_format:
        case "assert":
            modules: Sequence[str] = [module(tests, record.setup, record.buggy)]
        case "pytest":
            modules = tests
        case other:
            raise UsageError(f"{record.task_id}: unknown test_format {other}")
    paths = []
    for index, text in enumerate(modules):
        path = folder / (f"test_{_PROGRAM}_{index + 1}.py" if index else f"test_{_PROGRAM}.py")
        path.write_text(text, encoding="utf-8", newline="")
        paths.append(path)
    return paths


def module(tests: Sequence[str], setup: str = "", program: str = "") -> str:
    """One test module for strings in `assert` format.

    Names come by star import, which leaves out private ones: those that the tests use are named. A
    program with functions called test... would have them collected as tests, so then every name is
    imported explicitly, and those inside the tests that use them.
    """
    defined = _top_level(program)
    used = [_free_names(test) for test in tests]
    needed = set().union(*used, _free_names(setup)) - _bound_names(setup)
    needed -= set(dir(builtins)) - defined
    if any(_looks_like_test(name) for name in defined | needed):
        head = _import(name for name in needed if not _looks_like_test(name))
        inner = [[name for name in names if _looks_like_test(name)] for names in used]
    else:
        head = f"from {_PROGRAM} import *\n"
        head += _import(name for name in needed if name.startswith("_"))
        inner = [[] for _ in tests]
    parts = [head, *([setup.rstrip("\n") + "\n"] if setup.strip() else [])]
    numbered = enumerate(zip(tests, inner, strict=True), 1)
    parts += [_function(number, test, names) for number, (test, names) in numbered]
    return "\n\n".join(part for part in parts if part)


def _function(number: int, test: str, names: Iterable[str]) -> str:
    body = _import(names) + test.strip("\n") + "\n"
    return f"def test_{number}():\n{_indented(body)}"


def _indented(body: str) -> str:
    """The code one level deeper; rewritten where indenting would change a string inside it."""
    text = textwrap.indent(textwrap.dedent(body), _INDENT)
    before, after = ast.parse(textwrap.dedent(body)), ast.parse("if 1:\n" + text).body[0]
    assert isinstance(after, ast.If)
    if [ast.dump(node) for node in before.body] == [ast.dump(node) for node in after.body]:
        return text
    return textwrap.indent(ast.unparse(before) + "\n", _INDENT)


def _import(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return f"from {_PROGRAM} import {listed}\n" if listed else ""


def _looks_like_test(name: str) -> bool:
    """Whether pytest would collect a function or class of this name."""
    return name.startswith(("test", "Test"))


def _free_names(code: str) -> set[str]:
    """Names that the code reads and does not bind itself."""
    read = {
        node.id
        for node in ast.walk(_parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return read - _bound_names(code)


def _bound_names(code: str) -> set[str]:
    """Names that the code binds anywhere: assigned, imported, defined, or a parameter."""
    bound: set[str] = set()
    for node in ast.walk(_parse(code)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add((asname or name).split(".")[0])
    return bound


def _top_level(program: str) -> set[str]:
    """Names that a program binds at its top level; none if it does not parse."""
    try:
        body = ast.parse(program).body
    except (SyntaxError, ValueError):
        return set()
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _parse(code: str) -> ast.Module:
    try:
        return ast.parse(textwrap.dedent(code))
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"a test is no Python: {error}: {code[:80]!r}") from None
