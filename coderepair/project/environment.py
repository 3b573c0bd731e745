"""Modules outside the project: what the project's interpreter would import, without importing it.

The interpreter is asked where top-level modules are; Python sources are then read like the project's
own. Only modules of the standard library are imported, over there, for many fill in names as they run.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from coderepair.project.reading import read
from coderepair.project.records import Module

ASK_S = 10.0
"""Seconds the interpreter may take to answer."""
_ASK = """
import importlib, importlib.util, json, os, sys
standard = os.path.dirname(os.__file__) + os.sep
def is_standard(name, origin):
    if name in sys.builtin_module_names or origin in ("built-in", "frozen"):
        return True
    return bool(origin) and origin.startswith(standard) and "-packages" + os.sep not in origin
told = {}
for name in json.loads(sys.argv[1]):
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        continue
    if spec is None:
        told[name] = None
        continue
    origin, names = spec.origin or "", None
    if is_standard(name, origin) and name not in ("antigravity", "this", "idlelib", "turtledemo"):
        try:
            names = dir(importlib.import_module(name))
        except Exception:
            names = None
    told[name] = [origin, names, spec.submodule_search_locations is not None]
print(json.dumps(told))
"""


class Outside(NamedTuple):
    """A top-level module outside the project."""

    found: bool
    module: Module | None = None
    """None where nothing is known but that it is there."""
    folder: str = ""
    """Of a package: where its modules are."""


class Environment:
    """The modules that an interpreter can import."""

    def __init__(self, python: str) -> None:
        """`python` is the path of the executable; empty knows nothing."""
        self._python = python

    def prepare(self, names: Sequence[str]) -> None:
        """Asks about several top-level modules at once."""
        _ask(self._python, tuple(sorted(set(names))))

    def top(self, name: str, among: Sequence[str]) -> Outside | None:
        """A top-level module, asked for together with others; None if nothing is known."""
        return _ask(self._python, tuple(sorted({name, *among}))).get(name)

    def module(self, name: str, among: Sequence[str]) -> Outside | None:
        """A module by its dotted name; None if nothing is known of it."""
        first, *rest = name.split(".")
        found = self.top(first, among)
        if found is None or not found.found or not rest:
            return found
        known, folder = found.module, found.folder
        for depth, part in enumerate(rest, 2):
            if known is None or known.open or part in known.names or not folder:
                return Outside(True)
            path = _module_file(Path(folder), part)
            if path is None:
                return Outside(Path(folder, part).exists() or _has_binary(Path(folder), part))
            known = _read(str(path), ".".join(name.split(".")[:depth]))
            folder = str(path.parent) if path.name == "__init__.py" else ""
        return Outside(True, known, folder)


@lru_cache(maxsize=64)
def _ask(python: str, names: tuple[str, ...]) -> dict[str, Outside]:
    """What the interpreter says of top-level modules; nothing if it does not answer."""
    if not python or not names:
        return {}
    try:
        done = subprocess.run(
            [python, "-c", _ASK, json.dumps(names)],
            capture_output=True,
            timeout=ASK_S,
            cwd=Path(python).anchor or None,
            check=True,
        )
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    return {name: _outside(name, row) for name, row in told.items()}


def _outside(name: str, row: list[object] | None) -> Outside:
    if row is None:
        return Outside(False)
    origin, names, package = str(row[0]), row[1], bool(row[2])
    known = _read(origin, name) if origin.endswith(".py") else None
    if isinstance(names, list):
        known = known or Module(name, origin)
        known = known._replace(names=known.names | frozenset(map(str, names)), stars=(), open=False)
    return Outside(True, known, str(Path(origin).parent) if package else "")


@lru_cache(maxsize=256)
def _read(path: str, name: str) -> Module | None:
    try:
        return read(Path(path).read_text(encoding="utf-8"), name, path)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _module_file(folder: Path, name: str) -> Path | None:
    for path in (folder / f"{name}.py", folder / name / "__init__.py"):
        if path.is_file():
            return path
    return None


def _has_binary(folder: Path, name: str) -> bool:
    return any(folder.glob(f"{name}.*"))
