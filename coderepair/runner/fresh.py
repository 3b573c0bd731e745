"""Tests run as the project's own tools would: each time in a fresh process, in the same sandbox."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from coderepair.methods import STDIO, UNITTEST
from coderepair.model import Limits, Task
from coderepair.runner.child import wire
from coderepair.runner.requests import task_request
from coderepair.runner.worker import MAIN, environment

BEFORE_FACTOR = 5.0
"""The original gets this many times the wall time of the repair, as it may hang."""
BEFORE_FLOOR_S = 2.0
OUTPUT_LIMIT = 64 * 1024 * 1024
ENTRIES = {UNITTEST: "plain_cases", STDIO: "plain_stdio"}
"""Module of the child that does for a `Task.method` what its own command would do."""


@dataclass
class PlainRun:
    """What one process told: outcome by node id."""

    outcomes: dict[str, str] = field(default_factory=dict)
    """`passed`, `failed`, `skipped` or `xfailed`; an error in setup or teardown is `failed`."""
    used: bool = False
    """Whether the program was imported at all."""
    status: int | str | None = None
    """pytest's exit status, text of a syntax error, or None if the process did not come to its end."""
    seconds: float = 0.0
    output: str | None = None
    """What a program wrote that was run with an input."""

    def add(self, event: list[Any]) -> None:
        if event[0] == "used":
            self.used = True
        elif event[0] == "end":
            self.status = event[1]
        elif event[0] == "output" and isinstance(event[-1], str):
            self.output = event[-1]
        elif len(event) == 4:
            self._report(str(event[0]), str(event[1]), str(event[2]), bool(event[3]))

    def _report(self, node: str, when: str, outcome: str, expected: bool) -> None:
        if outcome == "failed":
            self.outcomes[node] = "failed"
        elif outcome == "skipped":
            self.outcomes.setdefault(node, "xfailed" if expected else "skipped")
        elif when == "call":
            self.outcomes.setdefault(node, "passed")

    def passed(self) -> set[str]:
        return {node for node, outcome in self.outcomes.items() if outcome in ("passed", "xfailed")}


class _Process:
    """One fresh interpreter and the private channel it reports on."""

    def __init__(
        self, task: Task, source: str, what: dict[str, Any], seed: int, limits: Limits
    ) -> None:
        self.run = PlainRun()
        self.ended = False
        self.frames = wire.Frames(OUTPUT_LIMIT)
        self._scratch = tempfile.mkdtemp(prefix="coderepair-verify-")
        self.socket, theirs = socket.socketpair()
        self._started = time.monotonic()
        request = task_request(task, {})
        with theirs:
            self._process = subprocess.Popen(
                [task.python, "-B", str(MAIN), ENTRIES.get(task.method, "plain"),
                 str(theirs.fileno()), os.path.realpath(self._scratch), task.project_root],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(self._scratch, seed),
                cwd=task.project_root,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )  # fmt: skip
        details = {
            "path": request["path"],
            "source": source,
            **what,
            "readable": request["readable"],
            "listable": request["listable"],
            "memory_mb": limits.memory_mb,
            "cpu_s": int(limits.total_timeout_s) + 5,
        }
        wire.write(self.socket.fileno(), details)

    def read(self) -> bool:
        """Takes what there is; False at the end."""
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            data = b""
        for event in self.frames.feed(data):
            if isinstance(event, list) and event:
                self.run.add(event)
        return bool(data) and not self.frames.broken and self.run.status is None

    def close(self) -> None:
        self.ended = True
        self.run.seconds = time.monotonic() - self._started
        self.socket.close()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)


class PlainRuns(AbstractContextManager["PlainRuns"]):
    """Plain runs of (source, what to run, hash seed), side by side, each in a fresh process.

    They start at once and are ended at the end of the block, if they have not come to their end.
    """

    def __init__(
        self, task: Task, jobs: Sequence[tuple[str, dict[str, Any], int]], limits: Limits
    ) -> None:
        self._begin = time.monotonic()
        self._deadline = self._begin + limits.total_timeout_s
        self._processes: list[_Process] = []
        try:
            self._processes.extend(_Process(task, *job, limits) for job in jobs)
        except BaseException:
            self._end()
            raise

    def __exit__(self, *_: object) -> None:
        self._end()

    def wait(self, with_original: bool = False) -> list[PlainRun]:
        """What they told, once all are done or the time is over.

        Where the last is the original's, `with_original`, it gets little more time than the others took.
        """
        deadline = self._deadline
        with selectors.DefaultSelector() as selector:
            for process in self._processes:
                selector.register(process.socket, selectors.EVENT_READ, process)
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(deadline - time.monotonic()):
                    if not key.data.read():
                        selector.unregister(key.fileobj)
                        key.data.close()
                others = self._processes[:-1] if with_original else []
                if others and all(process.ended for process in others):
                    longest = max(process.run.seconds for process in others)
                    rest = max(BEFORE_FLOOR_S, BEFORE_FACTOR * longest)
                    deadline = min(deadline, self._begin + rest)
        self._end()
        return [process.run for process in self._processes]

    def _end(self) -> None:
        for process in self._processes:
            if not process.ended:
                process.close()


def run_plain(
    task: Task,
    jobs: Sequence[tuple[str, dict[str, Any], int]],
    limits: Limits,
    with_original: bool = True,
) -> list[PlainRun]:
    """The runs of `PlainRuns`, waited for within the limits."""
    with PlainRuns(task, jobs, limits) as runs:
        return runs.wait(with_original=with_original)
