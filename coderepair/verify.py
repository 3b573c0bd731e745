"""Is a repair more than plausible? Plain pytest in fresh processes, on whole test files.

The program takes the place of the user's file at import, in the same sandbox as a candidate's, but
tests are not rewritten, nothing is warm, and the verdict is read test by test from a private channel.
"""

from __future__ import annotations

import ast
import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coderepair.model import Limits, Program, Task, Verification
from coderepair.runner.child import doctests, wire
from coderepair.runner.pins import Pins
from coderepair.runner.requests import task_request
from coderepair.runner.worker import MAIN, environment

HASH_SEEDS = (0, 1)
"""Values of PYTHONHASHSEED under which a repair has to pass."""
BEFORE_FACTOR = 5.0
"""The original gets this many times the wall time of the repair, as it may hang."""
BEFORE_FLOOR_S = 2.0
OUTPUT_LIMIT = 64 * 1024 * 1024
PLAIN = ("-q",)


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

    def add(self, event: list[Any]) -> None:
        if event[0] == "used":
            self.used = True
        elif event[0] == "end":
            self.status = event[1]
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


def verify(task: Task, program: Program, limits: Limits) -> Verification:
    """Whether every given check passes and nothing that passed before fails, in plain pytest.

    Raises `TestsNotRunnable` if a test file has changed since the task was made.
    """
    pins = Pins(task)
    whole = _arguments(task, narrowed=False)
    command = " ".join([task.python, "-m", "pytest", *whole[len(PLAIN) :]])
    given = _arguments(task, narrowed=True)
    jobs = [(program.source, given, seed) for seed in HASH_SEEDS]
    if given != whole:
        jobs.append((program.source, whole, HASH_SEEDS[0]))
    *runs, before = run_plain(task, [*jobs, (task.source, whole, HASH_SEEDS[0])], limits)
    after, wide = runs[: len(HASH_SEEDS)], runs[-1]
    pins.check()
    reason = (
        _lost_examples(task, program)
        or next(filter(None, (_wrong(task, run, before) for run in after)), "")
        or _regression(before, wide)
    )
    return Verification(
        ok=not reason,
        command=command,
        reason=reason,
        before_passed=len(before.passed()),
        after_passed=len(wide.passed()),
        total=len(wide.outcomes),
    )


def is_used(task: Task, limits: Limits) -> bool:
    """Whether the tests import the file at all, in this very process: a copy that is installed, or a
    program started from its path, is not what is repaired.

    True where that cannot be said: the tests do not come to their end, or the file does not parse.
    """
    (run,) = run_plain(
        task, [(task.source, _arguments(task, narrowed=True), HASH_SEEDS[0])], limits
    )
    return run.used or not isinstance(run.status, int)


def _arguments(task: Task, narrowed: bool) -> list[str]:
    request = task_request(task, {})
    files = list(dict.fromkeys(test.path for test in task.tests))
    chosen = [*request["tests"], *request["doctests"]] if narrowed else files
    args = list(PLAIN)
    if request["doctests"]:
        # Imported by its own path, so pytest's rewriting of asserts would read the user's file instead.
        args += ["--doctest-modules", "--doctest-glob=*", "--assert=plain"]
    keyword = ["-k", task.keyword] if narrowed and task.keyword else []
    return [*args, *keyword, "--", *dict.fromkeys(chosen)]


# -- judging --------------------------------------------------------------------------------------


def _wrong(task: Task, run: PlainRun, before: PlainRun) -> str:
    """Why a run of the repair is no proof, in one line; empty if it is one."""
    if run.status is None:
        return "plain pytest did not come to its end with the repair"
    if not run.used:
        return "the tests did not import the repaired file"
    failed = [node for node, outcome in run.outcomes.items() if outcome == "failed"]
    if failed:
        return f"plain pytest fails {failed[0]}" + (
            f" and {len(failed) - 1} more" if failed[1:] else ""
        )
    skipped = [node for node, outcome in run.outcomes.items() if outcome == "skipped"]
    new = [node for node in skipped if before.outcomes.get(node, "skipped") != "skipped"]
    if new:
        return f"plain pytest now skips {new[0]}"
    missing = _missing(task, run, before)
    if missing:
        return f"plain pytest did not run {missing}"
    return (
        "" if run.passed() and run.status == 0 else f"plain pytest ended with status {run.status}"
    )


def _missing(task: Task, run: PlainRun, before: PlainRun) -> str:
    """A test that ought to have been run and was not."""
    narrowed = bool(task.keyword) or any(test.nodes for test in task.tests)
    if not narrowed:
        lost = [node for node in before.outcomes if node not in run.outcomes]
        if lost:
            return lost[0]
    for test in task.tests:
        name = Path(test.path).name
        mine = [
            node.partition("::")[2]
            for node in run.outcomes
            if Path(node.partition("::")[0]).name == name
        ]
        wanted = test.nodes or (
            () if task.keyword or test.path == task.path else _test_functions(test.path)
        )
        for node in wanted:
            if not any(ran == node or ran.startswith((node + "[", node + "::")) for ran in mine):
                return f"{name}::{node}"
        if not mine and not task.keyword:
            return name
    return ""


def _test_functions(path: str) -> list[str]:
    """Top-level test functions of a file, which pytest collects under its default configuration."""
    try:
        body = ast.parse(Path(path).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []
    return [
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        if not node.decorator_list
    ]


def _regression(before: PlainRun, after: PlainRun) -> str:
    lost = sorted(before.passed() - after.passed())
    return f"{lost[0]} passed before and does not now" if lost else ""


def _lost_examples(task: Task, program: Program) -> str:
    """A program must not edit the doctests it is judged by."""
    path = os.path.realpath(task.path)
    if not any(os.path.realpath(test.path) == path for test in task.tests):
        return ""
    left = _examples(path, program.source)
    for example in _examples(path, task.source):
        if example not in left:
            return f"the repair changes the docstring example {example[0].strip()}"
        left.remove(example)
    return ""


def _examples(path: str, source: str) -> list[tuple[str, str]]:
    found = doctests.examples(path, source)
    return [(example.source, example.want) for _, examples in found for example in examples]


# -- running --------------------------------------------------------------------------------------


class _Process:
    """One fresh interpreter and the private channel it reports on."""

    def __init__(self, task: Task, source: str, args: list[str], seed: int, limits: Limits) -> None:
        self.run = PlainRun()
        self.ended = False
        self.frames = wire.Frames(OUTPUT_LIMIT)
        self._scratch = tempfile.mkdtemp(prefix="coderepair-verify-")
        self.socket, theirs = socket.socketpair()
        self._started = time.monotonic()
        request = task_request(task, {})
        with theirs:
            self._process = subprocess.Popen(
                [task.python, "-B", str(MAIN), "plain", str(theirs.fileno()),
                 os.path.realpath(self._scratch), task.project_root],
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
            "args": args,
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


def run_plain(
    task: Task, jobs: Sequence[tuple[str, list[str], int]], limits: Limits
) -> list[PlainRun]:
    """Plain runs of (source, pytest's arguments, hash seed), side by side, each in a fresh process.

    The last one is the original's: when the others are done it gets little more time than they took.
    """
    begin = time.monotonic()
    deadline = begin + limits.total_timeout_s
    processes: list[_Process] = []
    try:
        processes = [_Process(task, *job, limits) for job in jobs]
        with selectors.DefaultSelector() as selector:
            for process in processes:
                selector.register(process.socket, selectors.EVENT_READ, process)
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(deadline - time.monotonic()):
                    if not key.data.read():
                        selector.unregister(key.fileobj)
                        key.data.close()
                others = processes[:-1]
                if others and all(process.ended for process in others):
                    longest = max(process.run.seconds for process in others)
                    rest = max(BEFORE_FLOOR_S, BEFORE_FACTOR * longest)
                    deadline = min(deadline, begin + rest)
    finally:
        for process in processes:
            if not process.ended:
                process.close()
    return [process.run for process in processes]
