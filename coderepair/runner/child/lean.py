"""The process that candidates are forked from in two-process mode: a clean interpreter, no tests in memory.

It has a clean environment and no site packages' start-up code; `sys.path` and what to import beforehand
come with the first message. One candidate lives at a time; the next is forked before its program comes.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import (
    answering,
    disk,
    ending,
    entry,
    ground,
    loader,
    namespaces,
    rehearsal,
    sandbox,
    seccomp,
    system,
    wire,
)

MAX_DESCRIPTORS = 256
OWN_MB = 64
"""What an interpreter takes before it has a program."""


def serve(control: int, scratch: str, root: str) -> None:
    """Loop of the process; ends with the stream, and with its parent."""
    sandbox.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sandbox.prepare_calls()
    try:
        setup = wire.read(control)
        if setup is None:
            return
        _prepare(setup, scratch, root)
        Zygote(control, scratch, setup).answer()
    except OSError:
        pass  # the parent has gone


def _prepare(setup: Dict[str, Any], scratch: str, root: str) -> None:
    sandbox.assume_own_size(setup["mapped"])  # /proc is out of reach here
    system.adopt_descendants()
    namespaces.fence(not seccomp.works(setup["isolation"]))
    os.chdir(root)
    sys.path[:] = setup["path"]
    if setup["isolation"].get("landlock", True):
        sandbox.confine_files(setup["readable"], [scratch], setup["listable"])
    loader.install()
    entry.prepare(setup["isolation"])
    preload(setup["preload"])


def preload(names: Any) -> None:
    """Imports what candidates would import anyway."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:  # what fails here fails, or is imported, in the candidate
            continue


def settle() -> None:
    """Keeps the collector from touching shared pages in every fork."""
    gc.collect()
    gc.freeze()


class Ahead(NamedTuple):
    """A candidate's process that has no program yet."""

    pid: int
    fd: int
    """Our end of its socket."""
    bounds: Tuple[int, int]
    """Its memory in MB and its CPU seconds."""


class Zygote:
    """Forks and ends candidates as it is told."""

    def __init__(self, control: int, scratch: str, setup: Dict[str, Any]) -> None:
        self._control = control
        self._line = wire.Line(control)
        self._layers: Dict[str, bool] = setup["isolation"]
        self._pid = self._memory_mb = 0
        self._bound = ""
        self._bounds = (0, 0)
        self._ahead: Optional[Ahead] = None
        self.make_ready(scratch, setup)

    def make_ready(self, scratch: str, setup: Dict[str, Any]) -> None:
        """Whatever can be made before there is a program."""
        self._ground = ground.Ground(scratch, self._layers.get("landlock", True))
        rehearsal.rehearse(setup["program"])
        self._answering = answering.Answering(setup["program"])
        settle()

    def answer(self) -> None:
        """Forks and ends candidates as it is told."""
        while True:
            self.wait()
            message, _ = self._line.read()
            if message is None:
                return
            if message["op"] == "fork":
                self._begin(message)
            elif message["op"] == "preload":
                self.preload(message["names"])
                self._line.write({})
            else:
                self._line.write(self._end())
                self.go_ahead()

    def wait(self) -> None:
        """Until the next message: a program that takes too much is ended, which its judge notices."""
        if not self._pid:
            return
        meter = disk.Meter(self.folder)
        while not select.select([self._control], [], [], self.pause(meter))[0]:
            if self.greedy(meter):
                self._bound = "disk" if meter.exceeded else "memory"
                system.kill(self._pid)
                return

    def pause(self, meter: disk.Meter) -> float:
        """Seconds until the next look at what the program takes."""
        return meter.tick()

    def greedy(self, meter: disk.Meter) -> bool:
        """Whether it takes too much of what the system does not bound by itself."""
        return meter.over()

    def preload(self, names: List[str]) -> None:
        """Imports these for the candidates to come."""
        self._discard()
        preload(names)
        entry.point_to(self.folder)
        settle()

    def go_ahead(self) -> None:
        """Forks the next candidate while others are at work; it waits for its program."""
        self._ahead = self._forked(self._bounds)

    def _discard(self) -> None:
        """Ends the one that waits."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            os.close(ahead.fd)
            system.kill(ahead.pid)
            os.waitpid(ahead.pid, 0)

    def _begin(self, request: Dict[str, Any]) -> None:
        self._bound, self._memory_mb = "", request["memory_mb"]
        self._pid, fd = self.start(request)
        self._line.write({"pid": self._pid}, fd)
        os.close(fd)

    @property
    def folder(self) -> str:
        """Where the program may write."""
        return self._ground.folder

    def start(self, request: Dict[str, Any]) -> Tuple[int, int]:
        """A process with this program, and our end of the socket on which it answers."""
        self._bounds = request["memory_mb"], request["cpu_s"]
        if self._ahead is not None and self._ahead.bounds != self._bounds:
            self._discard()
        taken, self._ahead = self._ahead or self._forked(self._bounds), None
        try:
            wire.write(taken.fd, request)
        except OSError:
            pass  # somebody has ended it, which the judge will notice
        return taken.pid, taken.fd

    def _forked(self, bounds: Tuple[int, int]) -> Ahead:
        ours, theirs = socket.socketpair()
        pid = namespaces.fork()
        if pid == 0:
            self._candidate(theirs.fileno(), bounds)
        theirs.close()
        return Ahead(pid, ours.detach(), bounds)

    def _candidate(self, fd: int, bounds: Tuple[int, int]) -> None:
        try:
            rules = self._ground.rules
            wire.close_all_but(MAX_DESCRIPTORS, fd, rules)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            entry.enter_prepared(*bounds, rules, self._layers)
            request = wire.read(fd)
            if request is not None:
                self._answering.serve(fd, request)
        finally:
            os._exit(0)

    def clear(self) -> bool:
        """Once the program's processes are gone; whether it had written too much."""
        return self._ground.clear()

    def _end(self) -> Dict[str, Any]:
        """Kills the candidate, if it still lives, and says what it has used."""
        if not self._pid:
            return {"end": "", "cpu": 0.0}
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except OSError:
            pass
        system.kill(self._pid)
        _, status, used = os.wait4(self._pid, 0)
        self._pid = 0
        system.end_orphans([])
        end = "disk" if self.clear() else self._bound
        end = end or ending.of(status, used, self._memory_mb)
        return {"end": end, "cpu": used.ru_utime + used.ru_stime}
