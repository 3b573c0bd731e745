"""Holds one task: pytest configured, tests rewritten and compiled. Forks one candidate per program."""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import os
import random
import resource
import select
import shutil
import signal
import sys
import sysconfig
import time
from types import CodeType
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import asserts, candidate, describe, direct, doctests, loader, sandbox, session, wire
from .recorder import Recorder

LISTING_S = 60.0
"""Wall seconds that collecting the tests may take."""
GRACE_S = 0.4
"""How long a check may overstay its soft limit before it is killed."""
EVENTS = 8 * 1024 * 1024
"""Bytes of events taken from one candidate."""
TICK_S = 0.05

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
        self.args = session.arguments(request["tests"], request["keyword"], _installed)

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
    if request["isolation"].get("landlock", True):
        sandbox.confine_files(sandbox.readable_paths(request["readable"]), [scratch])
    state = TaskState(request)
    state.rewrite_tests(request["rewrite"])
    server = _Server(control, scratch, state, request["isolation"])
    wire.write(control, server.prepare(request["doctests"]))
    while True:
        message = wire.read(control)
        if message is None or message["op"] == "end":
            return
        wire.write(control, server.run(message))


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


class _Server:
    def __init__(
        self, control: int, scratch: str, state: TaskState, isolation: Dict[str, bool]
    ) -> None:
        self._control = control
        self._scratch = scratch
        self._state = state
        self._isolation = isolation
        self._count = 0
        self._imports_known = False

    # -- set-up -----------------------------------------------------------------------------------

    def prepare(self, doctest_files: List[str]) -> Dict[str, Any]:
        """Lists the nodes in a process of its own, then warms this one for many forks."""
        state = self._state
        found = self._list(state.source)
        if found.get("errors"):
            stubbed = self._list(STUB)
            if not stubbed.get("errors") and stubbed.get("nodes"):
                found = {**stubbed, "broken": found["errors"][0]}
        if found.get("errors") or found.get("failed"):
            return found
        state.nodes = found.pop("nodes")
        self._warm(found)
        self._add_doctests(doctest_files, found.pop("rootdir"))
        return {**found, "nodes": state.nodes}

    def _warm(self, found: Dict[str, Any]) -> None:
        state = self._state
        preload(found.pop("modules"))
        state.doctest_flags = found.pop("doctest_flags")
        state.direct = found.pop("direct", None)
        state.direct_files = list(dict.fromkeys(call["file"] for call in state.direct or ()))
        loaded = found.pop("target_loaded")
        if any(file not in state.test_code for file in state.direct_files):
            state.direct = None
        if state.has_items and not loaded and not state.direct:
            state.session = session.configure(state.args, state.plugin)
        _settle()

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

    def _list(self, source: str) -> Dict[str, Any]:
        """Collects in a forked process with `source` in place of the user's file."""
        settings = {"memory_mb": 4096, "cpu_s": int(LISTING_S), "isolation": self._isolation}

        def work(fd: int, folder: str) -> None:
            candidate.enter(settings, folder)
            wire.write(fd, self._listing(source))

        events, end, _ = self._supervise(work, LISTING_S, LISTING_S, LISTING_S)
        if events and isinstance(events[0], dict):
            return dict(events[0])
        why = (
            "did not end within %d s" % LISTING_S
            if end == "timeout"
            else "ended the process (%s)" % end
        )
        return {"failed": "collecting the tests " + why}

    def _listing(self, source: str) -> Dict[str, Any]:
        state, before = self._state, set(sys.modules)
        try:
            code = candidate.compile_program(source, state.path)
            loader.replace(state.path, lambda: code)
        except SyntaxError as error:
            return {"errors": [describe.exception(error, state.path)], "texts": [str(error)]}
        try:
            current = session.configure(state.args, state.plugin)
            flags = _doctest_flags(current.config)
            loaded = target_loaded(state.path)
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
        return found

    # -- programs ---------------------------------------------------------------------------------

    def run(self, message: Dict[str, Any]) -> Dict[str, Any]:
        """One program: its events, how its process ended, wall and CPU seconds."""
        settings = {**message, "isolation": self._isolation}
        report_imports = not self._imports_known

        def work(fd: int, folder: str) -> None:
            before = set(sys.modules) if report_imports else set()
            try:
                candidate.run(self._state, message["source"], settings, fd, folder)
            except BaseException as error:
                wire.write(fd, ["x", describe.exception(error, self._state.path)])
            if report_imports:
                wire.write(fd, ["m", sorted(set(sys.modules) - before)])

        limit, cap = message["limit_s"], message["cap_s"]
        started, cpu = time.perf_counter(), _children_cpu()
        events, end, killed = self._supervise(work, limit, cap, message["total_s"])
        answer = {
            "events": [event for event in events if event[0] != "m"],
            "end": end,
            "killed": killed,
            "seconds": round(time.perf_counter() - started, 6),
            "cpu": round(_children_cpu() - cpu, 6),
        }
        if report_imports and len(answer["events"]) < len(events):
            preload(events[-1][1])
            _settle()
            self._imports_known = True
        return answer

    def _supervise(
        self, work: Callable[[int, str], None], limit: float, cap: float, total: float
    ) -> Tuple[List[Any], str, bool]:
        """Forks `work`; gives its events, its end (`exit N`, `signal N`, `timeout`), whether it was killed."""
        self._count += 1
        folder = os.path.join(self._scratch, "c%d" % self._count)
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            _child(work, write_end, (read_end, self._control), folder)
        os.close(write_end)
        try:
            events, timed_out = self._watch(read_end, pid, limit, cap, total)
        finally:
            os.close(read_end)
            end = _reap(pid)
            _remove(folder)
        return events, ("timeout" if timed_out else end), timed_out

    def _watch(
        self, fd: int, pid: int, limit: float, cap: float, total: float
    ) -> Tuple[List[Any], bool]:
        frames, events = wire.Frames(EVENTS), []  # type: ignore[var-annotated]
        clock = _Deadline(pid, limit, cap, total)
        while True:
            ready = select.select([fd, self._control], [], [], clock.tick())[0]
            if self._control in ready and not _peek(self._control):
                _reap(pid)
                os._exit(0)
            if fd not in ready:
                if clock.over():
                    return events, True
                continue
            data = os.read(fd, 1 << 16)
            events += frames.feed(data)
            if not data or frames.broken:
                return events, False
            clock.progress()


class _Deadline:
    """When a candidate that does not end its checks by itself has to be killed."""

    def __init__(self, pid: int, limit: float, cap: float, total: float) -> None:
        self._pid = pid
        self._limit = limit + GRACE_S
        self._wall = cap + 2 * GRACE_S
        self._end = time.monotonic() + total
        self._start = self._since = time.monotonic()
        self._cpu = 0.0

    def tick(self) -> float:
        """Seconds to sleep: long at first, as most candidates are done in a few milliseconds."""
        return TICK_S if time.monotonic() - self._since > self._limit else self._limit

    def progress(self) -> None:
        self._since = time.monotonic()
        if self._since - self._start > TICK_S:
            self._cpu = process_cpu(self._pid)

    def over(self) -> bool:
        now = time.monotonic()
        if now > self._end or now - self._since > self._wall:
            return True
        return now - self._since > self._limit and process_cpu(self._pid) - self._cpu > self._limit


def _child(work: Callable[[int, str], None], fd: int, close: Tuple[int, ...], folder: str) -> None:
    """The forked side: only the event pipe and /dev/null stay open."""
    try:
        for other in close:
            os.close(other)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        random.seed()
        work(fd, folder)
    finally:
        os._exit(0)


def _reap(pid: int) -> str:
    """Kills whatever is left of the candidate's process group and says how the candidate ended."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except OSError:
            pass
    status = os.waitpid(pid, 0)[1]
    return (
        "signal %d" % os.WTERMSIG(status)
        if os.WIFSIGNALED(status)
        else "exit %d" % os.WEXITSTATUS(status)
    )


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _peek(control: int) -> bool:
    """False if the parent has gone. (It sends nothing while a program runs.)"""
    import socket

    with socket.socket(fileno=os.dup(control)) as copy:
        try:
            return bool(copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False


def process_cpu(pid: int) -> float:
    """CPU seconds of a process so far; 0 where /proc does not tell."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _settle() -> None:
    """Keeps the collector from touching shared pages in every fork."""
    gc.collect()
    gc.freeze()


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _doctest_flags(config: Any) -> int:
    try:
        from _pytest.doctest import get_optionflags

        return int(get_optionflags(config))
    except Exception:  # a private function, and ini options may be off
        return 0


def target_loaded(path: str) -> bool:
    """Whether the user's file was imported already, by a conftest or a plugin."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return any(file and os.path.realpath(file) == path for file in files)


def preload(names: List[str]) -> None:
    """Imports modules of the standard library and of site-packages that candidates would import anyway."""
    roots = {
        os.path.realpath(sysconfig.get_paths()[key])
        for key in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    for name in names:
        try:
            spec = importlib.util.find_spec(name.partition(".")[0])
            origin = os.path.realpath(spec.origin) if spec and spec.origin else ""
            builtin = spec is not None and spec.origin in ("built-in", "frozen")
            if builtin or any(origin.startswith(root + os.sep) for root in roots):
                importlib.import_module(name)
        except (
            BaseException
        ):  # what cannot be imported here is imported, or fails, in the candidate
            continue
