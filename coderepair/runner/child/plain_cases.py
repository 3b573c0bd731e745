"""What `python -m unittest` does, in a fresh process with the program in place of the user's file.

Tells what `plain` tells: [id, phase, outcome, expected to fail], ["used"], ["end", exit status].
"""

# ruff: noqa: N802, ARG002 (unittest's own names)

from __future__ import annotations

import doctest
import io
import unittest
from typing import Any, Dict, List

from . import cases, wire
from .fresh import Reporter, backwards, begin


def serve(control: int, scratch: str, root: str) -> None:
    """Runs one request and ends."""
    begun = begin(control, scratch, root)
    if begun is None:
        return
    request, reporter = begun
    try:
        suite = _suite(request)
    except (Exception, SystemExit) as error:
        wire.write(control, ["end", 1])
        raise SystemExit(1) from error
    listener: Any = lambda *_: _Listener(reporter)  # noqa: E731
    runner = unittest.TextTestRunner(io.StringIO(), resultclass=listener)
    passed = runner.run(suite).wasSuccessful()
    reporter.finish(0 if passed and suite.countTestCases() else 1)


def _suite(request: Dict[str, Any]) -> unittest.TestSuite:
    """The cases as unittest finds them, and the docstring examples."""
    found: List[Any] = cases.load(request["tests"], request["keyword"])
    for path in request["doctests"]:
        if path.endswith(".py"):
            found += cases.flat(doctest.DocTestSuite(cases.import_module(path)))
        else:
            found += cases.flat(doctest.DocFileSuite(path, module_relative=False))
    if request.get("backwards"):
        found = backwards(found, type)
    return unittest.TestSuite(found)


class _Listener(unittest.TestResult):
    """Tells how each case ended."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def printErrors(self) -> None:
        """Nothing is printed; the runner asks for it."""

    def addSuccess(self, test: Any) -> None:
        self._reporter.tell(test.id(), "passed")

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._reporter.tell(test.id(), "failed")

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._reporter.tell(test.id(), "failed")

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._reporter.tell(test.id(), "failed")

    def addSkip(self, test: Any, reason: str) -> None:
        self._reporter.tell(test.id(), "skipped")

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._reporter.tell(test.id(), "skipped", expected=True)

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self._reporter.tell(test.id(), "failed")
