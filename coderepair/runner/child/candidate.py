"""The forked process in which one program meets its tests. It leaves by `os._exit`, whatever happens."""

from __future__ import annotations

import itertools
from types import CodeType
from typing import Any, Callable, Dict, Iterable, List, Sequence

from . import describe, direct, doctests, entry, loader, session
from .recorder import CheckTimeout, Recorder


def run(task: Any, source: str, settings: Dict[str, Any], fd: int, folder: str) -> None:
    """Runs every node of `task` (a `server.TaskState`) against `source`; tells events to `fd`."""
    entry.enter(settings, folder)
    recorder = Recorder(fd, task.functions, task.path, settings["limit_s"], settings["cap_s"])
    recorder.install_clock()
    wanted = settings.get("nodes", range(len(task.nodes)))
    try:
        code = _program(task, source, settings, recorder)
    except SyntaxError as error:
        broken_everywhere(recorder, wanted, describe.exception(error, task.path))
        return
    loader.show_source(task.path, source)
    loader.replace(task.path, lambda: code)
    task.set_recorder(recorder)
    run_nodes(task, recorder, wanted)
    if "calls" in settings:
        from . import made_calls

        made_calls.answer(settings["calls"], task.path, recorder)
    recorder.close()


def _program(task: Any, source: str, settings: Dict[str, Any], recorder: Recorder) -> CodeType:
    """The program, with a watcher where the request wants to know more than verdicts."""
    code = entry.compile_program(source, task.path)
    if settings.get("trace"):
        from . import coverage

        coverage.start(task.path, recorder)
    elif settings.get("capture"):
        from . import made_calls

        recorder.watcher, code = made_calls.start(source, task.path)
    elif settings.get("blocks"):
        from . import blocks

        recorder.watcher, code = blocks.start(source, task.path, settings["blocks"])
    elif settings.get("sites"):
        from . import observe

        checks = sum(node["count"] for node in task.nodes)
        recorder.watcher, code = observe.start(source, task.path, settings["sites"], checks)
    return code


def run_nodes(task: Any, recorder: Recorder, wanted: Sequence[int]) -> None:
    """Test items first, then docstring examples, each under its index in the list of nodes.

    Without any node the tests are only imported."""
    items = any(task.nodes[number]["kind"] != "doctest" for number in wanted)
    if task.has_items and (items or not wanted):
        try:
            _items_of(task)(task, recorder, wanted)
        except (Exception, SystemExit, CheckTimeout) as error:
            broken_everywhere(recorder, wanted, import_failure(error, task.path))
            return
    for number in wanted:
        if task.nodes[number]["kind"] == "doctest":
            doctests.run(task, number, recorder)


def _items_of(task: Any) -> Callable[[Any, Recorder, Sequence[int]], None]:
    """Who runs the items of this task."""
    if task.front is not None:
        return task.front.run  # type: ignore[no-any-return]
    return direct.run if task.direct else run_items


def run_items(task: Any, recorder: Recorder, wanted: Sequence[int]) -> None:
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
    known = [item for item in items if index.get(item.nodeid, -1) in wanted]
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


def broken_everywhere(recorder: Recorder, nodes: Iterable[int], failure: Dict[str, Any]) -> None:
    """The program cannot even be imported: all these nodes fail for the same reason."""
    for number in nodes:
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
