"""One process that checks or repairs: started, listened to, and ended with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import coderepair
import coderepair_lsp
from coderepair_lsp.work.job import Job

GRACE_S = 0.25
"""Wall seconds between the request to end and the end by force."""
LINE_BYTES = 64 * 1024 * 1024
"""Longest line that the process may write: a result holds a whole file and all its checks."""
SHOWN_ERRORS = 4000
"""Characters of its standard error that are kept for the log."""

OnEvent = Callable[[Mapping[str, Any]], None]
_START = "import sys; sys.path[:0] = {paths!r}; from coderepair_lsp.work.main import main; main()"

log = logging.getLogger(__name__)


class JobFailed(Exception):
    """The job could not be done; the text is for people."""

    def __init__(self, message: str, status: str = "error") -> None:
        super().__init__(message)
        self.status = status
        """As in the reports of the command line: `error`, `tests_not_runnable`, `flaky`."""


async def do(job: Job, on_event: OnEvent) -> dict[str, Any]:
    """Does the job in a process group of its own; the group ends if the awaiting task is cancelled.

    Raises `JobFailed`.
    """
    process = await asyncio.create_subprocess_exec(
        *_command(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        start_new_session=True,
    )
    errors = asyncio.ensure_future(_errors(process))
    try:
        return await _listen(process, job, on_event)
    except EOFError:
        await process.wait()
        text = await errors
        log.error("the process ended with %s: %s", process.returncode, text)
        raise JobFailed(f"the process ended unexpectedly ({process.returncode})") from None
    finally:
        await _end(process)
        errors.cancel()


def _command() -> list[str]:
    """Runs our own packages wherever they lie; `-P` keeps the working directory from shadowing any."""
    files = (coderepair.__file__, coderepair_lsp.__file__)
    paths = list(dict.fromkeys(str(Path(str(each)).parents[1]) for each in files))
    return [sys.executable, "-P", "-c", _START.format(paths=paths)]


async def _listen(
    process: asyncio.subprocess.Process, job: Job, on_event: OnEvent
) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job.to_json()).encode("ascii") + b"\n")
    with contextlib.suppress(ConnectionError):
        await process.stdin.drain()
    while line := await process.stdout.readline():
        event = json.loads(line)
        if event["event"] == "failed":
            raise JobFailed(event["message"], event["status"])
        if event["event"] == "result":
            return dict(event)
        on_event(event)
    raise EOFError


async def _errors(process: asyncio.subprocess.Process) -> str:
    """Reads to the end, so that the process never waits for us; keeps the last of it."""
    assert process.stderr is not None
    kept = b""
    while data := await process.stderr.read(1 << 16):
        kept = (kept + data)[-SHOWN_ERRORS:]
    return kept.decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """First asked, so that it ends what it started; then by force. Not to be cut short by a cancel."""
    if process.returncode is None:
        _signal(process.pid, signal.SIGTERM)
        waiting = asyncio.ensure_future(process.wait())
        done, _ = await asyncio.shield(asyncio.wait({waiting}, timeout=GRACE_S))
        if not done:
            _signal(process.pid, signal.SIGKILL)
            await asyncio.shield(waiting)
    # Closing our side releases the descriptors at once, however many jobs there were.
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
