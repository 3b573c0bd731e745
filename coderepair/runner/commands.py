"""Programs judged by a shell command that tests the project, each in a copy of it.

The exit code decides; where the output tells single tests (`parsed`) these are checks of their own, so that
programs can be told apart by how many they pass. Behind the same contract as `ForkRunner`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from coderepair.errors import TestsNotRunnable
from coderepair.model import (
    CheckResult,
    Failure,
    Limits,
    Observations,
    Outcome,
    Program,
    Task,
    TestReport,
)
from coderepair.runner import parsed
from coderepair.runner.isolation import Isolation, require
from coderepair.runner.launch import Launcher, Ran
from coderepair.runner.overlay import Snapshot
from coderepair.runner.pins import Pins
from coderepair.runner.probing import self_test

EXIT = "exit code"
"""Id of the check that every command has."""
NOTHING_RAN = re.compile(r"no tests ran|ran 0 tests", re.IGNORECASE)
TAIL = 300
"""Characters of the end of an output that are shown."""
INTEGRITY = "exit code of a command"


@dataclass
class Prepared:
    """What is known of a task."""

    task: Task
    snapshot: Snapshot
    launcher: Launcher
    pins: Pins
    first: Ran | None = None
    """The original's run, until it is asked for."""
    tests: tuple[str, ...] = ()
    """Ids of the tests that the original's run told of."""


class CommandRunner(AbstractContextManager["CommandRunner"]):
    """Runs a command for each program, several at a time."""

    def __init__(self, workers: int, wanted: str = "") -> None:
        """`wanted` is the least level of isolation that will do; empty means L3 on Linux."""
        self._workers = max(1, workers)
        self._wanted = wanted
        self._scratch = ""
        self._prepared: Prepared | None = None
        self._isolation: Isolation | None = None

    fallback_rate = 1.0
    """Share of tests that run where the program can reach them."""

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Removes the copies. No process outlives its run."""
        self._prepared = None
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch = ""

    def park(self) -> None:
        """There is nothing that another could use."""

    def isolation(self, _python: str) -> Isolation:
        """What contains a command here, by an active self-test."""
        if self._isolation is None:
            self._isolation = self_test(INTEGRITY)
        return self._isolation

    def checks(self, task: Task) -> tuple[str, ...]:
        """Ids of all checks, in order."""
        limits = Limits()
        return tuple(check.id for check in self.run(task, [Program(task.source)], limits)[0].checks)

    def run(self, task: Task, programs: Sequence[Program], limits: Limits) -> list[TestReport]:
        """Reports in the order of `programs`. Raises `TestsNotRunnable`, `SandboxError`."""
        prepared = self._prepare(task, limits)
        prepared.pins.check()
        with ThreadPoolExecutor(min(self._workers, max(1, len(programs)))) as pool:
            found = list(pool.map(lambda each: self._judge(prepared, each, limits), programs))
        prepared.pins.check()
        return found

    def trace(
        self, task: Task, program: Program, limits: Limits
    ) -> tuple[TestReport, Mapping[str, frozenset[int]]]:
        """A report; which lines a command executes is not known."""
        return self.run(task, [program], limits)[0], {}

    def observe(self, *_given: object, **_named: object) -> Observations:
        """Nothing can be seen of what a command runs."""
        return {}

    # -- one task ---------------------------------------------------------------------------------

    def _prepare(self, task: Task, limits: Limits) -> Prepared:
        known = self._prepared
        if known is not None and _same_run(known.task, task):
            return known
        require(self.isolation(task.python), self._wanted)
        self.close()
        self._scratch = os.path.realpath(tempfile.mkdtemp(prefix="coderepair-"))
        snapshot = Snapshot(Path(os.path.realpath(task.project_root)), Path(self._scratch, "base"))
        pins = Pins(task)
        snapshot.take()
        prepared = Prepared(task, snapshot, Launcher(task, snapshot), pins)
        ran = self._launch(prepared, task.source, limits)
        _check_runnable(task, ran)
        snapshot.forgive(ran.tampered, [test.path for test in task.tests])
        prepared.first = None if ran.tampered else ran
        prepared.tests = tuple(test.id for test in parsed.results(ran.output, ran.xml))
        self._prepared = prepared
        return prepared

    def _launch(self, prepared: Prepared, source: str, limits: Limits, seed: int = 0) -> Ran:
        folder = Path(tempfile.mkdtemp(prefix="run", dir=self._scratch))
        try:
            return prepared.launcher.run(folder, source, limits, seed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _judge(self, prepared: Prepared, program: Program, limits: Limits) -> TestReport:
        first = prepared.first if program.source == prepared.task.source else None
        if first is not None:
            prepared.first = None  # a second run of the original is one of its own
        return report(prepared, first or self._launch(prepared, program.source, limits))

    def confirm(self, task: Task, source: str, limits: Limits, seed: int) -> TestReport:
        """One run under a hash seed of its own, for verification."""
        prepared = self._prepare(task, limits)
        prepared.pins.check()
        return report(prepared, self._launch(prepared, source, limits, seed))


def report(prepared: Prepared, ran: Ran) -> TestReport:
    """The checks of the original's run, and the exit code, as this run tells them."""
    told = {test.id: test for test in parsed.results(ran.output, ran.xml)}
    line = _line(prepared.task.path, ran.output)
    checks = [_check(name, told.get(name), ran, line) for name in prepared.tests]
    return TestReport((*checks, _exit_check(ran, line)), ran.seconds)


def _check(name: str, test: parsed.Test | None, ran: Ran, line: int) -> CheckResult:
    if test is None or ran.tampered:
        kind = "timeout" if ran.end == "timeout" else "not_run"
        outcome = Outcome.TIMEOUT if ran.end == "timeout" else Outcome.NOT_RUN
        return CheckResult(name, outcome, failure=Failure(kind, "the command told no result"))
    if test.outcome == parsed.PASS:
        return CheckResult(name, Outcome.PASS)
    got, expected = test.compared
    failure = Failure("assertion", test.message, expected=expected[:200], got=got[:200], line=line)
    outcome = Outcome.ERROR if test.outcome == parsed.ERROR else Outcome.FAIL
    return CheckResult(name, outcome, test.closeness, failure)


def _exit_check(ran: Ran, line: int) -> CheckResult:
    """Nothing but an orderly end with 0, and no file of the tests touched, passes."""
    tail = " ".join(ran.output[-TAIL:].split())
    if ran.end == "timeout":
        failure = Failure(
            "timeout",
            f"the command did not end within {ran.seconds:.0f} s; --timeout gives it more",
        )
        return CheckResult(EXIT, Outcome.TIMEOUT, failure=failure)
    if ran.end != "exit":
        failure = Failure("output", f"killed for too many {ran.end} (see the limits)")
        return CheckResult(EXIT, Outcome.OUTPUT_LIMIT, failure=failure)
    if ran.tampered:
        failure = Failure("crash", f"the run changed {ran.tampered[0]}, which it is judged by")
        return CheckResult(EXIT, Outcome.REJECTED, failure=failure)
    if ran.status == 0:
        return CheckResult(EXIT, Outcome.PASS)
    said = f"the command ended with {ran.status}: {tail}"
    outcome = Outcome.FAIL if ran.status > 0 else Outcome.CRASH
    return CheckResult(EXIT, outcome, failure=Failure("assertion", said[:500], line=line))


def _check_runnable(task: Task, ran: Ran) -> None:
    tail = " ".join(ran.output[-TAIL:].split())
    if ran.status in (126, 127) and ran.end == "exit":
        raise TestsNotRunnable(f"the test command cannot be started: {tail}; see --test-command")
    if ran.status in (0, 5) and ran.end == "exit" and NOTHING_RAN.search(ran.output):
        raise TestsNotRunnable(f"the test command finds no tests: {tail}")
    if ran.used is False and ran.end == "exit":
        raise TestsNotRunnable(
            f"the test command never opens {task.path}, so nothing can be said about it; it ran in "
            f"{task.project_root} and said: {tail or 'nothing'}"
        )


def _line(path: str, text: str) -> int:
    """The line of the file under repair that the output names last, as tracebacks do; 0 for none."""
    name = re.escape(Path(path).name)
    found = re.findall(rf'{name}", line (\d+)|(?:^|/){name}:(\d+):', text, re.MULTILINE)
    return int("".join(found[-1])[:9]) if found else 0


def _same_run(one: Task, other: Task) -> bool:
    """Whether the command does the same for both, whatever may change in the file."""
    names = ("path", "source", "tests", "project_root", "python", "command")
    return all(getattr(one, name) == getattr(other, name) for name in names)
