"""Plain pytest in a fresh process, with the program in place of the user's file: what verification runs.

Reports go to a private descriptor as they come: [node id, phase, outcome, expected to fail];
then ["used"] if the program was really imported, and ["end", exit status].
"""

from __future__ import annotations

import os
import sys
import tempfile
from types import CodeType
from typing import Any

from . import entry, loader, sandbox, wire


class Reporter:
    """A plugin that only listens."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.used = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        expected = hasattr(report, "wasxfail")
        wire.write(self._fd, [report.nodeid, report.when, report.outcome, expected])

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """All that counts is known; whatever plugins print after it is not waited for."""
        if self.used:
            wire.write(self._fd, ["used"])
        wire.write(self._fd, ["end", int(exitstatus)])


def serve(control: int, scratch: str, root: str) -> None:
    """Runs one request and ends."""
    request = wire.read(control)
    if request is None:
        return
    os.chdir(root)
    sys.path.insert(0, root)  # as `python -m pytest` does
    tempfile.tempdir = scratch
    import pytest

    from .calm import Calm

    sandbox.remember_own_size()
    sandbox.limit_resources(request["memory_mb"], request["cpu_s"])
    readable = sandbox.readable_paths(request["readable"])
    sandbox.confine_files(readable, [scratch], request["listable"])
    sandbox.confine_calls()
    path, reporter = request["path"], Reporter(control)
    try:
        code = entry.compile_program(request["source"], path)
    except SyntaxError as error:
        wire.write(control, ["end", str(error)])
        return

    def program() -> CodeType:
        reporter.used = True
        return code

    loader.install()
    loader.show_source(path, request["source"])
    loader.replace(path, program)
    cache = ["-o", "cache_dir=" + os.path.join(scratch, "cache")]
    pytest.main([*cache, *request["args"]], plugins=[reporter, Calm()])
