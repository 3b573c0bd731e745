"""What a process does before it runs a program: gives up what the program has no use for, compiles it.

Imports little, as every candidate's process inherits it.
"""

from __future__ import annotations

import gc
import os
import sys
from types import CodeType
from typing import Any, Dict

from . import sandbox

GC_THRESHOLD = 100_000


def enter(settings: Dict[str, Any], folder: str) -> None:
    """Gives up what a candidate has no use for: descriptors, time, memory, files, network, processes."""
    sandbox.die_with_parent()
    os.setsid()
    use_folder(folder)
    if settings["isolation"].get("limits", True):
        sandbox.limit_resources(settings["memory_mb"], settings["cpu_s"])
    sandbox.confine_candidate(folder, settings["isolation"])
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    sys.setrecursionlimit(1000)


def use_folder(folder: str) -> None:
    """Makes a folder that is home and temporary folder of this process."""
    os.mkdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = folder
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = folder  # type: ignore[attr-defined]


def compile_program(source: str, path: str) -> CodeType:
    """Raises whatever Python raises for such a text; NUL and surrogates become SyntaxError."""
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (ValueError, UnicodeError, RecursionError, MemoryError, OverflowError) as error:
        problem = SyntaxError(str(error) or type(error).__name__)
        problem.filename = path
        raise problem from None
