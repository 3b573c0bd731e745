"""The program under test takes the place of the user's file when Python imports it.

Patching `SourceFileLoader.get_code` covers every way a module gets loaded from its path: plain
imports, `src` layouts, editable installs, `spec_from_file_location`, pytest's import modes. The
file itself is never written, and no bytecode of a candidate reaches the cache.
"""

from __future__ import annotations

import importlib.machinery
import linecache
import os
from types import CodeType
from typing import Any, Callable, Dict

Compiler = Callable[[], CodeType]

_replaced: Dict[str, Compiler] = {}
_known: Dict[str, str] = {}


def replace(path: str, compiler: Compiler) -> None:
    """From now on importing the file at `path` (a real path) runs what `compiler()` returns."""
    _replaced[path] = compiler


def code_of(path: str) -> CodeType:
    """What importing the file at `path` runs; it has to be replaced."""
    return _replaced[path]()


def show_source(path: str, source: str) -> None:
    """Tracebacks and `inspect` see this text instead of the file on disk."""
    lines = source.splitlines(True)
    linecache.cache[path] = (len(source), None, lines, path)


def install() -> None:
    """Patches the source loader, once per process tree."""
    loader: Any = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: Any, fullname: str) -> Any:
        compiler = _find(self.path)
        return original(self, fullname) if compiler is None else compiler()

    loader.get_code = get_code


def _find(path: str) -> Any:
    # By the real path alone: the file may be imported under the name of a symbolic link.
    real = _known.get(path)
    if real is None:
        real = _known[path] = os.path.realpath(path)
    return _replaced.get(real)
