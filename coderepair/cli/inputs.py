"""From arguments to the file, the functions and the tests that are meant."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coderepair import textfile
from coderepair.errors import UsageError
from coderepair.textfile import TextFile

if TYPE_CHECKING:
    from coderepair.config import Settings
    from coderepair.model import Task

STDIN = "-"
TEST_FOLDERS = ("", "tests", "test")
_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", ".git")


@dataclass(frozen=True, slots=True)
class Input:
    """The program as it was given, and what it is judged by."""

    file: TextFile
    functions: tuple[str, ...]
    """Qualified names that may change; empty leaves the choice to the tests."""
    tests: tuple[str, ...]
    """Test files or pytest node ids."""
    from_stdin: bool = False
    io_tests: tuple[str, ...] = ()
    """Folders and files with inputs and outputs, in the place of tests."""

    @property
    def protected(self) -> list[Path]:
        """Files that the run reads and no report may replace."""
        named = (*(test.partition("::")[0] for test in self.tests), *self.io_tests)
        return [self.file.path, *map(Path, named)]

    def judged_by(self, command: str) -> Input:
        """With the tests that are found where none are named and there is no command in their place.

        Raises `UsageError` if there are none.
        """
        if self.tests or self.io_tests or command:
            return self
        return replace(self, tests=find_tests(self.file.path))


def read_input(
    target: str,
    functions: Sequence[str],
    tests: Sequence[str],
    more_tests: Sequence[str],
    stdin_filename: Path | None = None,
    io_tests: Sequence[str] = (),
) -> Input:
    """The tests are those that are named; see `Input.judged_by`. Raises `UsageError` for whatever cannot
    be meant or read."""
    name, _, qualname = target.partition("::")
    if more_tests and not tests:
        raise UsageError(f"{more_tests[0]}: one FILE at a time; name tests with --tests")
    wanted = tuple(dict.fromkeys(each for each in (qualname, *functions) if each))
    if name != STDIN and stdin_filename is not None:
        raise UsageError("--stdin-filename goes with - in the place of FILE")
    file = _from_stdin(stdin_filename) if name == STDIN else textfile.read(Path(name))
    if io_tests and tests:
        raise UsageError("--tests and --io-tests: choose one")
    return Input(file, wanted, (*tests, *more_tests), name == STDIN, (*io_tests,))


def asked(given: Mapping[str, Any], flags: Mapping[str, Any]) -> tuple[Settings, Task]:
    """Settings and task of a command that only runs the tests, from its arguments by name."""
    from coderepair.cli.settings import configuration_for
    from coderepair.task import make_task

    names = ("function", "tests", "more_tests", "io_tests")
    functions, tests, more, pairs = (given[name] or () for name in names)
    inputs = read_input(given["file"], functions, tests, more, io_tests=pairs)
    settings = configuration_for(inputs.file.path, flags).settings
    inputs = inputs.judged_by(settings.test_command)
    task = make_task(
        inputs.file.path,
        inputs.tests,
        inputs.functions,
        keyword=given["keyword"],
        python=settings.python,
        isolation=settings.isolation,
        io_tests=inputs.io_tests,
        command=settings.test_command,
    )
    return settings, task


def find_tests(path: Path) -> tuple[str, ...]:
    """Test files named after `path`, beside it or in tests/ of a folder above, the nearest only.

    Raises `UsageError` if there are none.
    """
    names = (f"test_{path.stem}.py", f"{path.stem}_test.py")
    for folder in path.absolute().parents:
        found = [folder / sub / name for sub in TEST_FOLDERS for name in names]
        existing = tuple(str(each) for each in found if each.is_file())
        if existing:
            return existing
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            break
    raise UsageError(f"there is no {names[0]} for {path}; name its tests with --tests TEST...")


def _from_stdin(path: Path | None) -> TextFile:
    if path is None:
        raise UsageError("- needs --stdin-filename FILE, the file that standard input stands for")
    if not path.is_file():
        raise UsageError(f"--stdin-filename {path} does not exist; the tests could not import it")
    return textfile.from_bytes(path, sys.stdin.buffer.read())
