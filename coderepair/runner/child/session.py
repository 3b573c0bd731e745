"""pytest without its terminal: configure once, collect and run many times.

Only three private entry points of pytest are used (`_prepareconfig`, `_do_configure`,
`Session.from_config`); they are the same from pytest 6 to 9. Everything else is hooks.
"""

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Optional, Tuple

from . import describe
from .calm import Calm
from .recorder import CheckTimeout, Recorder


def arguments(tests: List[str], keyword: str) -> List[str]:
    """Command line for `tests` (paths with or without `::node`)."""
    args = ["--assert=plain", "--capture=no", "-q"]
    return [*args, *(["-k", keyword] if keyword else []), "--", *tests]


class Plugin(Calm):
    """Listens to a session on behalf of the recorder."""

    off = (
        *("cacheprovider", "junitxml", "pastebin", "stepwise", "faulthandler", "randomly"),
        *("rerunfailures", "timeout"),
    )
    """Plugins that write files, reorder or repeat tests, or fight over the alarm."""

    def __init__(self) -> None:
        self.recorder: Optional[Recorder] = None
        self.user_file = ""
        self.collect_errors: List[BaseException] = []
        self.collect_texts: List[str] = []
        self._problem: Optional[BaseException] = None
        self._last: Optional[BaseException] = None
        self._phase = "call"
        self._skipped = False

    def begin(self) -> None:
        self._problem, self._phase, self._skipped = None, "call", False
        self._last = None

    def outcome(self) -> Tuple[str, Optional[Dict[str, Any]], Optional[BaseException]]:
        """(status, failure, exception) of the item that has just run."""
        if self._problem is not None:
            return self._phase, describe.exception(self._problem, self.user_file), self._problem
        return ("skip" if self._skipped else "ok"), None, None

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        if report.__class__.__name__ == "CollectReport":
            self.collect_errors.append(call.excinfo.value)
            self.collect_texts.append(str(report.longrepr))

    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        """A report without the text of a traceback, which would cost more than the whole run."""
        from _pytest.reports import TestReport

        outcome: Any = "passed"
        text: Any = None
        if call.excinfo is not None:
            skipped = isinstance(call.excinfo.value, _skipped())
            outcome = "skipped" if skipped else "failed"
            text = (str(item.path), 0, "skipped") if skipped else call.excinfo.exconly()
            self._last = None if skipped else call.excinfo.value
        return TestReport(item.nodeid, item.location, {}, outcome, text, call.when)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome == "skipped":
            self._skipped = True
        elif report.outcome == "failed" and self._problem is None:
            # Without an exception: a strict xfail that passes, or a plugin's own verdict.
            self._problem = self._last or AssertionError(str(report.longrepr)[:300])
            self._phase = report.when

    def pytest_runtest_logstart(self) -> bool:
        return True


def _skipped() -> Any:
    import pytest

    return pytest.skip.Exception


def configure(args: List[str], plugin: Plugin) -> Any:
    """A started session. Raises what pytest raises (`UsageError`, import errors of a conftest)."""
    import pytest
    from _pytest.config import _prepareconfig

    config = _prepareconfig(list(args), [plugin])
    plugin.calm(config)
    config._do_configure()
    session = pytest.Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    return session


def collect(session: Any, plugin: Plugin) -> List[Any]:
    """The items, in order. Errors are left in the plugin."""
    plugin.collect_errors.clear()
    plugin.collect_texts.clear()
    session.perform_collect()
    return list(session.items)


def cause(error: BaseException) -> BaseException:
    """What is behind pytest's CollectError."""
    if type(error).__name__ == "CollectError" and error.__cause__ is not None:
        return error.__cause__
    return error


def function_key(item: Any) -> Tuple[str, str]:
    """(file, qualified name) of the function behind an item; empty where there is none."""
    function: Any = getattr(item, "function", None)
    try:
        function = inspect.unwrap(function)
    except ValueError:
        pass
    code = getattr(function, "__code__", None)
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", None)
    code = getattr(inner, "__code__", code)
    return (
        ("", "")
        if code is None
        else (code.co_filename, getattr(inner or function, "__qualname__", ""))
    )


def run_item(plugin: Plugin, item: Any, following: Any) -> None:
    """Setup, call and teardown of one item through pytest's own protocol."""
    recorder = plugin.recorder
    assert recorder is not None
    plugin.begin()
    try:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        status, failure, problem = plugin.outcome()
    except CheckTimeout as error:
        problem = error
    except Exception as error:  # a plugin's hook broke: that is the item's error
        status, failure, problem = "setup", describe.exception(error, plugin.user_file), None
    if isinstance(problem, CheckTimeout):
        recorder.timed_out(0, problem)
        recorder.finish("timeout", None)
    else:
        recorder.finish(status, failure)
