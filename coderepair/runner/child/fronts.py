"""Who lists and runs the tests of a task in the place of pytest."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any, Dict, Set

from . import describe

NO_PYTEST = "%s has no pytest; install it with `%s -m pip install pytest`, or name another interpreter with --python"


def has_pytest() -> bool:
    """Whether this interpreter finds pytest."""
    return importlib.util.find_spec("pytest") is not None


def of(method: str) -> Any:
    """The module for a `Task.method`, with `listing(task)` and `run(task, recorder, wanted)`; None for pytest."""
    if method == "unittest":
        from . import cases

        return cases
    if method == "stdio":
        from . import stdio

        return stdio
    return None


def listing(task: Any, before: Set[str]) -> Dict[str, Any]:
    """What a server needs to know of a task that pytest has no part in; `before` names the modules that
    were loaded already."""
    found: Dict[str, Any] = {"nodes": [], "errors": [], "texts": []}
    if task.has_items:
        try:
            found = task.front.listing(task)
        except (Exception, SystemExit) as error:
            failure = describe.exception(error, task.path)
            return {"errors": [failure], "texts": [failure["message"]]}
    return {
        **found,
        "target_loaded": True,  # there is nothing to configure ahead
        "rootdir": task.request["root"],
        "doctest_flags": 0,
        "modules": sorted(set(sys.modules) - before),
        "path": list(sys.path),
        "module": "",
    }
