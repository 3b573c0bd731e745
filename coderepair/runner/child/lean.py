"""The process that candidates are forked from in two-process mode: a clean interpreter, no tests in memory.

It has a clean environment and no site packages' start-up code; `sys.path` and what to import beforehand
come with the first message. One candidate lives at a time.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import sys
from typing import Any, Dict, List

from . import answering, disk, loader, namespaces, sandbox, seccomp, system, wire

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
        Zygote(control, scratch).answer()
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
    preload(setup["preload"])


def preload(names: Any) -> None:
    """Imports what candidates would import anyway."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:  # what fails here fails, or is imported, in the candidate
            continue
    gc.collect()
    gc.freeze()


class Zygote:
    """Forks and ends candidates as it is told."""

    def __init__(self, control: int, scratch: str) -> None:
        self._control = control
        self._scratch = scratch
        self._pid = 0
        self._folder = ""
        self._count = 0

    def answer(self) -> None:
        """Forks and ends candidates as it is told."""
        while True:
            self.wait()
            message = wire.read(self._control)
            if message is None:
                return
            if message["op"] == "fork":
                self._begin(message, wire.receive_descriptor(self._control))
            elif message["op"] == "preload":
                self.preload(message["names"])
            else:
                wire.write(self._control, self._end())

    def wait(self) -> None:
        """Until the next message: a program that takes too much is ended, which its judge notices."""
        if not self._pid:
            return
        meter = disk.Meter(self._folder)
        while not select.select([self._control], [], [], self.pause(meter))[0]:
            if self.greedy(meter):
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
        preload(names)

    def _begin(self, request: Dict[str, Any], fd: int) -> None:
        self._pid = self.start(request, fd)
        os.close(fd)
        wire.write(self._control, {"pid": self._pid})

    def start(self, request: Dict[str, Any], fd: int) -> int:
        """A process with this program, which answers on `fd`."""
        self._count += 1
        self._folder = os.path.join(self._scratch, "z%d" % self._count)
        pid = namespaces.fork()
        if pid == 0:
            self._candidate(request, fd)
        return pid

    def _candidate(self, request: Dict[str, Any], fd: int) -> None:
        try:
            wire.close_all_but(MAX_DESCRIPTORS, fd, sandbox.size_descriptor())
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            answering.serve(fd, request, self._folder)
        finally:
            os._exit(0)

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
        remove(self._folder)
        end = "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "exit"
        return {"end": end, "cpu": used.ru_utime + used.ru_stime}


def remove(folder: str) -> None:
    """Removes a candidate's folder with all that is in it."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
