"""What a fresh process does before it runs tests as the project's own tools would: confine itself, put
the program in the place of the user's file, and tell of the tests on a private descriptor."""

from __future__ import annotations

import os
import sys
import tempfile
from types import CodeType
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import entry, hiding, loader, sandbox, wire


class Reporter:
    """Tells what happened."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.used = False
        """Whether the program was really imported."""

    def tell(self, name: str, outcome: str, phase: str = "call", expected: bool = False) -> None:
        """A test, or a phase of it, has ended."""
        wire.write(self._fd, [name, phase, outcome, expected])

    def finish(self, status: int) -> None:
        """All that counts is known."""
        if self.used:
            wire.write(self._fd, ["used"])
        wire.write(self._fd, ["end", status])


def begin(control: int, scratch: str, root: str) -> Optional[Tuple[Dict[str, Any], Reporter]]:
    """Reads the request, enters, prepares; None if there is nothing to run."""
    request = wire.read(control)
    if request is None:
        return None
    enter(root, scratch)
    reporter = prepare(request, control, scratch)
    return None if reporter is None else (request, reporter)


def backwards(tests: List[Any], group: Callable[[Any], Any]) -> List[Any]:
    """The tests in the opposite order; those of one group stay together, and in their order.

    What passes so and the other way round passes whichever of two groups comes first.
    """
    groups: Dict[Any, List[Any]] = {}
    for test in tests:
        groups.setdefault(group(test), []).append(test)
    return [test for each in reversed(list(groups.values())) for test in each]


def enter(root: str, scratch: str) -> None:
    """Starts where `python -m` would."""
    os.chdir(root)
    sys.path.insert(0, root)
    tempfile.tempdir = scratch


def prepare(request: Dict[str, Any], control: int, scratch: str) -> Optional[Reporter]:
    """Confines this process for good; None if the program does not compile, which is told."""
    sandbox.remember_own_size()
    sandbox.limit_resources(request["memory_mb"], request["cpu_s"])
    readable = sandbox.readable_paths(request["readable"])
    readable, listable = hiding.without(readable, request.get("hidden", ()))
    sandbox.confine_files(readable, [scratch], [*request["listable"], *listable])
    sandbox.confine_calls()
    path, reporter = request["path"], Reporter(control)
    try:
        code = entry.compile_program(request["source"], path)
    except SyntaxError as error:
        wire.write(control, ["end", str(error)])
        return None

    def program() -> CodeType:
        reporter.used = True
        return code

    loader.install()
    loader.show_source(path, request["source"])
    loader.replace(path, program)
    return reporter
