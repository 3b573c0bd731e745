"""Which of many programs pass every test: one forked child runs a batch of them in turn.

Ten times cheaper than a child for each, good enough for counting: a program that spoils the child's
state, or ends it, can at worst lose its own batch a verdict. The limits are those of `execution`.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from coderepair_training.execution import read_lines

BATCH = 64
PROGRAM_SECONDS = 0.1
"""Processor seconds that loading a program and running all its tests may take."""
_STUCK_SECONDS = 1
"""Processor seconds after which a program dies that never gets back to Python to hear the alarm."""
_WALL_SECONDS = 60.0
_SPARE_MEMORY = 1 << 29


class OutOfTimeError(BaseException):
    """Not an Exception, so that `except Exception` of a program does not swallow it."""


def repairs(sources: Sequence[str], setup: str, tests: Sequence[str]) -> list[bool]:
    """Whether each program passes all tests. Put those tests first that are likely to fail.

    A program at which the child dies or hangs does not pass; those behind it get a child of their own.
    """
    verdicts: list[bool] = []
    while len(verdicts) < len(sources):
        batch = sources[len(verdicts) : len(verdicts) + BATCH]
        found = _judged(batch, setup, tests)
        verdicts += found if len(found) == len(batch) else [*found, False]
    return verdicts


def _judged(batch: Sequence[str], setup: str, tests: Sequence[str]) -> list[bool]:
    """Verdicts up to the end of the batch or of the child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(writer, batch, setup, tests)
    os.close(writer)
    lines, _ = read_lines(reader, time.monotonic() + _WALL_SECONDS)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return [line == b"1" for line in lines]


def _child(writer: int, batch: Sequence[str], setup: str, tests: Sequence[str]) -> None:
    """Never returns. Each verdict is a line in the pipe."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
        limit()
        codes = [compile(text, "test.py", "exec") for text in (setup, *tests)]
        for source in batch:
            os.write(writer, b"1\n" if _passes(source, codes) else b"0\n")
    finally:
        os._exit(0)


def limit() -> None:
    """The limits of a child that runs programs; it writes nothing and is silent."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memory = pages * resource.getpagesize() + _SPARE_MEMORY
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (limit, limit))
    signal.signal(signal.SIGVTALRM, _out_of_time)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTimeError


@contextlib.contextmanager
def timed() -> Iterator[None]:
    """Raises `OutOfTimeError` after `PROGRAM_SECONDS`. The signal comes again and again, for a bare
    `except` of the program swallows one."""
    signal.setitimer(signal.ITIMER_VIRTUAL, PROGRAM_SECONDS, PROGRAM_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def allow() -> None:
    """What comes next may take so much processor time that the alarm is heard, and not much more."""
    end = int(time.process_time()) + 1 + _STUCK_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def _passes(source: str, codes: Sequence[CodeType]) -> bool:
    namespace: dict[str, Any] = {"__name__": "solution"}
    allow()
    try:
        with timed():
            exec(compile(source, "solution.py", "exec"), namespace)
            for code in codes:
                exec(code, namespace)
    except BaseException:
        return False
    return True
