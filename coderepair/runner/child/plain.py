"""Plain pytest in a fresh process, with the program in place of the user's file: what verification runs.

Reports go to a private descriptor as they come: [node id, phase, outcome, expected to fail];
then ["used"] if the program was really imported, and ["end", exit status].
"""

from __future__ import annotations

import os
from typing import Any, List

from . import wire
from .fresh import Reporter, backwards, enter, prepare


class _Listener:
    """A plugin that only listens."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: Any) -> None:
        expected = hasattr(report, "wasxfail")
        self._reporter.tell(report.nodeid, report.outcome, report.when, expected)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Whatever plugins print after it is not waited for."""
        self._reporter.finish(int(exitstatus))


class _Backwards:
    """A plugin that turns the order of each file's functions and classes round."""

    def pytest_collection_modifyitems(self, items: List[Any]) -> None:
        files = list(dict.fromkeys(_file(item) for item in items))
        items[:] = [
            item
            for file in files
            for item in backwards([each for each in items if _file(each) == file], _name)
        ]


def _file(item: Any) -> str:
    return str(item.nodeid.partition("::")[0])


def _name(item: Any) -> str:
    return str(item.nodeid.split("::")[1].partition("[")[0]) if "::" in item.nodeid else ""


def serve(control: int, scratch: str, root: str) -> None:
    """Runs one request and ends."""
    request = wire.read(control)
    if request is None:
        return
    enter(root, scratch)
    import pytest

    from .calm import Calm

    reporter = prepare(request, control, scratch)
    if reporter is None:
        return
    cache = ["-o", "cache_dir=" + os.path.join(scratch, "cache")]
    turned = [_Backwards()] if request.get("backwards") else []
    pytest.main([*cache, *request["args"]], plugins=[_Listener(reporter), Calm(), *turned])
