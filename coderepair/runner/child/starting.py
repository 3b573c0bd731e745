"""Starts the two processes of two-process mode: the lean zygote, the template of judges."""

from __future__ import annotations

import ast
import os
import socket
import sys
from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Tuple

from . import hiding, sandbox, wire

KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONHASHSEED", "LD_LIBRARY_PATH", "PATH",
                    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # fmt: skip
FORKS = sys.platform.startswith("linux")
"""Whether a warm process may be forked; else candidates are started ahead (`spawn`)."""


class Setting(NamedTuple):
    """What both processes have to know of a task."""

    state: Any
    control: int
    """Socket to the parent; its end is the end of this process."""
    scratch: str
    isolation: Dict[str, bool]
    root: str
    readable: List[str]
    listable: List[str]
    tests: List[str]
    """Files that no candidate may read."""
    path: List[str]
    """`sys.path` once the tests were collected."""
    module: str
    """Name under which the user's file was imported."""


def zygote(setting: Setting, count: int) -> Tuple[wire.Line, int]:
    """A line to the process that candidates are forked from, and its id."""
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)
    folder = os.path.join(setting.scratch, "lean%d-%d" % (os.getpid(), count))
    os.makedirs(folder)
    main = os.path.join(os.path.dirname(os.path.abspath(__file__)), "main.py")
    kind = "lean" if setting.isolation.get("fork", FORKS) else "spawn"
    options = ["-B", "-S", "-s", main, kind, str(theirs.fileno()), folder, setting.root]
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    kept.update(HOME=folder, TMPDIR=folder, PYTHONUNBUFFERED="1")
    pid = os.posix_spawn(sys.executable, [sys.executable, *options], kept)
    theirs.close()
    return wire.Line(ours.detach()), pid


def setup(setting: Setting, preload: List[str]) -> Dict[str, Any]:
    """The first message to the zygote."""
    readable, listable = hiding.without(
        sandbox.readable_paths(setting.readable), hiding.test_files(setting.tests)
    )
    program = {
        "module": setting.module,
        "path": setting.state.path,
        "classes": _classes(str(setting.state.source)),
    }
    return {
        "path": setting.path,
        "isolation": setting.isolation,
        "preload": preload,
        "readable": readable,
        "listable": [*listable, *setting.listable],
        "mapped": sandbox.own_size(),
        "program": program,
    }


def template(setting: Setting, shape: Any, memory_mb: int, count: int) -> Tuple[wire.Line, int]:
    """A line to the process that judges are forked from, and its id."""
    ours, theirs = socket.socketpair()
    told = {"module": setting.module, "shape": shape, "root": setting.root,
             "memory_mb": memory_mb, "isolation": setting.isolation}  # fmt: skip
    pid = os.fork()
    if pid == 0:
        try:
            from . import judge

            folder = os.path.join(setting.scratch, "judge%d-%d" % (os.getppid(), count))
            judge.serve(setting.state, theirs.fileno(), folder, told)
        finally:
            os._exit(0)
    theirs.close()
    return wire.Line(ours.detach()), pid


@lru_cache(maxsize=1)
def _classes(source: str) -> List[str]:
    """Names of the classes that a file defines; the same file for every candidate."""
    try:
        return [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    except (SyntaxError, ValueError, RecursionError):
        return []
