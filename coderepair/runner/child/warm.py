"""What a server does once so that its many forks need not: imports, and a settled garbage collector."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import sys
import sysconfig
from typing import List


def settle() -> None:
    """Keeps the collector from touching shared pages in every fork."""
    gc.collect()
    gc.freeze()


def target_loaded(path: str) -> bool:
    """Whether the user's file was imported already, by a conftest or a plugin."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return any(file and os.path.realpath(file) == path for file in files)


def name_of(path: str) -> str:
    """Under which name the file was imported; empty if it was not, or under several."""
    names = [
        name
        for name, module in list(sys.modules.items())
        if os.path.realpath(getattr(module, "__file__", None) or os.sep) == path
    ]
    return names[0] if len(names) == 1 else ""


def preload(names: List[str], target: str) -> None:
    """Imports modules that candidates would import anyway, if they cannot depend on the user's file."""
    for name in preloadable(names, target):
        try:
            importlib.import_module(name)
        except (
            BaseException
        ):  # what cannot be imported here is imported, or fails, in the candidate
            continue


def preloadable(names: List[str], target: str) -> List[str]:
    """Of these modules the standard library and what is installed, but for the package of `target`."""
    found = []
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = {os.path.realpath(sysconfig.get_paths()[kind]) + os.sep for kind in kinds}
    for name in names:
        try:
            spec = importlib.util.find_spec(name.partition(".")[0])
            origin = os.path.realpath(spec.origin) if spec and spec.origin else ""
            builtin = spec is not None and spec.origin in ("built-in", "frozen")
            installed = any(origin.startswith(root) for root in roots)
            if builtin or (installed and not target.startswith(os.path.dirname(origin) + os.sep)):
                found.append(name)
        except BaseException:  # a module whose specification cannot be made
            continue
    return found
