"""The trusted side of two-process mode: holds the collected tests and never runs a line of the program.

A template process imports and collects the tests once against `remote`; it forks judges, which run tests
and call a candidate's process for what the program would do. A judge serves many programs if tests and
programs have left nothing behind in it, else one. On the one socket, to the server:
    {"nodes": ..., "reasons": ...} or {"refused": ...}      the template is ready
    events of `recorder`, and ["f", node, why]              a node that needs the candidate's process
    ["w", why]                                              the same for all of them
    ["again"]                                               another process with the program is needed
    ["done", stays]                                         the program has been judged
    ["ended", pid, signal]                                  the judge is gone, by that signal if not 0
"""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import threading
from typing import Any, Dict, List, Optional, Tuple

from . import (
    apart,
    candidate,
    describe,
    direct,
    doctests,
    eligible,
    entry,
    link,
    loader,
    remote,
    sandbox,
    session,
    values,
    wire,
)
from .recorder import CheckTimeout, Crashed, Overflow, Recorder

MAX_DESCRIPTORS = 1024


class Refused(Exception):
    """These tests cannot be judged from a process of their own."""


def serve(state: Any, control: int, folder: str, setup: Dict[str, Any]) -> None:
    """The template process. `state` is a `server.TaskState`."""
    try:
        _enter(folder, control, setup)
        template = Template(state, control, setup)
        wire.write(control, template.collected())
    except BaseException as error:
        wire.write(control, {"refused": describe.show(error)})
        return
    gc.collect()
    gc.freeze()
    template.answer()


def _enter(folder: str, control: int, setup: Dict[str, Any]) -> None:
    sandbox.die_with_parent()
    wire.close_all_but(MAX_DESCRIPTORS, control, sandbox.size_descriptor())
    entry.use_folder(folder)
    sandbox.limit_memory(setup["memory_mb"])
    if setup["isolation"].get("landlock", True):
        sandbox.confine_files(None, [folder])
    if setup["isolation"].get("seccomp", True):
        sandbox.confine_calls(forks=True)


class Template:
    """Tests, collected."""

    def __init__(self, state: Any, control: int, setup: Dict[str, Any]) -> None:
        self.state = state
        self.control = control
        self.setup = setup
        self.modules: Dict[str, Any] = {}
        self.items: Dict[int, Any] = {}
        self.stays = self.forgets = False
        """Whether a judge may serve more than one program, and one that changes arguments too."""

    def collected(self) -> Dict[str, Any]:
        """Imports the tests; which nodes can be judged here and why the others cannot."""
        remote.border.prepare(self.setup["module"], self.setup["shape"])
        loader.replace(self.state.path, lambda: remote.CODE)
        self._load()
        names = set(remote.border.filled)
        if len(names) > 1 or (names and names != {self.setup["module"]}):
            raise Refused("imported as " + " and ".join(sorted(names)))
        if threading.active_count() > 1:
            raise Refused("the tests start threads")
        reasons = self._reasons()
        good = [number for number, reason in enumerate(reasons) if not reason]
        self.stays = self._is_pure()
        self.forgets = self.stays and eligible.is_forgetful(self.modules.values())
        return {"nodes": good, "reasons": reasons}

    def _load(self) -> None:
        state = self.state
        if state.has_items and state.direct:
            self.modules = {
                file: direct.import_test(file, state.test_code[file]) for file in state.direct_files
            }
        elif state.has_items:
            current = state.session or session.configure(state.args, state.plugin)
            items = session.collect(current, state.plugin)
            if state.plugin.collect_errors:
                raise session.cause(state.plugin.collect_errors[0])
            if current.config.getini("filterwarnings") or current.config.getoption(
                "pythonwarnings"
            ):
                raise Refused("warnings are configured")
            index = {node["id"]: number for number, node in enumerate(state.nodes)}
            self.items = {index[item.nodeid]: item for item in items if item.nodeid in index}

    def _reasons(self) -> List[str]:
        state, known = self.state, {}
        conftests = [str(getattr(each, "__file__", "")) for each in self._conftests()]
        general = next(filter(None, map(self._file_reason, conftests)), "")
        found = []
        for number, node in enumerate(state.nodes):
            path = self._file(number, node)
            if path not in known:
                known[path] = general or self._file_reason(path)
            item = self.items.get(number)
            names = getattr(getattr(item, "_fixtureinfo", None), "names_closure", ())
            missing = "" if item or state.direct or node["kind"] == "doctest" else "not collected"
            reason = known[path] and (general or self._test_reason(number, path, known[path]))
            found.append(reason or missing or eligible.fixtures_reason(names))
        return found

    def _test_reason(self, number: int, path: str, reason: str) -> str:
        """Why one test of a file cannot be judged here in which some cannot, by `reason`."""
        state, target, root = self.state, self.setup["module"], self.setup["root"]
        name = _qualified_name(state.direct[number] if state.direct else self.items.get(number))
        try:
            used = apart.parts(path).of(name)
        except (OSError, SyntaxError, ValueError):
            return reason
        if used is None:
            return reason
        modules = eligible.local_modules(sys.modules, [path])
        found = (eligible.module_reason(each, target, root, used.names) for each in modules)
        return eligible.test_reason(used, state.source, target, root) or next(
            filter(None, found), ""
        )

    def _conftests(self) -> List[Any]:
        manager = self.state.session.config.pluginmanager if self.state.session else None
        return list(manager._conftest_plugins) if manager and self.items else []

    def _file(self, number: int, node: Dict[str, Any]) -> str:
        if node["kind"] == "doctest":
            return str(node["path"])
        if self.state.direct:
            return str(self.state.direct[number]["file"])
        return str(getattr(self.items.get(number), "path", ""))

    def _file_reason(self, path: str) -> str:
        state, target, root = self.state, self.setup["module"], self.setup["root"]
        if path == state.path:  # its own doctests; tests in it would be the program's
            return ""
        if not path.endswith(".py"):
            return ""
        reason = eligible.file_reason(path, state.source, target, root)
        modules = eligible.local_modules(sys.modules, [path])
        return reason or next(
            filter(None, (eligible.module_reason(each, target, root) for each in modules)), ""
        )

    def _is_pure(self) -> bool:
        return bool(self.state.direct) and eligible.is_pure(self.modules.values())

    def answer(self) -> None:
        """Forks judges, one after another."""
        while True:
            if wire.read(self.control) is None:
                return
            pid = os.fork()
            if pid == 0:
                self._judge()
            status = os.waitpid(pid, 0)[1]
            wire.write(self.control, ["ended", pid, os.WTERMSIG(status)])

    def _judge(self) -> None:
        try:
            sandbox.die_with_parent()
            os.setsid()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if self.setup["isolation"].get("seccomp", True):
                sandbox.confine_calls()
            gc.set_threshold(entry.GC_THRESHOLD, 50, 100)
            wire.write(self.control, ["ready", os.getpid()])
            Judge(self).answer()
        finally:
            os._exit(0)


class Judge:
    """Runs the tests against one program after another."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._state = template.state
        self._control = template.control
        self._line = wire.Line(self._control)
        remote.border.script.allow(template.forgets)
        self._given: Optional[Tuple[int, int]] = None

    def answer(self) -> None:
        """Judges until it may not be used again."""
        stays = True
        while stays:
            message, fd = self._line.read()
            if message is None:
                return
            random.seed()
            self._given = (fd, message["pid"])
            recorder = self._run(message)
            stays = self._template.forgets or (self._template.stays and not remote.border.dirty)
            recorder.tell(["done", stays])
            recorder.flush()

    def _renew(self) -> Tuple[int, int]:
        """The socket of a process with the program: the one that came with the request, then others."""
        given, self._given = self._given, None
        if given is not None:
            return given
        wire.write(self._control, ["again"])
        message, fd = self._line.read()
        if message is None:
            os._exit(0)
        return fd, message["pid"]

    def _run(self, message: Dict[str, Any]) -> Recorder:
        """Judges one program. What was told last still waits to be sent."""
        state, border = self._state, remote.border
        recorder = Recorder(
            self._control, state.functions, state.path, message["limit_s"], message["cap_s"], False
        )
        recorder.install_clock()
        state.set_recorder(recorder)
        state.plugin.recorder, state.plugin.user_file = recorder, state.path
        loader.show_source(state.path, message["source"])
        border.begin(recorder, self._renew)
        nodes: List[int] = message["nodes"]
        try:
            if self._connected(recorder, nodes):
                self._nodes(recorder, nodes)
                recorder.close()
        except BaseException:
            recorder.flush()
            raise
        finally:
            recorder.pause()
            border.end()
        return recorder

    def _connected(self, recorder: Recorder, nodes: List[int]) -> bool:
        """Whether the program could be imported and is of the shape that the tests were collected with."""
        recorder.begin(nodes[0], -1)
        try:
            told = remote.border.connect()
        except (link.Gone, *values.MALFORMED):
            recorder.timed_out(0, Crashed())
            return False
        except CheckTimeout as error:
            failure = candidate.import_failure(error, self._state.path)
            candidate.broken_everywhere(recorder, nodes, failure)
            return False
        if told[:1] == ["x"]:
            candidate.broken_everywhere(recorder, nodes, dict(told[1]))
        elif told[:1] == ["z"]:
            recorder.timed_out(0, Overflow())
        elif told[:1] == ["h"] and _covers(told[1], self._template.setup["shape"]):
            recorder.imported()
            return True
        else:
            wire.write(self._control, ["w", "the module has changed"])
        return False

    def _nodes(self, recorder: Recorder, nodes: List[int]) -> None:
        state, template = self._state, self._template
        items = [number for number in nodes if number in template.items]
        following = {items[at - 1]: template.items[items[at]] for at in range(1, len(items))}
        for number in nodes:
            remote.border.reason = ""
            if state.nodes[number]["kind"] == "doctest":
                doctests.run(state, number, recorder)
            elif number in template.items:
                item = template.items[number]
                recorder.begin(number, candidate.function_of(state, item))
                session.run_item(state.plugin, item, following.get(number))
            else:
                call = state.direct[number]
                function = getattr(template.modules[call["file"]], call["function"])
                key = (call["file"], call["function"])
                recorder.begin(number, state.function_index.get(key, -1))
                direct.call(function, recorder, state.path)
            if remote.border.reason:
                wire.write(self._control, ["f", number, remote.border.reason])


def _qualified_name(test: Any) -> str:
    """Of a test that is called directly, or an item of pytest's; empty where it has none."""
    if isinstance(test, dict):
        return str(test["function"])
    owner = getattr(test, "cls", None)
    name = str(getattr(test, "originalname", None) or getattr(test, "name", ""))
    return name if owner is None else "%s.%s" % (owner.__qualname__, name)


def _covers(shape: List[Any], original: List[Any]) -> bool:
    """Whether a module has all that the original has, of the same kinds and with the same data."""
    found = {name: [kind, what] for name, kind, what in shape}
    return all(
        found.get(name, [""])[0] == "f" if kind == "f" else found.get(name) == [kind, what]
        for name, kind, what in original
    )
