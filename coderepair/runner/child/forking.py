"""Forks a process for work that is not trusted, listens to it, and ends it when its time is up."""

from __future__ import annotations

import os
import random
import resource
import select
import signal
import socket
import time
from typing import Any, Callable, List, NamedTuple, Tuple

from . import disk, ending, namespaces, sandbox, system, wire
from .recorder import STARVED, process_cpu, wall_limit

KILLED = ("signal %d" % signal.SIGKILL, "signal %d" % signal.SIGTERM)
"""Ends that somebody else may have given a process: nothing is known of its program by that."""
ATTEMPTS = 3
"""How often a process is started that was ended so; a program that does it to itself crashes in the end."""
UNBOUNDED_MB = 1 << 40
GRACE_S = 0.4
"""How long a check may overstay its soft limit before its process is killed."""
EVENTS = 8 * 1024 * 1024
"""Bytes of events taken from one process."""
TICK_S = 0.05
MAX_DESCRIPTORS = 1024
"""Above the number that a server ever has open."""

Work = Callable[[int, str], None]
"""Called in the fork with the descriptor for events and the folder it may write to."""


class Told(NamedTuple):
    """What became of a fork."""

    events: List[Any]
    end: str
    """`exit N`, `signal N`, or the bound that it met: `timeout`, `disk`, `memory`."""
    seconds: float
    cpu: float


def supervise(
    work: Work,
    control: int,
    folder: str,
    limit: float,
    cap: float,
    total: float,
    memory_mb: int = UNBOUNDED_MB,
) -> Told:
    """Runs `work` in a fork. `limit` is CPU seconds between two events, `cap` and `total` wall seconds,
    `memory_mb` what it may take.

    Another fork does it again if somebody ends the first. Ends this very process, and the fork with
    it, if the parent behind `control` goes away.
    """
    for _ in range(ATTEMPTS):
        told = _supervise(work, control, folder, limit, cap, total, memory_mb)
        if told.end not in KILLED:
            break
    return told


def _supervise(
    work: Work, control: int, folder: str, limit: float, cap: float, total: float, memory_mb: int
) -> Told:
    started, cpu = time.perf_counter(), _children_cpu()
    others = system.children()
    read_end, write_end = os.pipe()
    pid = namespaces.fork()
    if pid == 0:
        _child(work, write_end, folder)
    os.close(write_end)
    try:
        clock = Deadline(limit, cap, total, pid)
        events, why = _watch(read_end, control, clock, disk.Meter(folder))
    finally:
        os.close(read_end)
        end = _reap(pid, memory_mb)
        system.end_orphans(others)
        why = "disk" if disk.remove(folder) else why
    return Told(events, why or end, time.perf_counter() - started, _children_cpu() - cpu)


class Deadline:
    """When a candidate that does not end its checks by itself has to be killed."""

    def __init__(self, limit: float, cap: float, total: float, *pids: int) -> None:
        self.pids = pids
        """Processes whose CPU time counts."""
        self._cap = cap + 2 * GRACE_S
        self._limit = limit + GRACE_S
        self._wall = wall_limit(limit, cap) + 2 * GRACE_S
        self._start = self._since = time.monotonic()
        self._end = self._start + total
        self._cpu = self.cpu()

    def cpu(self) -> float:
        """CPU seconds of the processes so far."""
        return sum(map(process_cpu, self.pids))

    def tick(self) -> float:
        """Seconds to sleep: long at first, as most candidates are done in a few milliseconds."""
        return TICK_S if time.monotonic() - self._since > self._limit else self._limit

    def progress(self) -> None:
        """An event came in."""
        self._since = time.monotonic()
        if self._since - self._start > TICK_S:
            self._cpu = self.cpu()

    def over(self) -> bool:
        """Whether the processes hang; one that sleeps is told from one that waits for a busy machine."""
        now = time.monotonic()
        waited = now - self._since
        if waited <= self._limit and now <= self._end:
            return False
        used = self.cpu() - self._cpu
        asleep = waited > self._wall and used < STARVED * waited
        return now > self._end or asleep or waited > self._cap or used > self._limit


def _watch(fd: int, control: int, clock: Deadline, meter: disk.Meter) -> Tuple[List[Any], str]:
    """Events until the pipe closes, and why it had to end if it did not end by itself."""
    frames = wire.Frames(EVENTS)
    events: List[Any] = []
    while True:
        ready = select.select([fd, control], [], [], min(clock.tick(), meter.tick()))[0]
        if control in ready and not parent_lives(control):
            _reap(clock.pids[0])
            os._exit(0)
        if clock.over():
            return events, "timeout"
        if meter.over():
            return events, "disk"
        if fd not in ready:
            continue
        data = os.read(fd, 1 << 16)
        events += frames.feed(data)
        if not data or frames.broken:
            return events, ""
        clock.progress()


def _child(work: Work, fd: int, folder: str) -> None:
    """The forked side: only the event pipe and /dev/null stay open."""
    try:
        wire.close_all_but(MAX_DESCRIPTORS, fd, sandbox.size_descriptor())
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        random.seed()
        work(fd, folder)
    finally:
        os._exit(0)


def _reap(pid: int, memory_mb: int = UNBOUNDED_MB) -> str:
    """Kills whatever is left of the fork's process group and says how the fork ended."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    system.kill(pid)
    _, status, used = os.wait4(pid, 0)
    return ending.of(status, used, memory_mb)


def parent_lives(control: int) -> bool:
    """False at the end of the stream. (The parent sends nothing while a program runs.)"""
    with socket.socket(fileno=os.dup(control)) as copy:
        try:
            return bool(copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
