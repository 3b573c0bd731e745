"""What a process does before it runs a program: gives up what the program has no use for, compiles it.

Imports little, as every candidate's process inherits it.
"""

from __future__ import annotations

import gc
import os
import sys
from types import CodeType
from typing import Any, Dict

from . import sandbox, seccomp, system

GC_THRESHOLD = 100_000
RECURSION = 1000


def enter(settings: Dict[str, Any], folder: str) -> None:
    """Gives up what a candidate has no use for: descriptors, time, memory, files, network, processes."""
    sandbox.die_with_parent()
    os.setsid()
    use_folder(folder)
    if settings["isolation"].get("limits", True):
        sandbox.limit_resources(settings["memory_mb"], settings["cpu_s"])
    sandbox.confine_candidate(folder, settings["isolation"])
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    sys.setrecursionlimit(RECURSION)


def prepare(layers: Dict[str, bool]) -> None:
    """What every candidate gives up and the process that forks it has no use for either."""
    if layers.get("limits", True):
        sandbox.limit_sizes()
    sandbox.close_to_debuggers()
    if _forks_freely(layers):
        system.drop_capabilities()
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    sys.setrecursionlimit(RECURSION)


def enter_prepared(memory_mb: int, cpu_s: int, rules: int, layers: Dict[str, bool]) -> None:
    """As `enter`, in a fork of a process that has called `prepare`, with rules made there (-1: none)."""
    sandbox.die_with_parent()
    os.setsid()
    if layers.get("limits", True):
        sandbox.limit_memory(memory_mb)
        sandbox.limit_cpu(cpu_s)
        if not _forks_freely(layers):
            system.drop_capabilities()
    sandbox.confine_prepared(rules, layers)


def _forks_freely(layers: Dict[str, bool]) -> bool:
    """Whether forks need no right of root: they need no namespaces of their own."""
    return layers.get("limits", True) and seccomp.works(layers)


def use_folder(folder: str) -> None:
    """Makes a folder that is home and temporary folder of this process."""
    os.mkdir(folder)
    point_to(folder)


def point_to(folder: str) -> None:
    """Makes a folder home and temporary folder of this process and its forks."""
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
