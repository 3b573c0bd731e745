"""Candidates without forks: interpreters are started ahead, and each takes one program. Speaks as `lean` does.

For systems where forking a warm process is unsafe (macOS) or unknown; `lean` is several times cheaper.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Any, Dict, List, NamedTuple, Tuple

from . import containment, disk, lean, sandbox, wire

AHEAD = 2
"""Interpreters that wait."""
TICK_S = 0.05
"""Between two looks at a program's memory."""


class Spare(NamedTuple):
    """An interpreter that waits."""

    pid: int
    control: int
    folder: str


def serve(control: int, scratch: str, root: str) -> None:
    """Loop of the process; ends with the stream, and with its parent."""
    sandbox.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = wire.read(control)
    if setup is None:
        return
    spawner = Spawner(control, scratch, root, setup)
    try:
        spawner.answer()
    except OSError:
        pass  # the parent has gone
    finally:
        spawner.close()


class Spawner(lean.Zygote):
    """Starts interpreters ahead, and gives each a program when one comes."""

    def __init__(self, control: int, scratch: str, root: str, setup: Dict[str, Any]) -> None:
        self._root = root
        self._folder = ""
        self._count = 0
        super().__init__(control, scratch, setup)

    def make_ready(self, scratch: str, setup: Dict[str, Any]) -> None:
        """Starts the first interpreters."""
        self._scratch = scratch
        self._setup = setup
        self._spares: List[Spare] = []
        limited = setup["isolation"].get("limits", True)
        self._around = containment.choose(watch=not limited)
        self._fill()

    @property
    def folder(self) -> str:
        return self._folder

    def clear(self) -> bool:
        return disk.remove(self._folder)

    def close(self) -> None:
        """Ends those that wait."""
        while self._spares:
            spare = self._spares.pop()
            os.close(spare.control)
            self._around.kill(spare.pid)
            os.waitpid(spare.pid, 0)

    def preload(self, names: List[str]) -> None:
        """Those that wait have not imported these, so they are replaced."""
        self._setup["preload"] = [*self._setup["preload"], *names]
        self.close()
        self._fill()

    def go_ahead(self) -> None:
        """`wait` sees to that."""

    def start(self, request: Dict[str, Any]) -> Tuple[int, int]:
        """The process that takes this program, and our end of the socket on which it answers."""
        spare = self._spares.pop(0)
        self._folder = spare.folder
        self._around.started(spare.pid, self._memory_mb)
        ours, theirs = socket.socketpair()
        with theirs:
            wire.write(spare.control, request)
            wire.send_descriptor(spare.control, theirs.fileno())
        os.close(spare.control)
        return spare.pid, ours.detach()

    def wait(self) -> None:
        """Starts the next interpreters meanwhile."""
        self._fill()
        super().wait()

    def pause(self, meter: disk.Meter) -> float:
        return TICK_S if self._around.watches_memory else meter.tick()

    def greedy(self, meter: disk.Meter) -> bool:
        watched = self._around.watches_memory
        limit = self._memory_mb + lean.OWN_MB
        return meter.over() or (watched and self._around.memory_mb(self._pid) > limit)

    def _fill(self) -> None:
        while len(self._spares) < AHEAD:
            self._spares.append(self._spawn())

    def _spawn(self) -> Spare:
        self._count += 1
        folder = os.path.join(self._scratch, "z%d" % self._count)
        ours, theirs = socket.socketpair()
        os.set_inheritable(theirs.fileno(), True)
        main = os.path.join(os.path.dirname(os.path.abspath(__file__)), "main.py")
        program = [sys.executable, "-B", "-S", "-s", main, "spare"]
        line = self._around.command(
            [*program, str(theirs.fileno()), folder, self._root],
            self._setup["readable"],
            folder,
        )
        pid = os.posix_spawn(line[0], line, dict(os.environ))
        theirs.close()
        wire.write(ours.fileno(), self._setup)
        return Spare(pid, ours.detach(), folder)
