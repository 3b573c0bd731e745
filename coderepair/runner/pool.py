"""A pool of warm workers behind the `Runner` contract."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeVar, cast

from coderepair.errors import SandboxError, TestsNotRunnable
from coderepair.model import Limits, Observations, Program, Site, Task, TestReport
from coderepair.runner import parking, reports, stdio
from coderepair.runner.batch import ATTEMPTS, Batch
from coderepair.runner.isolation import Isolation, require, self_test
from coderepair.runner.pins import Pins
from coderepair.runner.prepared import Prepared
from coderepair.runner.requests import (
    listed,
    no_tests,
    require_judged,
    run_request,
    task_request,
)
from coderepair.runner.worker import Channel, Died, DiedCollecting, Twin, Worker

T = TypeVar("T")
WATCHING_S = 0.5
"""CPU seconds more that a check may take when it is watched."""
OBSERVING_S = 2.0
"""Wall seconds more for all checks of a program that tells of its sites."""
MARGIN_S = 60.0
"""Wall seconds beyond a program's own limit after which its process counts as broken."""


def open_runner(workers: int = 2, isolation: str = "", integrity: str = "auto") -> ForkRunner:
    """A runner with that many processes (0: one a core, at most 4). They start with the first task.

    `isolation` is the least level that will do (`coderepair.runner.isolation`); empty means L3 on Linux.
    `integrity` says where tests run: `auto` out of the candidates' reach as far as each test allows,
    `two-process` there or not at all (`TestsNotRunnable`), `shared-process` in the candidate's process.
    """
    workers = workers or min(4, os.cpu_count() or 1)
    return ForkRunner(workers, isolation, integrity=integrity)


class ForkRunner(AbstractContextManager["ForkRunner"]):
    """Runs programs in forks of warm processes; see `child/__init__.py` for who does what there."""

    def __init__(
        self,
        workers: int,
        wanted: str = "",
        layers: dict[str, bool] | None = None,
        integrity: str = "auto",
    ) -> None:
        """`layers` switches `landlock`, `seccomp` or `namespaces` off, for tests of what remains."""
        self._size = max(1, workers)
        self._wanted = wanted
        self._layers = layers or {}
        self._integrity = integrity
        self.tally = reports.Tally()
        self._worker: Worker | None = None
        self._twins: list[Twin] = []
        self._twins_made = 0
        self._python = ""
        self._prepared: Prepared | None = None
        self._isolation: Isolation | None = None
        self._turn = threading.RLock()
        """Requests of several threads are served one after the other."""

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every process that was started. The runner may be used again afterwards."""
        self._end_twins()
        if self._worker is not None:
            self._worker.close()
        self._worker = self._prepared = None

    def park(self) -> None:
        """Leaves the process and its task to the next runner of the same interpreter."""
        if self._worker and self._prepared and self._isolation and not self._layers:
            parking.park(parking.Parked(self._worker, self._prepared, self._isolation))
            self._worker = None

    def isolation(self, python: str) -> Isolation:
        """What contains a candidate here, by an active self-test in processes of this interpreter."""
        found = self._alive(lambda: self._contained(python))
        integrity = self.tally.told() if self._two_process else reports.SHARED
        return replace(found, integrity=integrity)

    def _contained(self, python: str) -> Isolation:
        self._use(python)
        if self._isolation is None:
            self._isolation = self_test(self._main(), self._layers)
        return self._isolation

    @property
    def _two_process(self) -> bool:
        return self._integrity != reports.SHARED

    @property
    def fallback_rate(self) -> float:
        """Share of the tests so far, candidate by candidate, that ran in the candidate's process."""
        return self.tally.rate if self._two_process else 1.0

    @property
    def fallbacks(self) -> dict[str, str]:
        """Tests of the last task that are judged in the candidate's own process, and why."""
        known = self._prepared
        pairs = zip(known.nodes, known.reasons, strict=False) if known else ()
        return {node.id: why for node, why in pairs if why}

    def checks(self, task: Task) -> tuple[str, ...]:
        """Ids of all checks, in order. Raises `TestsNotRunnable` where there are none."""
        return tuple(
            check
            for node in self._alive(lambda: self._prepare(task)).nodes
            for check in node.checks
        )

    def run(self, task: Task, programs: Sequence[Program], limits: Limits) -> list[TestReport]:
        """Reports in the order of `programs`. Raises `TestsNotRunnable`, `SandboxError`."""
        with self._unbroken():
            prepared, batch = self._alive(lambda: self._pinned(task, programs, limits))
        skipped = prepared.skipped or frozenset()
        answers = [batch.answers[index] for index in range(len(programs))]
        self.tally.add(len(prepared.nodes), answers)
        return [reports.report(prepared.nodes, answer, skipped) for answer in answers]

    def trace(
        self, task: Task, program: Program, limits: Limits
    ) -> tuple[TestReport, dict[str, frozenset[int]]]:
        """A report, and the lines of the file that each check executed (1-based)."""
        prepared, (answer,) = self.watch(task, [program], limits, {"trace": True})
        found = reports.report(prepared.nodes, answer, prepared.skipped or frozenset())
        return found, reports.lines_by_check(prepared.nodes, answer)

    def observe(
        self, task: Task, program: Program, sites: Sequence[Site], limits: Limits
    ) -> Observations:
        """What alternatives would do at places of the program, check by check."""
        told = {"sites": [site.told() for site in sites]}
        more = replace(limits, total_timeout_s=limits.total_timeout_s + OBSERVING_S)
        prepared, (answer,) = self.watch(task, [program], more, told)
        return reports.letters_by_check(prepared.nodes, answer)

    def watch(
        self, task: Task, programs: Sequence[Program], limits: Limits, wanted: dict[str, Any]
    ) -> tuple[Prepared, list[dict[str, Any]]]:
        """A run of each program that is asked for more than verdicts, and what was answered."""
        with self._unbroken():
            prepared, batch = self._alive(lambda: self._judge(task, programs, limits, wanted))
        for answer in batch.answers.values():
            if "infra" in answer:
                raise SandboxError(answer["infra"])
        return prepared, [batch.answers[index] for index in range(len(programs))]

    def _pinned(
        self, task: Task, programs: Sequence[Program], limits: Limits
    ) -> tuple[Prepared, Batch]:
        """As `_judge`, if the user's files are what they were, before and after."""
        self._prepare(task).pins.check()
        prepared, batch = self._judge(task, programs, limits)
        prepared.pins.check()
        return prepared, batch

    def _judge(
        self,
        task: Task,
        programs: Sequence[Program],
        limits: Limits,
        wanted: dict[str, Any] | None = None,
    ) -> tuple[Prepared, Batch]:
        prepared = self._prepare(task)
        if prepared.skipped is None:
            self._baseline(prepared, limits)
        return prepared, self._spread(prepared, programs, limits, wanted)

    def _alive(self, work: Callable[[], T]) -> T:
        """The work's result; where a process is found dead, all are replaced and the work is done again.

        Tests that end whoever collects them raise `TestsNotRunnable`.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return work()
            except Died:
                self.close()
        try:
            return work()
        except DiedCollecting as error:
            raise TestsNotRunnable(str(error)) from None

    @contextlib.contextmanager
    def _unbroken(self) -> Iterator[None]:
        """Ends the processes if a request is broken off: an answer of theirs may be on its way."""
        with self._turn:
            try:
                yield
            except TestsNotRunnable:
                raise
            except BaseException:
                self.close()
                raise

    # -- preparation ------------------------------------------------------------------------------

    def _prepare(self, task: Task) -> Prepared:
        if self._prepared is not None and self._prepared.task == task:
            return self._prepared
        require(self._contained(task.python), self._wanted)
        if self._prepared is not None and self._prepared.same_run(task):
            self._prepared.task = task  # taken over from whoever looked for the targets
            return self._prepared
        request = task_request(task, self._layers, self._integrity)
        prepared = Prepared(task, request, Pins(task), cases=stdio.given(task))
        self._end_twins()
        found = self._load(self._main(), prepared)
        prepared.nodes = tuple(reports.node_of(node) for node in found["nodes"])
        if not prepared.nodes:
            raise TestsNotRunnable(no_tests(task))
        self._prepared = prepared
        return prepared

    def _use(self, python: str) -> None:
        """From now on with this interpreter; takes over a parked worker if there is one."""
        if self._python == python and self._worker is not None:
            return
        self.close()
        self._python, self._isolation = python, None
        parked = None if self._layers else parking.take(python, self._integrity)
        if parked is not None:
            self._worker, self._prepared = parked.worker, parked.prepared
            self._isolation = parked.isolation

    def _main(self) -> Worker:
        """The worker that the others are forked from, started if it is not there yet."""
        if self._worker is None:
            self._worker = Worker(self._python, self._layers.get("namespaces", True))
        return self._worker

    def _end_twins(self) -> None:
        while self._twins:
            self._twins.pop().close()

    def _load(self, worker: Worker, prepared: Prepared) -> dict[str, Any]:
        """Hands the task to the worker and waits for the list of its nodes."""
        if worker.task is not None:
            worker.ask({"op": "end"})
        worker.task = prepared
        return listed(worker.ask({**prepared.request, "op": "task"}))

    def _baseline(self, prepared: Prepared, limits: Limits) -> None:
        """Runs the original once: which nodes it skips, and how long passing checks take."""
        request = run_request(prepared.task.source, limits, limits.test_timeout_s)
        answer = prepared.judged(self._main().ask(request))
        prepared.reasons = tuple(map(str, answer.get("reasons", ())))
        if self._integrity == reports.TWO_PROCESS:
            require_judged(prepared.nodes, prepared.reasons)
        prepared.learn(answer)

    # -- programs ---------------------------------------------------------------------------------

    def _spread(
        self,
        prepared: Prepared,
        programs: Sequence[Program],
        limits: Limits,
        watch: dict[str, Any] | None = None,
    ) -> Batch:
        """Runs the programs, each on whichever process is free."""
        limit_s = prepared.check_limit(limits)
        if watch:
            limit_s = min(limits.test_timeout_s, limit_s + WATCHING_S)
        requests = [run_request(each.source, limits, limit_s, watch) for each in programs]
        batch = Batch(requests, waiting=list(range(len(programs)))[::-1])
        with selectors.DefaultSelector() as selector:
            for channel in self._ready(prepared, len(programs)):
                selector.register(channel, selectors.EVENT_READ)
            while len(batch.answers) < len(programs):
                for key in list(selector.get_map().values()):
                    self._next(cast(Channel, key.fileobj), prepared, batch)
                ready = selector.select(limits.total_timeout_s + MARGIN_S)
                if not ready:
                    raise SandboxError("the test processes do not answer; see `coderepair doctor`")
                for key, _ in ready:
                    channel = cast(Channel, key.fileobj)
                    if not self._take(channel, batch):
                        selector.unregister(channel)
                        fresh = self._lost(channel, batch)
                        if fresh is not None:
                            selector.register(fresh, selectors.EVENT_READ)
        batch.answers = {
            index: told if "infra" in told else prepared.judged(told)
            for index, told in batch.answers.items()
        }
        return batch

    def _ready(self, prepared: Prepared, count: int) -> list[Channel]:
        """As many processes as are wanted and of use, all holding the task."""
        main = self._main()
        if main.task is not prepared:
            self._load(main, prepared)
        while len(self._twins) < min(self._size, count) - 1:
            self._twins_made += 1
            self._twins.append(Twin(main, f"twin{self._twins_made}"))
        return [main, *self._twins]

    def _next(self, channel: Channel, prepared: Prepared, batch: Batch) -> None:
        """Gives an idle process its next program; one that lost its task gets it again first."""
        if not batch.waiting or channel in batch.running:
            return
        if isinstance(channel, Worker) and channel.task is not prepared:
            self._load(channel, prepared)
        index = batch.waiting.pop()
        batch.running[channel] = index
        with contextlib.suppress(OSError):  # `_take` sees the end of the stream
            channel.send(batch.requests[index])

    def _take(self, channel: Channel, batch: Batch) -> bool:
        """Reads an answer; False if the process has died instead."""
        try:
            answer = channel.receive()
        except EOFError:
            return False
        if "ended" in answer and isinstance(channel, Worker):
            channel.task = None  # its server died; the zygote lives and can make another
            batch.again(channel)
        else:
            batch.answers[batch.running.pop(channel)] = answer
        return True

    def _lost(self, channel: Channel, batch: Batch) -> Worker | None:
        """A process has died: its program is tried again, and the worker itself is replaced."""
        batch.again(channel)
        channel.close()
        if isinstance(channel, Twin):
            if channel in self._twins:
                self._twins.remove(channel)
            return None
        self._worker = Worker(self._python, self._layers.get("namespaces", True))
        return self._worker
