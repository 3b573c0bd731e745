"""Holds one task: pytest configured, tests rewritten and compiled. Forks one candidate per program."""

from __future__ import annotations

import ast
import os
import sys
from types import CodeType
from typing import Any, Dict, List, Optional, Tuple

from . import (
    asserts,
    both,
    candidate,
    describe,
    direct,
    doctests,
    ending,
    entry,
    forking,
    fronts,
    hiding,
    loader,
    pair,
    sandbox,
    session,
    starting,
    warm,
    wire,
)
from .recorder import Recorder

LISTING_S = 30.0
"""Wall seconds that collecting the tests may take."""
IMPORT_S = 6.0
"""CPU seconds after which a file is suspected to hang at import."""

WATCHING = ("trace", "sites", "capture", "blocks")
"""Keys of requests that ask for more than verdicts."""
SHARED, TWO_PROCESS = "shared-process", "two-process"
NO_NAME = "the tests do not import the file as one module"
OTHERS = "without pytest"
"""Why no test can be judged from outside."""
STUB = (
    "class _Stub:\n"
    "    def __init__(self, *a, **k): pass\n"
    "    def __call__(self, *a, **k): return _Stub()\n"
    "    def __getattr__(self, name):\n"
    "        if name.startswith('__'): raise AttributeError(name)\n"
    "        return _Stub()\n"
    "def __getattr__(name):\n"
    "    if name.startswith('__'): raise AttributeError(name)\n"
    "    return _Stub()\n"
)
"""Stands in for a file that cannot be imported, so that its tests can still be listed."""


class TaskState:
    """Everything a candidate inherits."""

    def __init__(self, request: Dict[str, Any]) -> None:
        self.path: str = request["path"]
        self.source: str = request["source"]
        self.functions: List[asserts.TestFunction] = []
        self.function_index: Dict[Tuple[str, str], int] = {}
        self.examples: Dict[str, List[Any]] = {}
        self.nodes: List[Dict[str, Any]] = []
        self.plugin = session.Plugin()
        self.session: Any = None
        self.doctest_flags = 0
        self.test_code: Dict[str, CodeType] = {}
        self.direct: Optional[List[direct.Call]] = None
        self.direct_files: List[str] = []
        self.has_items = bool(request["tests"])
        self.args = session.arguments(request["tests"], request["keyword"])
        self.request = request
        self.front = fronts.of(request["method"])
        """Who lists and runs the items in the place of pytest, if anybody does."""

    def set_recorder(self, recorder: Recorder) -> None:
        """Rewritten asserts find it as a builtin."""
        import builtins

        setattr(builtins, asserts.RECORDER, recorder)

    def rewrite_tests(self, files: List[str]) -> None:
        """Compiles each test module once, with its asserts rewritten."""
        for path in files:
            try:
                with open(path, "rb") as file:
                    tree = ast.parse(file.read(), path)
            except (OSError, SyntaxError, ValueError):
                continue  # pytest will say what is wrong with it
            start = len(self.functions)
            code = compile(
                asserts.rewrite(tree, "test", self.functions), path, "exec", dont_inherit=True
            )
            for index in range(start, len(self.functions)):
                self.function_index[path, self.functions[index].qualname] = index
            self.test_code[path] = code
            loader.replace(path, lambda code=code: code)  # type: ignore[misc]


def serve(control: int, scratch: str, request: Dict[str, Any]) -> None:
    """Sets the task up, answers with its nodes, then runs programs until told to end."""
    sandbox.remember_own_size()
    sandbox.prepare_calls()
    if request["isolation"].get("landlock", True):
        readable = sandbox.readable_paths(request["readable"])
        readable, listable = hiding.without(readable, request.get("hidden", ()))
        sandbox.confine_files(readable, [scratch], [*request["listable"], *listable])
    state = TaskState(request)
    state.rewrite_tests(request["rewrite"])
    server = _Server(control, scratch, state, request)
    wire.write(control, server.prepare(request["doctests"]))
    server.answer()


class _Server:
    def __init__(
        self, control: int, scratch: str, state: TaskState, request: Dict[str, Any]
    ) -> None:
        self._control = control
        self._scratch = scratch
        self._state = state
        self._request = request
        self._isolation: Dict[str, bool] = request["isolation"]
        self._count = 0
        self._imports_known = False
        self._two: Optional[pair.Pair] = None
        self._learned = False
        self._at_once = request["integrity"] == SHARED or request["method"] == "stdio"
        """Whether programs are run in their own process without more ado: nothing is judged there with stdio."""

    # -- set-up -----------------------------------------------------------------------------------

    def prepare(self, doctest_files: List[str]) -> Dict[str, Any]:
        """Lists the nodes in a process of its own, then warms this one for many forks."""
        state = self._state
        if state.front is None and not fronts.has_pytest():
            return {"failed": fronts.NO_PYTEST % (sys.executable, sys.executable)}
        found = self._collected(state.source)
        if found.get("errors") or found.get("failed"):
            return found
        state.nodes = found.pop("nodes")
        path, module = found.pop("path"), found.pop("module")
        self._warm(found)
        if self._request["integrity"] != SHARED and module and "broken" not in found:
            self._two = self._pair(path, module)
        self._add_doctests(doctest_files, found.pop("rootdir"))
        return {**found, "nodes": state.nodes}

    def _collected(self, source: str) -> Dict[str, Any]:
        """The nodes; where the file cannot be imported, ends or hangs its process, with a stub in its place."""
        found = self._list(source, IMPORT_S)
        if found.get("killed") or (not found.get("errors") and "failed" not in found):
            return found
        stubbed = self._list(STUB, LISTING_S)
        if stubbed.get("errors") or not stubbed.get("nodes"):
            return found
        if found.get("timeout") and stubbed["seconds"] > IMPORT_S / 2:
            found = self._list(source, LISTING_S)  # what the tests import takes as long
            if not found.get("errors") and "failed" not in found:
                return found
        return {**stubbed, "broken": True}

    def _warm(self, found: Dict[str, Any]) -> None:
        state = self._state
        warm.preload(found.pop("modules"), state.path)
        state.doctest_flags = found.pop("doctest_flags")
        state.direct = found.pop("direct", None)
        state.direct_files = list(dict.fromkeys(call["file"] for call in state.direct or ()))
        loaded = found.pop("target_loaded")
        if any(file not in state.test_code for file in state.direct_files):
            state.direct = None
        if state.has_items and not loaded:
            state.session = session.configure(state.args, state.plugin)
        warm.settle()

    def _add_doctests(self, files: List[str], rootdir: str) -> None:
        state = self._state
        for path in files:
            source = state.source if path == state.path else _read(path)
            for name, items in doctests.examples(path, source):
                node = "%s::%s" % (os.path.relpath(path, rootdir), name)
                state.examples[node] = items
                state.nodes.append(
                    {"id": node, "kind": "doctest", "count": len(items), "path": path}
                )

    def _list(self, source: str, limit: float) -> Dict[str, Any]:
        """Collects in a forked process with `source` in place of the user's file, in `limit` CPU seconds."""
        settings = {"memory_mb": 4096, "cpu_s": int(LISTING_S), "isolation": self._isolation}

        def work(fd: int, folder: str) -> None:
            entry.enter(settings, folder)
            wire.write(fd, self._listing(source))

        told = self._supervise(work, limit, LISTING_S, LISTING_S)
        if told.events and isinstance(told.events[0], dict):
            return {**told.events[0], "seconds": told.seconds}
        text = "collecting the tests ended without a result (%s)" % told.end
        killed = told.end in forking.KILLED
        return {"failed": text, "timeout": told.end == "timeout", "killed": killed}

    def _listing(self, source: str) -> Dict[str, Any]:
        state, before = self._state, set(sys.modules)
        try:
            code = entry.compile_program(source, state.path)
            loader.replace(state.path, lambda: code)
        except SyntaxError as error:
            return {"errors": [describe.exception(error, state.path)], "texts": [str(error)]}
        if state.front is not None:
            return fronts.listing(state, before)
        try:
            current = session.configure(state.args, state.plugin)
            flags = _doctest_flags(current.config)
            loaded = warm.target_loaded(state.path)
            state.session = current
            found = (
                candidate.listing(state)
                if state.has_items
                else {"nodes": [], "errors": [], "texts": []}
            )
        except BaseException as error:
            failure = describe.exception(error, state.path)
            return {"errors": [failure], "texts": [failure["message"]]}
        found["target_loaded"] = loaded
        found["rootdir"] = str(current.config.rootpath)
        found["doctest_flags"] = flags
        found["modules"] = sorted(set(sys.modules) - before)
        found["path"], found["module"] = list(sys.path), warm.name_of(state.path)
        return found

    # -- requests ---------------------------------------------------------------------------------

    def answer(self) -> None:
        """Does what it is asked for until it is told to end."""
        while True:
            message = wire.read(self._control)
            if message is None or message["op"] == "end":
                return
            if message["op"] == "twin":
                self._twin(message["name"])
            else:
                wire.write(self._control, self.run(message))

    def _twin(self, name: str) -> None:
        """Forks a second server, which answers on the socket that comes with the request."""
        control = wire.receive_descriptor(self._control)
        if os.fork():
            os.close(control)
            wire.write(self._control, {"twin": name})
            return
        sandbox.die_with_parent()
        os.setsid()
        os.close(self._control)
        self._control = control
        self._scratch = os.path.join(self._scratch, name)
        os.makedirs(self._scratch, exist_ok=True)
        if self._two is not None:
            self._two.forget()
            self._two.renamed(self._control, self._scratch)

    def _pair(self, path: List[str], module: str) -> pair.Pair:
        request, state = self._request, self._state
        tests = [*request["rewrite"], *(each for each in request["doctests"] if each != state.path)]
        return pair.Pair(
            starting.Setting(
                state=state,
                control=self._control,
                scratch=self._scratch,
                isolation=self._isolation,
                root=request["root"],
                readable=request["readable"],
                listable=request["listable"],
                tests=tests,
                path=path,
                module=module,
            )
        )

    def run(self, message: Dict[str, Any]) -> Dict[str, Any]:
        """One program: its events, how its process ended, wall and CPU seconds, nodes it could forge."""
        everything = list(range(len(self._state.nodes)))
        if message.get("calls"):
            return self._shared(message, [])
        if any(map(message.get, WATCHING)) or self._at_once:
            return self._shared(message, message.get("nodes") or everything)
        if not self._learned:
            answer = self._learn({**message, "source": self._state.source}, everything)
            if message["source"] == self._state.source:
                return answer
        if self._two is None:
            return both.fallback(self._state.source, self._own_process(), message, everything)
        return both.run(self._two, self._own_process(), message, everything)

    def _own_process(self) -> both.Shared:
        """What judges programs in their own process, if that is allowed."""
        return both.refuse if self._request["integrity"] == TWO_PROCESS else self._shared

    def _learn(self, message: Dict[str, Any], everything: List[int]) -> Dict[str, Any]:
        """The original's turn: it is judged both ways, and where they differ the old way stays."""
        answer = self._shared(message, everything)
        self._learned, two = True, self._two
        if two is None:
            reason = NO_NAME if self._state.front is None else OTHERS
            return {**answer, "reasons": [reason] * len(everything)}
        reasons = both.learn(two, message, answer)
        if all(reasons):
            two.close()
            self._two = None
        return {**answer, "reasons": reasons}

    def _shared(self, message: Dict[str, Any], nodes: List[int]) -> Dict[str, Any]:
        """A program judged in its own process, by these nodes."""
        settings = {**message, "isolation": self._isolation, "nodes": nodes}
        report_imports = not self._imports_known

        def work(fd: int, folder: str) -> None:
            before = set(sys.modules) if report_imports else set()
            try:
                candidate.run(self._state, message["source"], settings, fd, folder)
            except BaseException as error:
                wire.write(fd, ["x", describe.exception(error, self._state.path)])
            if report_imports:
                wire.write(fd, ["m", sorted(set(sys.modules) - before)])

        told = self._supervise(work, *_limits(message))
        ending.charge(told.events, told.end)
        events = [event for event in told.events if event[:1] != ["m"]]
        if report_imports and len(events) < len(told.events):
            warm.preload(told.events[-1][1], self._state.path)
            warm.settle()
            self._imports_known = True
        return {
            "events": events,
            "end": told.end,
            "seconds": told.seconds,
            "cpu": told.cpu,
            "shared": len(nodes),
        }

    def _supervise(
        self,
        work: forking.Work,
        limit: float,
        cap: float,
        total: float,
        memory_mb: int = forking.UNBOUNDED_MB,
    ) -> forking.Told:
        self._count += 1
        folder = os.path.join(self._scratch, "c%d" % self._count)
        return forking.supervise(work, self._control, folder, limit, cap, total, memory_mb)


def _limits(message: Dict[str, Any]) -> Tuple[float, float, float, int]:
    return message["limit_s"], message["cap_s"], message["total_s"], message["memory_mb"]


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _doctest_flags(config: Any) -> int:
    try:
        from _pytest.doctest import get_optionflags

        return int(get_optionflags(config))
    except Exception:  # a private function, and ini options may be off
        return 0
