"""Which Python runs the tests: the project's, not the one that coderepair itself lives in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderepair.environments import managed
from coderepair.errors import TestsNotRunnable, UsageError

VENV_FOLDERS = (".venv", "venv", "env")
OLDEST = (3, 8)
"""The oldest Python that can run tests here."""
ASK = (
    "import sys\n"
    "try:\n"
    "    import importlib.util\n"
    "    found = importlib.util.find_spec('pytest') is not None\n"
    "except Exception:\n"
    "    found = False\n"
    "sys.stdout.write('%d %d %d' % (sys.version_info[0], sys.version_info[1], found))\n"
)
"""Python of any age understands it."""
ASK_S = 20.0
"""Seconds an interpreter may take to say how old it is and whether it has pytest."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python and why it was chosen."""

    path: str
    """Absolute path of the executable, links kept: a virtual environment is recognised by its path."""
    origin: str
    """`given`, `VIRTUAL_ENV`, `CONDA_PREFIX`, a folder, who keeps the environment (`poetry`, `hatch`,
    `conda`), `PATH`, or `coderepair` for the tool's own."""

    @property
    def own(self) -> bool:
        """Whether it is the environment that coderepair runs in."""
        return is_own(self.path)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an interpreter says of itself."""

    version: tuple[int, int]
    pytest: bool


def find_python(given: str, file: Path, root: Path, needs_pytest: bool = True) -> Interpreter:
    """The interpreter of the project around `file`; see the order in `_candidates`.

    The first with pytest, or the first at all where the tests do without it.
    Raises `UsageError` for a `given` one that is none, `TestsNotRunnable` if none will do.
    """
    if given:
        chosen = Interpreter(_resolve(given), "given")
        answer = ask(chosen.path)
        if answer is None:
            raise UsageError(f"--python {given}: does not start as a Python interpreter")
        _check_age(chosen.path, answer)
        return chosen
    old: TestsNotRunnable | None = None
    seen: list[Interpreter] = []
    for candidate in _candidates(file, root):
        if (seen or old) and (candidate.own or candidate.origin == "PATH"):
            break  # they lack what the project's own environment has
        answer = ask(candidate.path)
        if answer is None:
            continue
        try:
            _check_age(candidate.path, answer)
        except TestsNotRunnable as error:
            old = old or error
            continue
        if answer.pytest or not needs_pytest:
            return candidate
        seen.append(candidate)
    if old is not None and not seen:
        raise old
    first = seen[0].path if seen else "python3"
    raise TestsNotRunnable(
        f"{first} has no pytest; install it with `{first} -m pip install pytest`, "
        "or name another interpreter with --python"
    )


def is_own(path: str) -> bool:
    """Whether `path` belongs to the environment of this very process."""
    return Path(path).absolute().parent.parent == Path(sys.prefix).absolute()


def has_pytest(python: str) -> bool:
    """Whether this interpreter finds pytest."""
    answer = ask(python)
    return answer is not None and answer.pytest


def ask(python: str) -> Answer | None:
    """Version of an interpreter and whether it finds pytest; None if it does not start as one."""
    try:
        done = subprocess.run(
            [python, "-c", ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ASK_S,
            check=False,
        )
        major, minor, pytest = map(int, done.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Answer((major, minor), bool(pytest))


def _check_age(python: str, answer: Answer) -> None:
    if answer.version < OLDEST:
        found, least = (".".join(map(str, each)) for each in (answer.version, OLDEST))
        raise TestsNotRunnable(
            f"{python} is Python {found}; tests can be run by Python {least} or newer: "
            "name another interpreter with --python"
        )


def _resolve(given: str) -> str:
    found = shutil.which(given) or (given if os.access(given, os.X_OK) else None)
    if found is None or Path(found).is_dir():
        raise UsageError(f"--python {given}: no such interpreter; name a Python executable")
    return str(Path(found).absolute())


def _candidates(file: Path, root: Path) -> Iterator[Interpreter]:
    """Active environment, environment folders at or above the file, those that tools keep elsewhere,
    PATH, our own.

    Our own environment counts as active only where nothing nearer the project is there.
    """
    active = [
        Interpreter(str(python), name)
        for name in ("VIRTUAL_ENV", "CONDA_PREFIX")
        if os.environ.get(name)
        for python in [_executable(Path(os.environ[name]))]
        if python
    ]
    yield from (each for each in active if not each.own)
    chosen = os.environ.get("UV_PROJECT_ENVIRONMENT", "")
    python = _executable(root / chosen) if chosen else None
    if python:
        yield Interpreter(str(python), "UV_PROJECT_ENVIRONMENT")
    for folder in _up_to(file.parent, root):
        for name in VENV_FOLDERS:
            python = _executable(folder / name)
            if python:
                yield Interpreter(str(python), str(folder / name))
    for environment, keeper in managed(root):
        python = _executable(environment)
        if python:
            yield Interpreter(str(python), keeper)
    yield from (each for each in active if each.own)
    for name in ("python3", "python"):
        on_path = shutil.which(name)
        if on_path:
            yield Interpreter(str(Path(on_path).absolute()), "PATH")
    yield Interpreter(sys.executable, "coderepair")


def _executable(environment: Path) -> Path | None:
    for relative in ("bin/python", "Scripts/python.exe", "python.exe"):
        python = environment / relative
        if os.access(python, os.X_OK):
            return python.absolute()
    return None


def _up_to(folder: Path, root: Path) -> Iterator[Path]:
    """`folder` and those above it, as far as `root` or its parent (a common place of an environment)."""
    yield folder
    for above in folder.parents:
        if not above.is_relative_to(root.parent):
            return
        yield above
