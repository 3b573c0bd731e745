"""The user's files as they were when a task was made: nothing may change them while it runs."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from coderepair.errors import TestsNotRunnable
from coderepair.model import Task


@dataclass
class _Pin:
    sha256: str
    stamp: tuple[int, int, int]


class Pins:
    """Hashes of the tests, the conftests above them and the file under repair."""

    def __init__(self, task: Task) -> None:
        """Raises `TestsNotRunnable` if a test file is not what the task was made from."""
        self._pins: dict[str, _Pin] = {}
        for test in task.tests:
            self._add(test.path, test.sha256)
        self._add(task.path, None)
        for path in conftests(task):
            self._add(path, None)

    def check(self) -> None:
        """Raises `TestsNotRunnable` if a file has changed. A look at size and time, mostly."""
        for path, pin in self._pins.items():
            stamp = _stamp(path)
            if stamp == pin.stamp:
                continue
            if sha256(path) != pin.sha256:
                raise TestsNotRunnable(f"{path} changed during the run; start again")
            pin.stamp = stamp

    def _add(self, path: str, expected: str | None) -> None:
        found = sha256(path)
        if expected is not None and found != expected:
            raise TestsNotRunnable(f"{path} changed since the run began; start again")
        self._pins[path] = _Pin(found, _stamp(path))


def conftests(task: Task) -> list[str]:
    """conftest.py files between the project root and the tests."""
    root = Path(task.project_root)
    found = []
    for test in task.tests:
        for folder in Path(test.path).parents:
            conftest = folder / "conftest.py"
            if conftest.is_file():
                found.append(str(conftest))
            if folder == root:
                break
    return sorted(set(found))


def sha256(path: str) -> str:
    """Hex digest of a file's bytes, empty if it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
