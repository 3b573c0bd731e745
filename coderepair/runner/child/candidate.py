"""The forked process in which one program meets its tests. It leaves by `os._exit`, whatever happens."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import tempfile
from types import CodeType
from typing import Any, Dict, List

from . import describe, direct, doctests, loader, sandbox, session
from .recorder import CheckTimeout, Recorder

GC_THRESHOLD = 100_000


def enter(settings: Dict[str, Any], folder: str) -> None:
    """Gives up what a candidate has no use for: descriptors, time, memory, files, network, processes."""
    sandbox.die_with_parent()
    os.setsid()
    os.mkdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = folder
    tempfile.tempdir = folder
    sandbox.limit_resources(settings["memory_mb"], settings["cpu_s"])
    sandbox.confine_candidate(folder, settings["isolation"])
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    sys.setrecursionlimit(1000)


def compile_program(source: str, path: str) -> CodeType:
    """Raises whatever Python raises for such a text; NUL and surrogates become SyntaxError."""
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (ValueError, UnicodeError, RecursionError, MemoryError, OverflowError) as error:
        problem = SyntaxError(str(error) or type(error).__name__)
        problem.filename = path
        raise problem from None


def run(task: Any, source: str, settings: Dict[str, Any], fd: int, folder: str) -> None:
    """Runs every node of `task` (a `server.TaskState`) against `source`; tells events to `fd`."""
    enter(settings, folder)
    recorder = Recorder(fd, task.functions, task.path, settings["limit_s"], settings["cap_s"])
    recorder.install_clock()
    try:
        code = _program(task, source, settings, recorder)
    except SyntaxError as error:
        broken_everywhere(recorder, len(task.nodes), describe.exception(error, task.path))
        return
    loader.show_source(task.path, source)
    loader.replace(task.path, lambda: code)
    task.set_recorder(recorder)
    run_nodes(task, recorder)
    recorder.close()


def _program(task: Any, source: str, settings: Dict[str, Any], recorder: Recorder) -> CodeType:
    """The program, with a watcher where the request wants to know more than verdicts."""
    code = compile_program(source, task.path)
    if settings.get("trace"):
        from . import coverage

        coverage.start(task.path, recorder)
    elif settings.get("sites"):
        from . import observe

        checks = sum(node["count"] for node in task.nodes)
        recorder.watcher, code = observe.start(source, task.path, settings["sites"], checks)
    return code


def run_nodes(task: Any, recorder: Recorder) -> None:
    """Test items first, then docstring examples, each under its index in the list of nodes."""
    if task.has_items:
        try:
            (direct.run if task.direct else run_items)(task, recorder)
        except (Exception, SystemExit, CheckTimeout) as error:
            broken_everywhere(recorder, len(task.nodes), import_failure(error, task.path))
            return
    for number, node in enumerate(task.nodes):
        if node["kind"] == "doctest":
            doctests.run(task, number, recorder)


def run_items(task: Any, recorder: Recorder) -> None:
    """pytest's items, through pytest's own protocol. Raises what keeps the tests from being imported."""
    plugin = task.plugin
    plugin.recorder, plugin.user_file = recorder, task.path
    recorder.begin(0, -1)
    current = task.session or session.configure(task.args, plugin)
    items = session.collect(current, plugin)
    if plugin.collect_errors:
        raise session.cause(plugin.collect_errors[0])
    recorder.imported()
    index = {node["id"]: number for number, node in enumerate(task.nodes)}
    known = [item for item in items if item.nodeid in index]
    for item, following in itertools.zip_longest(known, known[1:]):
        number = index[item.nodeid]
        recorder.begin(number, function_of(task, item))
        session.run_item(plugin, item, following)


def function_of(task: Any, item: Any) -> int:
    """Index of an item's rewritten function, -1 if there is none or its asserts have to raise."""
    if item.get_closest_marker("xfail") is not None:
        return -1
    return int(task.function_index.get(session.function_key(item), -1))


def import_failure(error: BaseException, path: str) -> Dict[str, Any]:
    """Why the tests could not be imported with this program."""
    if isinstance(error, CheckTimeout):
        return {"kind": "timeout", "message": "importing the file took longer than the time limit"}
    return describe.exception(error, path)


def broken_everywhere(recorder: Recorder, count: int, failure: Dict[str, Any]) -> None:
    """The program cannot even be imported: every node fails for the same reason."""
    for number in range(count):
        recorder.begin(number, -1)
        recorder.finish("collect", failure)
    recorder.close()


def listing(task: Any) -> Dict[str, Any]:
    """Collects without running: the nodes of the task and how many checks each has."""
    plugin = task.plugin
    current = task.session or session.configure(task.args, plugin)
    items = session.collect(current, plugin)
    nodes: List[Dict[str, Any]] = []
    for item in items:
        index = function_of(task, item)
        count = len(task.functions[index].asserts) if index >= 0 else 0
        nodes.append({"id": item.nodeid, "kind": "item", "count": count})
    return {
        "nodes": nodes,
        "errors": [
            describe.exception(session.cause(error), task.path) for error in plugin.collect_errors
        ],
        "texts": [text[-2000:] for text in plugin.collect_texts],
        "direct": direct.plan(current.config, items),
    }
