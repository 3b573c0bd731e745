"""The server's hold on the two processes of two-process mode: the template of judges, the lean zygote.

Neither tells the server anything it has to trust a candidate for: verdicts come from the judge, which runs
no line of a program, and candidates have no other socket than the one to the judge.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import ending, forking, starting, values, warm, wire
from .recorder import SEVERAL, CheckTimeout, Crashed, process_cpu

START_S = 30.0
"""Wall seconds that importing the original and collecting the tests may take."""
NEVER_BROKEN = 1 << 60
ALONE = "the original cannot be imported alone"
FINISHED = ("done", "ended")


class Broken(Exception):
    """One of the processes has gone."""


class Refused(Broken):
    """These tests, or this file, cannot be judged by two processes: trying again is of no use."""


class Verdicts(NamedTuple):
    """What the judge told of one program."""

    events: List[Any]
    moved: Dict[int, str]
    """Nodes that need the candidate's own process, and why."""
    end: str
    cpu: float
    killed: bool = False
    """Whether the program's process ended by a signal that may have come from outside."""


class Pair:
    """A template of judges and a lean zygote, started when they are needed."""

    def __init__(self, setting: starting.Setting) -> None:
        self._setting = setting
        self._zygote: Optional[wire.Line] = None
        self._template: Optional[wire.Line] = None
        self._pids: List[int] = []
        self._frames = wire.Frames(NEVER_BROKEN)
        self._judge = 0
        self._leaving = self._killed = False
        self._count = self._looked = 0
        self._shape: Any = None
        self._preload: List[str] = []
        self.nodes: List[int] = []
        """What can be judged by the judge; empty until the original was."""
        self.reasons: List[str] = []
        """For each node why it cannot, empty for those that can."""

    @property
    def count(self) -> int:
        """How many nodes the task has."""
        return len(self._setting.state.nodes)

    @property
    def original(self) -> str:
        """The text of the user's own file."""
        return str(self._setting.state.source)

    # -- processes --------------------------------------------------------------------------------

    def start(self, message: Dict[str, Any]) -> None:
        """Starts both and has the tests collected. Raises `Broken`."""
        self.close()
        self._clear()
        self._count += 1
        self._frames, self._judge, self._leaving = wire.Frames(NEVER_BROKEN), 0, False
        self._zygote, pid = starting.zygote(self._setting, self._count)
        self._pids.append(pid)
        self._zygote.write(starting.setup(self._setting, self._preload))
        if self._shape is None:
            self._shape = self._original(message)
        self._template, pid = starting.template(
            self._setting, self._shape, message["memory_mb"], self._count
        )
        self._pids.append(pid)
        told = self._event(time.monotonic() + START_S)
        if not isinstance(told, dict) or "nodes" not in told:
            raise Refused(told["refused"] if isinstance(told, dict) else "no tests")
        self.nodes = self.nodes or told["nodes"]
        self.reasons = told["reasons"]

    def close(self) -> None:
        """Ends both; what they forked dies with them."""
        for pid in self._pids:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                pass
        self.forget()

    def forget(self) -> None:
        """In a fork of the server: these processes belong to another one."""
        for line in (self._zygote, self._template):
            if line is not None:
                line.close()
        self._zygote = self._template = None
        self._pids = []

    def _clear(self) -> None:
        """Removes the folders of earlier processes, of earlier tasks too."""
        for name in os.listdir(self._setting.scratch):
            if name.startswith(("lean", "judge")):
                shutil.rmtree(os.path.join(self._setting.scratch, name), ignore_errors=True)

    def renamed(self, control: int, scratch: str) -> None:
        """In a fork of the server, which has a socket and a folder of its own."""
        self._setting = self._setting._replace(control=control, scratch=scratch)

    def _original(self, message: Dict[str, Any]) -> Any:
        """What names the original's module has. Raises `Broken` if it cannot be imported here."""
        from . import link

        fd, pid = self._fork(message, report_imports=True)
        end = time.monotonic() + START_S
        try:
            told = link.Link(fd, pid).reply(lambda: time.monotonic() > end)
        except (link.Gone, CheckTimeout, *values.MALFORMED) as error:
            ended = self._end()[0]
            if isinstance(error, link.Gone) and ended in forking.KILLED:
                raise Broken(ended) from error
            raise Refused(ALONE) from error
        finally:
            os.close(fd)
        self._end()
        if told[:1] != ["h"] or os.path.realpath(str(told[2])) != self._setting.state.path:
            raise Refused(ALONE)
        self._preload = warm.preloadable([str(name) for name in told[3]], self._setting.state.path)
        self._ask_zygote({"op": "preload", "names": self._preload})
        return told[1]

    # -- candidates -------------------------------------------------------------------------------

    def _fork(self, message: Dict[str, Any], report_imports: bool = False) -> Tuple[int, int]:
        """(socket, id) of a fresh process with the program."""
        request = {
            "op": "fork",
            "source": message["source"],
            "memory_mb": message["memory_mb"],
            "cpu_s": message["cpu_s"],
            "output_kb": message["output_kb"],
            "report_imports": report_imports,
        }
        answer, fd = self._ask_zygote(request)
        return fd, answer["pid"]

    def _end(self) -> Tuple[str, float]:
        """Kills the candidate; how it ended and its CPU seconds."""
        answer, _ = self._ask_zygote({"op": "end"})
        return str(answer["end"]), float(answer["cpu"])

    def _ask_zygote(self, request: Dict[str, Any]) -> Tuple[Any, int]:
        """Its answer, and the descriptor that came with it. Raises `Broken`."""
        if self._zygote is None:
            raise Broken("zygote")
        try:
            self._zygote.write(request)
            answer, fd = self._zygote.read()
        except OSError as error:
            raise Broken("zygote") from error
        if answer is None:
            raise Broken("zygote")
        return answer, fd

    # -- judging ----------------------------------------------------------------------------------

    def judge(self, message: Dict[str, Any], nodes: List[int]) -> Verdicts:
        """Has a program judged by these nodes. Raises `Broken`, after which `start` may help."""
        if self._template is None:
            self.start(message)
        fd, pid = self._fork(message)
        try:
            if not self._judge:
                self._start_judge()
            self._tell(dict(message, nodes=nodes, pid=pid), fd)
        finally:
            os.close(fd)
        clock = forking.Deadline(
            message["limit_s"], message["cap_s"], message["total_s"], self._judge, pid
        )
        return self._listen(message, clock, process_cpu(self._judge))

    def _tell(self, message: Dict[str, Any], fd: int = -1) -> None:
        """A message for the judge, or the template. Raises `Broken`."""
        if self._template is None:
            raise Broken("judge")
        try:
            self._template.write(message, fd)
        except OSError as error:
            raise Broken("judge") from error

    def _start_judge(self) -> None:
        limit = time.monotonic() + START_S
        while self._leaving:
            self._leaving = self._event(limit)[0] != "ended"
        self._tell({"op": "judge"})
        told = self._event(limit)
        if told[0] != "ready":
            raise Broken("judge")
        self._judge = int(told[1])

    def _event(self, limit: float) -> Any:
        """The next message of the template or a judge, while nothing else is going on."""
        while True:
            found = self._read(limit - time.monotonic())
            if found:
                return found[0]
            if time.monotonic() > limit:
                raise Broken("no answer")

    def _read(self, seconds: float) -> List[Any]:
        """Events that have come in; none if time runs out. Ends this process if the parent has gone."""
        control = self._setting.control
        if self._template is None:
            raise Broken("judge")
        template = self._template.fileno()
        ready = select.select([template, control], [], [], max(0.0, seconds))[0]
        if control in ready and not forking.parent_lives(control):
            self.close()
            os._exit(0)
        if template not in ready:
            return []
        data = os.read(template, 1 << 16)
        if not data:
            raise Broken("judge")
        return self._frames.feed(data)

    def _listen(self, message: Dict[str, Any], clock: forking.Deadline, before: float) -> Verdicts:
        judge = self._judge
        events: List[Any] = []
        moved: Dict[int, str] = {}
        used, finished, size = 0.0, "", 0
        self._killed, self._looked = False, 0
        while not finished:
            found = self._read(clock.tick())
            if clock.over() or size > forking.EVENTS:
                self.close()
                return Verdicts(events, moved, "timeout", used)
            for event in _each(found):
                size += 1
                if event[0] == "again":
                    used += self._again(message, clock, events)
                elif event[0] == "f":
                    moved[int(event[1])] = str(event[2])
                elif event[0] == "w":
                    moved.update((number, str(event[1])) for number in self.nodes)
                elif event[0] in FINISHED:
                    finished = event[0]
                    self._leave(event)
                else:
                    events.append(event)
            if found:
                clock.progress()
        end, cpu = self._end()
        self._look(end, events)
        judged = process_cpu(judge) - before
        cpu = used + cpu + max(0.0, judged)
        return Verdicts(events, moved, end or "exit", cpu, self._killed)

    def _look(self, end: str, events: List[Any]) -> None:
        """How a program's process ended that broke a check off."""
        new, self._looked = events[self._looked :], len(events)
        crashed = any(event[0] == "c" and event[3] == Crashed.outcome for event in new)
        self._killed = self._killed or (crashed and end in forking.KILLED)
        ending.charge(new, end)

    def _leave(self, event: List[Any]) -> None:
        if event[0] == "ended":
            if "signal %d" % event[2] in forking.KILLED:
                raise Broken("judge")
            self._judge, self._leaving = 0, False
        elif not event[1]:
            self._judge, self._leaving = 0, True

    def _again(self, message: Dict[str, Any], clock: forking.Deadline, events: List[Any]) -> float:
        """A fresh process with the same program, as the last one is of no more use."""
        end, used = self._end()
        self._look(end, events)
        fd, pid = self._fork(message)
        clock.pids = (clock.pids[0], pid)
        try:
            self._tell({"pid": pid}, fd)
        finally:
            os.close(fd)
        return used


def _each(frames: List[Any]) -> Iterator[Any]:
    for frame in frames:
        if frame[0] == SEVERAL:
            yield from frame[1]
        else:
            yield frame
