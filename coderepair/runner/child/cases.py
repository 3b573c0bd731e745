"""unittest's own test cases, collected and run where the project's interpreter has no pytest.

Test modules are imported as pytest's `prepend` import mode does it; the checks go by unittest's ids.
"""

# ruff: noqa: N802, N815, ARG002 (unittest's own names)

from __future__ import annotations

import importlib
import inspect
import sys
import unittest
from typing import Any, Container, Dict, Iterable, Iterator, List, Optional, Tuple

from . import describe
from .doctests import module_name
from .recorder import CheckTimeout, Recorder

FAILED_IMPORT = "unittest.loader._FailedTest"
EXPECTING = "__unittest_expecting_failure__"


def load(tests: Iterable[str], keyword: str) -> List[Any]:
    """The cases of `tests` (paths, or `path::Class` and `path::Class::method`), in unittest's order.

    Raises whatever keeps a test module from being imported.
    """
    loader = unittest.TestLoader()
    if keyword:
        loader.testNamePatterns = [keyword if "*" in keyword else "*%s*" % keyword]
    found: Dict[str, Any] = {}
    for test in tests:
        path, _, node = test.partition("::")
        module = import_module(path)
        chosen = node.replace("::", ".")
        suite = (
            loader.loadTestsFromName(chosen, module)
            if chosen
            else loader.loadTestsFromModule(module)
        )
        for case in flat(suite):
            found.setdefault(case.id(), case)
    for case in found.values():
        error = getattr(case, "_exception", None)
        if error is not None and type(case).__name__ == "_FailedTest":
            raise error
    return list(found.values())


def import_module(path: str) -> Any:
    """The module at `path` under its own name, its folder first on `sys.path`."""
    folder, name = module_name(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


def flat(suite: Any) -> Iterator[Any]:
    """The cases of a suite of suites."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from flat(each)
        else:
            yield each


def listing(task: Any) -> Dict[str, Any]:
    """Collects without running: the nodes of the task and how many checks each has."""
    nodes: List[Dict[str, Any]] = []
    for case in load(task.request["tests"], task.request["keyword"]):
        index = function_of(task, case)
        count = len(task.functions[index].asserts) if index >= 0 else 0
        nodes.append({"id": case.id(), "kind": "item", "count": count})
    return {"nodes": nodes, "errors": [], "texts": []}


def function_of(task: Any, case: Any) -> int:
    """Index of a case's rewritten function, -1 if there is none or its asserts have to raise."""
    method: Any = getattr(case, getattr(case, "_testMethodName", ""), None)
    if method is None or getattr(method, EXPECTING, False) or getattr(case, EXPECTING, False):
        return -1
    plain: Any = inspect.unwrap(method)
    code = getattr(plain, "__code__", None)
    if code is None:
        return -1
    return int(task.function_index.get((code.co_filename, plain.__qualname__), -1))


def run(task: Any, recorder: Recorder, wanted: Container[int]) -> None:
    """Runs the wanted nodes in order. Raises what keeps the tests from being imported."""
    recorder.begin(0, -1)
    cases = {case.id(): case for case in load(task.request["tests"], task.request["keyword"])}
    recorder.imported()
    result = _Result(task.path)
    for number, node in enumerate(task.nodes):
        case = cases.get(node["id"])
        if case is None or node["kind"] != "item" or number not in wanted:
            continue  # no verdict, which is no pass
        recorder.begin(number, function_of(task, case))
        status, failure, problem = result.run(case)
        if isinstance(problem, CheckTimeout):
            recorder.timed_out(0, problem)
            recorder.finish("timeout", None)
        else:
            recorder.finish(status, failure)
    recorder.begin(len(task.nodes), -1)  # belongs to nobody: a bound for what tears down
    result.finish()


class _Result(unittest.TestResult):
    """What became of one case at a time; fixtures of classes and modules run with the first that needs them."""

    def __init__(self, user_file: str) -> None:
        super().__init__()
        self._user_file = user_file
        self._problem: Optional[BaseException] = None
        self._broken: Dict[str, BaseException] = {}
        self._started = self._skipped = False
        self._testRunEntered = True  # a suite that believes it is inside another tears nothing down

    def run(self, case: Any) -> Tuple[str, Optional[Dict[str, Any]], Optional[BaseException]]:
        """(status, failure, exception) of a case."""
        self._problem, self._started, self._skipped = None, False, False
        group = "%s.%s" % (type(case).__module__, type(case).__qualname__)
        try:
            unittest.TestSuite([case]).run(self)
        except CheckTimeout as error:
            self._problem = error
        if not self._started and not self._skipped:
            if self._problem is not None:
                self._broken[group] = self._problem
            known = self._broken.get(group) or next(iter(self._broken.values()), None)
            self._problem = known or AssertionError("the test was not run")
        if self._problem is not None:
            return "call", describe.exception(self._problem, self._user_file), self._problem
        return ("skip" if self._skipped else "ok"), None, None

    def finish(self) -> None:
        """Tears down the last class and module."""
        suite: Any = unittest.TestSuite()
        suite._tearDownPreviousClass(None, self)
        suite._handleModuleTearDown(self)

    def startTest(self, test: Any) -> None:
        self._started = True

    def stopTest(self, test: Any) -> None:
        pass

    def addError(self, test: Any, err: Any) -> None:
        self._problem = self._problem or err[1]

    addFailure = addError

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._problem = self._problem or err[1]

    def addSkip(self, test: Any, reason: str) -> None:
        self._skipped = True

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._skipped = True

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._problem = self._problem or AssertionError("expected to fail and does not")
