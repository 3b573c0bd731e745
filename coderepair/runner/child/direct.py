"""Plain test functions called without pytest: half the cost, for tests that use nothing of pytest's.

Only when every item is a module-level function without fixtures (autouse ones included), parameters
or marks, no conftest is loaded and no warning filter is set: then pytest would do nothing but call it.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from types import ModuleType
from typing import Any, Container, Dict, List, Optional

from . import describe
from .doctests import module_name
from .recorder import CheckTimeout, Recorder

Call = Dict[str, str]
"""`file` and `function` of a node."""


def plan(config: Any, items: List[Any]) -> Optional[List[Call]]:
    """What to call for each item; None if any of them needs pytest."""
    if not items or not _nothing_configured(config):
        return None
    if not all(_is_plain(item) for item in items):
        return None
    return [{"file": str(item.path), "function": item.name} for item in items]


def _nothing_configured(config: Any) -> bool:
    return (
        not config.pluginmanager._conftest_plugins
        and not config.getini("filterwarnings")
        and not config.getoption("pythonwarnings")
        and config.getoption("importmode") in ("prepend", "append")
    )


def _is_plain(item: Any) -> bool:
    if type(item).__name__ != "Function" or item.cls is not None or hasattr(item, "callspec"):
        return False
    function = item.obj
    return (
        not item._fixtureinfo.names_closure
        and not list(item.iter_markers())
        and not inspect.iscoroutinefunction(function)
        and not inspect.isasyncgenfunction(function)
        and getattr(item.module, item.name, None) is function
    )


def run(task: Any, recorder: Recorder, wanted: Container[int]) -> None:
    """Imports the test modules and calls the functions of the wanted nodes, in order."""
    recorder.begin(0, -1)
    modules = {file: import_test(file, task.test_code[file]) for file in task.direct_files}
    recorder.imported()
    for number, each in enumerate(task.direct):
        if number not in wanted:
            continue
        function = getattr(modules[each["file"]], each["function"], None)
        if function is None:
            continue  # no verdict, which is no pass
        recorder.begin(number, task.function_index.get((each["file"], each["function"]), -1))
        call(function, recorder, task.path)


def import_test(path: str, code: Any) -> ModuleType:
    """A test module, imported as pytest's `prepend` import mode does, but from code that is compiled already."""
    folder, name = module_name(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if "." in name:
        module = importlib.import_module(name)
    else:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        exec(code, module.__dict__)
    return module


def call(function: Any, recorder: Recorder, user_file: str) -> None:
    """One test; whatever ends it is told to the recorder."""
    try:
        function()
    except CheckTimeout as error:
        recorder.timed_out(0, error)
        recorder.finish("timeout", None)
    except (Exception, SystemExit) as error:
        recorder.finish("call", describe.exception(error, user_file))
    except BaseException as error:  # pytest.skip and pytest.fail, where the tests use them
        skipped = type(error).__name__ == "Skipped"
        recorder.finish(
            "skip" if skipped else "call", None if skipped else describe.exception(error, user_file)
        )
    else:
        recorder.finish("ok", None)
