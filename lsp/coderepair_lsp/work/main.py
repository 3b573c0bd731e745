"""Entry point of the process. Standard input holds one job and stays open as long as the server lives;
standard output takes events as JSON lines, the last one `result` or `failed`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any, BinaryIO

from coderepair_lsp import stdio
from coderepair_lsp.work.job import Emit, Job, from_json

GRACE_S = 2.0
"""Wall seconds that the orderly end may take once the server has gone."""
NICENESS = 5
"""The editor comes first."""


class Stopped(BaseException):
    """SIGTERM came: everything that was opened is closed on the way out."""


def main() -> None:
    """Does the job on standard input."""
    stream = stdio.protect()
    signal.signal(signal.SIGTERM, _stop)
    os.nice(NICENESS)
    try:
        job = from_json(json.loads(sys.stdin.buffer.readline()))
        threading.Thread(target=_end_with_server, daemon=True).start()
        _do(job, _emitter(stream))
    except (Stopped, BrokenPipeError):
        os._exit(130)  # nothing is left to close, and nobody reads what is still buffered


def _do(job: Job, emit: Emit) -> None:
    from coderepair.errors import CodeRepairError
    from coderepair.report.document import of_error

    try:
        emit({"event": "result", **_work(job, emit)})
    except CodeRepairError as error:
        report = of_error(job.path, error)
        emit({"event": "failed", "status": report.status.value, "message": report.message})
    except BrokenPipeError:
        raise
    except Exception as error:
        traceback.print_exc()
        message = f"internal error: {type(error).__name__}: {error}"
        emit({"event": "failed", "status": "error", "message": message})


def _work(job: Job, emit: Emit) -> dict[str, Any]:
    if job.kind == "check":
        from coderepair_lsp.work.check import check

        return check(job, emit)
    if job.kind == "repair":
        from coderepair_lsp.work.repair import repair

        return repair(job, emit)
    from coderepair_lsp.work import look

    return look.tree(job) if job.kind == "tree" else look.setup(job)


def _emitter(stream: BinaryIO) -> Emit:
    def emit(event: Mapping[str, Any]) -> None:
        stream.write(json.dumps(event).encode("ascii") + b"\n")
        stream.flush()

    return emit


def _stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def _end_with_server() -> None:
    """The other end of standard input closes when the server ends, however it ends."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(130)
