"""What tracing costs: CPU time of a marked call as a multiple of the plain one, per level, and of hooks
that do nothing for comparison. `python -m coderepair.bench.tracing`; any Python from 3.11 on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from coderepair.runner.child import blocks
from coderepair.trace.graph import LEVELS
from coderepair.trace.tracer import marked

PROGRAMS = {
    "for": "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n",
    "empty for": "def f(n):\n    for i in range(n):\n        pass\n",
    "while": "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n    return i\n",
    "branches": (
        "def f(n):\n    t = 0\n    for i in range(n):\n        if i % 3 == 0:\n            t += i\n"
        "        else:\n            t -= 1\n    return t\n"
    ),
    "recursion": "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\n",
}
ROUNDS, DEPTH = 300_000, 22
TRIES = 7
FILE = "<traced>"
Traced = Callable[[int], object]


def main() -> None:
    """Prints a table."""
    hooks = ["settrace", *(["monitoring"] if sys.version_info >= (3, 12) else [])]
    sys.stdout.write(f"Python {sys.version.split()[0]}, least of {TRIES}\n")
    sys.stdout.write("".join(f"{name:>12}" for name in ("", *LEVELS, *hooks)) + "\n")
    for name, source in PROGRAMS.items():
        count = DEPTH if name == "recursion" else ROUNDS
        plain = _seconds(_function(compile(source, FILE, "exec")), count)
        costs = [_seconds(_marked(source, level), count) for level in LEVELS]
        costs += [_HOOKS[hook](_function(compile(source, FILE, "exec")), count) for hook in hooks]
        sys.stdout.write(f"{name:>12}" + "".join(f"{each / plain:12.1f}" for each in costs) + "\n")


def _function(code: Any) -> Traced:
    scope: dict[str, Any] = {}
    exec(code, scope)
    found: Traced = scope["f"]
    return found


def _marked(source: str, level: str) -> Traced:
    """Looks at some of the first counts, as a trace does."""
    watched = marked(source, level)
    assert watched is not None
    told = {"marks": watched.told(), "check": 0, "wanted": [*range(1, 16), 10**12]}
    return _function(blocks.start(source, FILE, told)[1])


def _seconds(function: Traced, count: int) -> float:
    """CPU seconds of one call, the least of several."""
    found = []
    for _ in range(TRIES):
        start = time.process_time()
        function(count)
        found.append(time.process_time() - start)
    return min(found)


def _settrace(function: Traced, count: int) -> float:
    def local(_frame: FrameType, _event: str, _argument: object) -> Any:
        return local

    before = sys.gettrace()
    sys.settrace(local)
    try:
        return _seconds(function, count)
    finally:
        sys.settrace(before)


def _monitoring(function: Traced, count: int) -> float:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    tool, lines = 3, monitoring.events.LINE
    monitoring.use_tool_id(tool, "coderepair")
    monitoring.register_callback(tool, lines, lambda _code, _line: None)
    monitoring.set_local_events(tool, function.__code__, lines)
    try:
        return _seconds(function, count)
    finally:
        monitoring.free_tool_id(tool)


_HOOKS = {"settrace": _settrace, "monitoring": _monitoring}

if __name__ == "__main__":
    main()
