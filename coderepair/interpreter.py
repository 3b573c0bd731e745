"""Which Python runs the tests: the project's, not the one that coderepair itself lives in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderepair.errors import TestsNotRunnable, UsageError

VENV_FOLDERS = (".venv", "venv", "env")
HAS_PYTEST = "import importlib.util as u, sys; sys.exit(u.find_spec('pytest') is None)"
ASK_S = 20.0
"""Seconds an interpreter may take to say whether it has pytest."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python and why it was chosen."""

    path: str
    """Absolute path of the executable, links kept: a virtual environment is recognised by its path."""
    origin: str
    """`given`, `VIRTUAL_ENV`, `CONDA_PREFIX`, a folder, `PATH`, or `coderepair` for the tool's own."""

    @property
    def own(self) -> bool:
        """Whether it is the environment that coderepair runs in."""
        return is_own(self.path)


def find_python(given: str, file: Path, root: Path) -> Interpreter:
    """The interpreter of the project around `file`; see the order in `_candidates`.

    Raises `UsageError` for a `given` one that is none, `TestsNotRunnable` if none has pytest.
    """
    if given:
        return Interpreter(_resolve(given), "given")
    seen = []
    for candidate in _candidates(file, root):
        if has_pytest(candidate.path):
            return candidate
        seen.append(candidate)
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
    try:
        done = subprocess.run(
            [python, "-c", HAS_PYTEST],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=ASK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _resolve(given: str) -> str:
    found = shutil.which(given) or (given if os.access(given, os.X_OK) else None)
    if found is None or Path(found).is_dir():
        raise UsageError(f"--python {given}: no such interpreter; name a Python executable")
    return str(Path(found).absolute())


def _candidates(file: Path, root: Path) -> Iterator[Interpreter]:
    """Active environment, environment folders at or above the file, PATH, our own.

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
    for folder in _up_to(file.parent, root):
        for name in VENV_FOLDERS:
            python = _executable(folder / name)
            if python:
                yield Interpreter(str(python), str(folder / name))
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
