"""From what a user names (a file, tests, perhaps a function) to a `Task`."""

from __future__ import annotations

import ast
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coderepair import textfile
from coderepair.edit.regions import program_of
from coderepair.edit.syntax import readable
from coderepair.errors import TestsNotRunnable, UsageError
from coderepair.interpreter import find_python, has_pytest
from coderepair.localise.functions import MAX_TARGETS, bodies, reached, suspicious_functions
from coderepair.methods import COMMAND, PYTEST, STDIO, UNITTEST, needs_pytest
from coderepair.model import Limits, Outcome, Task, TestFile, TestReport
from coderepair.runner import AnyRunner, runner_for
from coderepair.runner.pins import sha256
from coderepair.runner.requests import package_base
from coderepair.runner.stdio import files as case_files
from coderepair.spawning import in_copy, is_denied, spawns
from coderepair.testgen.cases import is_generated
from coderepair.verify import is_used

ROOT_MARKS = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "setup.py", ".git")
SKIPPED_FOLDERS = {"node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__"}
MAX_TEST_FILES = 500
TRACE_LIMITS = Limits(test_timeout_s=2.0, total_timeout_s=10.0)
"""For the one traced run that finds the functions; a hanging check must not cost the whole budget."""
WORK = (ast.Expr, ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AugAssign, ast.Match)
TRACE_SHARE = 0.2
"""Share of the run's time that it may take, but at least:"""
MIN_TRACE_S = 1.0
COMMAND_SHARE = 1 / 3
"""Share of the run's time for the same with a test command, which starts everything anew."""
IMPORT_S = 30.0
"""Wall seconds for plain pytest to show whether the tests import the file, where no check executes it."""


def make_task(
    path: str | Path,
    tests: Iterable[str | Path],
    function: str | Sequence[str] | None = None,
    keyword: str = "",
    python: str = "",
    statement: str = "",
    project_root: str = "",
    *,
    source: str | None = None,
    runner: AnyRunner | None = None,
    isolation: str = "",
    timeout_s: float = math.inf,
    io_tests: Iterable[str | Path] = (),
    command: str = "",
) -> Task:
    """A task from a file and its tests: files, folders, `file::node` ids, or the file itself for its doctests.

    Without `function` (one qualified name or several) the functions that failing checks execute become
    the targets, found in one traced run, by `runner` or by one of its own. `source` stands for the
    file's text, as when an editor holds unsaved changes;
    `isolation` is the least level to run at, `timeout_s` the time of the whole run, of which the traced
    one takes its share. `io_tests` are inputs and outputs of a program (`coderepair.runner.stdio`), `command`
    a shell command that tests a copy of the project, both in the place of `tests`.
    Raises `UsageError`, `TestsNotRunnable`.
    """
    file = Path(path).absolute()
    text = textfile.read(file).source if source is None else source
    pairs, tests = list(io_tests), list(tests)
    if command and (pairs or keyword):
        other = "--io-tests" if pairs else "-k"
        raise UsageError(f"{other} does not go with --test-command, which says itself what to run")
    pinned = pin_cases(pairs) if pairs else pin_tests(tests) if tests or not command else ()
    root = _given_root(project_root) if project_root else find_root(file, pinned)
    chosen, method = _judge(file, root, pinned, python, COMMAND if command else STDIO * bool(pairs))
    task = Task(str(file), text, (), pinned, str(root), chosen, keyword, statement, method, command)
    named = [function] if isinstance(function, str) else list(function or ())
    if not named:
        return with_targets(task, runner, isolation, timeout_s)
    task = replace(task, targets=tuple(_named(text, name, file) for name in named))
    if method in (PYTEST, UNITTEST) and spawns(task):
        return replace(with_targets(task, runner, isolation, timeout_s), targets=task.targets)
    return task


def _judge(
    file: Path, root: Path, tests: Sequence[TestFile], python: str, method: str
) -> tuple[str, str]:
    """(interpreter, who runs the tests); `method` is empty where the tests decide."""
    special = not method and needs_pytest(file, tests)
    chosen = find_python(python, file, root, special).path
    if not method:
        method = PYTEST if special or has_pytest(chosen) else UNITTEST
    return chosen, method


def with_targets(
    task: Task,
    runner: AnyRunner | None = None,
    isolation: str = "",
    timeout_s: float = math.inf,
) -> Task:
    """The task with the functions to suspect, most suspicious first; none means the whole file.

    Raises `TestsNotRunnable` if the tests cannot be run.
    """
    if runner is None:
        with runner_for(task, 1, isolation) as own:
            task = with_targets(task, own, isolation, timeout_s)
            own.park()
            return task
    limits = _trace_limits(task, timeout_s)
    report, lines = runner.trace(task, program_of(task.source, ()), limits)
    if task.method in (PYTEST, UNITTEST) and not report.solved:
        if _starts_programs(task, report, lines):
            return with_targets(in_copy(task), None, isolation, timeout_s)
        if not any(lines.values()) and not is_used(task, replace(limits, total_timeout_s=IMPORT_S)):
            raise TestsNotRunnable(
                f"the tests never import {task.path}: they use an installed copy (install the project with "
                "pip install -e) or another file; --test-command can name what tests it"
            )
    if task.method == STDIO and is_script(task.source):
        return task
    found = suspicious_functions(task.source, report.checks, lines) or _mentioned(task)
    targets = tuple([name for name in found if not _is_test(name)][:MAX_TARGETS])
    return replace(
        task, targets=targets, reached=reached(task.source, report.checks, lines, targets)
    )


def _trace_limits(task: Task, timeout_s: float) -> Limits:
    """For the run of the original; a command starts interpreters and test frameworks anew."""
    most, share = TRACE_LIMITS.total_timeout_s, TRACE_SHARE
    if task.method == COMMAND:
        most, share = IMPORT_S, COMMAND_SHARE
    most = min(most, max(MIN_TRACE_S, share * timeout_s))
    return replace(TRACE_LIMITS, total_timeout_s=most)


def _starts_programs(task: Task, report: TestReport, lines: Mapping[str, frozenset[int]]) -> bool:
    """Whether failing tests start programs, which no candidate may: a copy of the project has to judge."""
    if not spawns(task):
        return False
    failing = [check for check in report.checks if check.outcome is not Outcome.PASS]
    return any(is_denied(check) or not lines.get(check.id) for check in failing)


def pin_tests(tests: Iterable[str | Path]) -> tuple[TestFile, ...]:
    """Test files with their hashes; folders become their files, nodes of one file are joined."""
    nodes: dict[Path, list[str]] = {}
    for each in tests:
        name, _, node = str(each).partition("::")
        for file in _test_files(Path(name)):
            if is_generated(file):
                if Path(name).is_dir():
                    continue
                raise UsageError(
                    f"{name} was generated from what the code does and proves nothing; read it, and delete "
                    "the lines at its top once it says what you want"
                )
            chosen = nodes.setdefault(file, [])
            if node:
                chosen.append(node)
            else:
                chosen.clear()
                chosen.append("")  # the whole file, whatever else is named
    if not nodes:
        raise UsageError("no tests named; say --tests TEST, a file, folder or pytest node id")
    return tuple(
        TestFile(str(file), sha256(str(file)), () if "" in chosen else tuple(dict.fromkeys(chosen)))
        for file, chosen in nodes.items()
    )


def pin_cases(names: Iterable[str | Path]) -> tuple[TestFile, ...]:
    """Files with inputs and outputs, with their hashes. Raises `UsageError`, `TestsNotRunnable`."""
    found = [file for name in names for file in case_files(Path(name).absolute())]
    return tuple(TestFile(str(file), sha256(str(file))) for file in dict.fromkeys(found))


def _test_files(path: Path) -> list[Path]:
    path = path.absolute()
    if path.is_file():
        if not os.access(path, os.R_OK):
            raise UsageError(f"{path} cannot be read; check its permissions")
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path} does not exist; name a test file, folder or node id with --tests")
    found = sorted(_walk(path))[:MAX_TEST_FILES]
    if not found:
        raise TestsNotRunnable(
            f"no test_*.py or *_test.py in {path}; name a test file with --tests"
        )
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for base, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "." and name not in SKIPPED_FOLDERS]
        yield from (
            Path(base, name)
            for name in files
            if name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
        )


def find_root(file: Path, tests: Sequence[TestFile]) -> Path:
    """Nearest folder above the file with a mark of a project; else the common folder of file and tests,
    or the one above it if that is a package.

    Never the home folder or the root of the file system, whatever lies there.
    """
    parents = [str(file.parent), *(str(Path(test.path).parent) for test in tests)]
    common = package_base(Path(os.path.commonpath(parents)))
    home = Path.home()
    for folder in (file.parent, *file.parent.parents):
        if folder == home or folder == Path(folder.anchor):
            break
        if any((folder / mark).exists() for mark in ROOT_MARKS):
            return folder if common.is_relative_to(folder) else common
    return common


def _given_root(name: str) -> Path:
    root = Path(name).absolute()
    if not root.is_dir():
        raise UsageError(f"{root} is no folder; name the project's root folder")
    return root


def _named(source: str, name: str, file: Path) -> str:
    """The qualified name meant by `name`: itself, or the only method or nested function so called."""
    try:
        names = list(dict.fromkeys(body.qualname for body in bodies(source)))
    except (SyntaxError, ValueError, RecursionError):
        return name  # the whole file is the region of a file that does not parse
    if name in names:
        return name
    ending = [each for each in names if each.rpartition(".")[2] == name]
    if len(ending) == 1:
        return ending[0]
    known = ", ".join((ending or names)[:8]) or "none"
    raise UsageError(f"{file} has no function {name}; it has: {known}")


def is_script(source: str) -> bool:
    """Whether a file does its work outside of functions; `if __name__ ...: main()` is no work."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(isinstance(node, WORK) and not _only_calls(node) for node in body)


def _only_calls(node: ast.stmt) -> bool:
    """A call without arguments that are calls, alone or behind an `if` about a name."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Compare) and all(map(_only_calls, node.body))
    if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
        return isinstance(node, ast.Expr)
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    return len(calls) == 1


def _mentioned(task: Task) -> list[str]:
    """Where no failing check reached a function: those that the tests name, else all."""
    try:
        names = list(dict.fromkeys(body.qualname for body in bodies(readable(task.source))))
    except (SyntaxError, ValueError, RecursionError):
        return []
    used: set[str] = set()
    for test in task.tests:
        if test.path != task.path:
            used |= _names_in(test.path)
    return [name for name in names if name.rpartition(".")[2] in used] or names


def _names_in(path: str) -> set[str]:
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _is_test(qualname: str) -> bool:
    """Tests that live in the file itself are judges, not suspects."""
    return qualname.rpartition(".")[2].startswith("test_") or qualname.startswith("Test")
