"""Plain pytest for many programs: imports it once, then forks for each request. Stands alone.

Started by its path with the project's interpreter. A request is a line of JSON on standard input with
`folder`, `args`, `seconds` (CPU time that one test may take) and `memory_mb`; the answer is one on
standard output: for each test `passed`, `failed`, `skipped`, `xfailed`, `timeout`, `crash` or `not_run`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SLEEPING = 20
"""A test that needs no CPU may take that many times as long, by the clock."""
TICK_S = 0.5
MOST_HANGS = 3
"""Tests that may hang or kill their process before the rest is not run."""
FILE_BYTES = 16 << 20
COLLECTING = "(collecting)"


class Reporter:
    """Tells of each test when it begins and when a phase of it has ended."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def tell(self, *words: str) -> None:
        os.write(self._fd, json.dumps(words).encode() + b"\n")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.tell("begin", nodeid, "")

    def pytest_runtest_logreport(self, report: Any) -> None:
        expected = hasattr(report, "wasxfail")
        self.tell(report.when, report.nodeid, "xfailed" if expected else report.outcome)

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            self.tell("listed", item.nodeid, "not_run")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.tell("call", report.nodeid, "failed")


def forked(request: dict[str, Any], done: Sequence[str]) -> tuple[dict[str, str], str, str]:
    """Outcomes told by one fork, the test that it did not get over, and how it ended there."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read_end)
            run(request, write_end, done)
        finally:
            os._exit(1)
    os.close(write_end)
    try:
        return listen(read_end, pid, request["seconds"])
    finally:
        os.close(read_end)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def run(request: dict[str, Any], fd: int, done: Sequence[str]) -> None:
    """In the fork: what `python -m pytest` does, with limits, without the tests that are known already."""
    import pytest

    os.setsid()
    os.set_inheritable(fd, False)
    memory = request["memory_mb"] << 20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.chdir(request["folder"])
    sys.path.insert(0, request["folder"])
    reporter = Reporter(fd)
    left_out = ["--deselect=" + name for name in done]
    options = ["-q", "-p", "no:cacheprovider", "--rootdir=" + request["folder"], *left_out]
    pytest.main([*options, *request["args"]], plugins=[reporter])
    reporter.tell("end", "", "")


def listen(fd: int, pid: int, seconds: float) -> tuple[dict[str, str], str, str]:
    """What a fork tells until it ends, or is silent for so long."""
    outcomes: dict[str, str] = {}
    running, data, ended = COLLECTING, b"", False
    while not ended:
        if not waited(fd, pid, seconds):
            return outcomes, running, "timeout"
        chunk = os.read(fd, 1 << 16)
        if not chunk:
            return outcomes, running, "crash"
        *lines, data = (data + chunk).split(b"\n")
        for line in lines:
            when, node, outcome = json.loads(line)
            running = node if when == "begin" else running
            ended = when == "end"
            note(outcomes, when, node, outcome)
    return outcomes, "", ""


def waited(fd: int, pid: int, seconds: float) -> bool:
    """Whether there is something to read before the process has spent its time."""
    begin, before = time.monotonic(), cpu(pid)
    while not select.select([fd], [], [], TICK_S)[0]:
        if cpu(pid) - before > seconds or time.monotonic() - begin > SLEEPING * seconds:
            return False
    return True


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def note(outcomes: dict[str, str], when: str, node: str, outcome: str) -> None:
    """Keeps the worst of a test's phases; a skip or an expected failure may come in any of them."""
    if when in ("begin", "end"):
        return
    new = outcomes.get(node, "not_run") == "not_run"
    if outcome == "failed" or (new and (when in ("call", "listed") or outcome != "passed")):
        outcomes[node] = outcome


def answer(request: dict[str, Any]) -> dict[str, str]:
    """Outcomes of all tests; after one that hangs or kills its process the others get a new fork."""
    outcomes: dict[str, str] = {}
    for _ in range(MOST_HANGS):
        done = [node for node, outcome in outcomes.items() if outcome != "not_run"]
        told, running, how = forked(request, done)
        outcomes.update(told)
        if running:
            outcomes[running] = how
        if not running or running == COLLECTING:
            break
    return outcomes


def main() -> None:
    """Answers requests until the stream ends."""
    import pytest  # noqa: F401  (so that forks find it imported)

    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
