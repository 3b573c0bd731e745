"""The real command in a process of its own, on small projects with a home of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "coderepair")

LAST = "def last(xs):\n    return xs[len(xs)]\n"
LAST_FIXED = "def last(xs):\n    return xs[-1]\n"
LAST_TESTS = """\
from solution import last


def test_one():
    assert last([7]) == 7


def test_more():
    assert last([1, 2, 3]) == 3
    assert last("ab") == "b"
"""
IMPOSSIBLE = """\
from solution import last


def test_it():
    assert last([1]) < last([1])
    assert last([2]) < last([2])
"""
TWO = "def half(n):\n    return n * 2\n\n\n" + LAST
TWO_TESTS = (
    LAST_TESTS
    + "\n\ndef test_half():\n    from solution import half\n    assert half(4) == 2\n    assert half(10) == 5\n"
)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    @property
    def complaint(self) -> str:
        """What was said on standard error, which has to be one line."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@dataclass(frozen=True)
class Project:
    """A folder with a program and its tests."""

    path: Path
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def read(self, name: str = "solution.py") -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def run(
        self,
        *arguments: str | Path,
        data: bytes | None = None,
        cwd: Path | None = None,
        timeout: float = 240,
        **environ: str,
    ) -> Ran:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=cwd or self.path,
            env={**self.environ, **environ},
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    def fix(self, *arguments: str | Path, data: bytes | None = None, **environ: str) -> Ran:
        """`fix` with operators alone, which need no model."""
        return self.run("fix", "--model", "none", *arguments, data=data, **environ)

    def snapshot(self) -> Mapping[str, tuple[int, bytes]]:
        """Mode and content of everything in the folder."""
        return {
            str(path.relative_to(self.path)): (
                path.lstat().st_mode,
                path.read_bytes() if path.is_file() else b"",
            )
            for path in sorted(self.path.rglob("*"))
        }


PYTEST_PARTS = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")


def make_interpreter(folder: Path) -> Path:
    """A project's environment with pytest and nothing else: no plugins that take a second to load."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    installed = Path(pytest.__file__).parents[1]
    for part in PYTEST_PARTS:
        for source in (*installed.glob(f"{part}-*.dist-info"), installed / part):
            shutil.copytree(source, packages / source.name)
    shutil.copy(installed / "py.py", packages)
    return folder / "bin" / "python"


def environment(home: Path, python: Path) -> dict[str, str]:
    """What a command sees: a home of its own, the project's interpreter, no colour."""
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "CODEREPAIR_PYTHON": str(python),
        # Loaded machines: what is found in a second elsewhere must not fail for lack of time.
        "CODEREPAIR_TIMEOUT": "120",
        "PYTHONWARNINGS": "error",
        "NO_COLOR": "1",
    }
