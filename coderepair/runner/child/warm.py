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


def preload(names: List[str], target: str) -> None:
    """Imports modules that candidates would import anyway, if they cannot depend on the user's file.

    That is the standard library and what is installed, but for the package that `target` belongs to.
    """
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = {os.path.realpath(sysconfig.get_paths()[kind]) + os.sep for kind in kinds}
    for name in names:
        try:
            spec = importlib.util.find_spec(name.partition(".")[0])
            origin = os.path.realpath(spec.origin) if spec and spec.origin else ""
            builtin = spec is not None and spec.origin in ("built-in", "frozen")
            installed = any(origin.startswith(root) for root in roots)
            if builtin or (installed and not target.startswith(os.path.dirname(origin) + os.sep)):
                importlib.import_module(name)
        except (
            BaseException
        ):  # what cannot be imported here is imported, or fails, in the candidate
            continue
