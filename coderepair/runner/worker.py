"""One warm process of the project's interpreter, seen from our side of its socket."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from coderepair.errors import SandboxError, TestsNotRunnable
from coderepair.runner.child import wire

MAIN = Path(__file__).parent / "child" / "main.py"
START_S = 60.0
"""Wall seconds the interpreter may take to start and import pytest."""
SILENCE_S = 300.0
"""Longest time without an answer; every request ends by its own limits long before."""

KEPT = ("PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG",
        "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "DJANGO_SETTINGS_MODULE")  # fmt: skip
"""Environment variables that a project's tests may need; no others reach them, secrets least of all."""
FIXED = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PATH": os.defpath,
}


def environment(scratch: str, hash_seed: int = 0) -> dict[str, str]:
    """A clean environment whose home and temporary folder are `scratch`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    if "PYTHONPATH" in kept:  # the tests run in another folder
        kept["PYTHONPATH"] = os.pathsep.join(
            map(os.path.abspath, kept["PYTHONPATH"].split(os.pathsep))
        )
    own = {"HOME": scratch, "TMPDIR": scratch, "PYTHONHASHSEED": str(hash_seed)}
    return {"LANG": "C.UTF-8", **kept, **FIXED, **own}


class Died(SandboxError):
    """A process was found dead. What it knew, another one can be told."""


class DiedCollecting(Died):
    """The process was ended that collected the tests. One that always ends so is ended by the tests."""


class Channel:
    """Our end of a socket to a process that answers one request at a time; fit for `selectors`."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: dict[str, Any]) -> None:
        """Raises `BrokenPipeError` (or another OSError) if the process has gone."""
        wire.write(self._socket.fileno(), message)

    def receive(self, timeout_s: float = SILENCE_S) -> Any:
        """The next answer. Raises `EOFError` if the process has gone or says nothing for so long."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            raise EOFError(f"no answer for {timeout_s:.0f} s")
        try:
            answer = wire.read(self._socket.fileno())
        except (OSError, ValueError) as error:
            raise EOFError(str(error)) from error
        if answer is None:
            raise EOFError("the worker process ended")
        return answer

    def ask(self, message: dict[str, Any]) -> Any:
        """Sends a message and waits for its answer. Raises `Died` if the process has gone."""
        try:
            self.send(message)
            answer = self.receive()
        except (OSError, EOFError) as error:
            raise Died(f"the test process ended: {error}") from None
        if "ended" in answer and message["op"] != "end":
            raise Died("the process that holds the tests ended")
        return answer

    def close(self) -> None:
        """Hangs up, which ends the process behind."""
        self._socket.close()


class Worker(Channel):
    """A zygote of the project's interpreter."""

    def __init__(self, python: str, namespaces: bool = True) -> None:
        """Starts it, with `namespaces` in a world of its own where the system lets us have one.

        Raises `TestsNotRunnable` (no such Python) or `SandboxError`.
        """
        self.python = python
        self.task: object = None
        """The task its server holds, by identity of the pool's record."""
        self.scratch = tempfile.mkdtemp(prefix="coderepair-")
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        try:
            self._process = subprocess.Popen(
                [
                    python,
                    "-B",
                    str(MAIN),
                    "zygote",
                    str(theirs.fileno()),
                    os.path.realpath(self.scratch),
                    "" if namespaces else "no-namespaces",
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(self.scratch),
                cwd=self.scratch,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise TestsNotRunnable(
                f"cannot start {python}: {error.strerror}; see --python"
            ) from error
        finally:
            theirs.close()
        self.hello = self._greet()

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """Kills the process and all it forked: each dies with its parent."""
        self._socket.close()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _greet(self) -> dict[str, Any]:
        try:
            hello: dict[str, Any] = self.receive(START_S)
        except EOFError:
            self.close()
            raise Died(
                f"{self.python} did not start as a test process; try `{self.python} -m pytest --version`"
            ) from None
        return hello


class Twin(Channel):
    """A second process with the task of a worker, forked from it: nothing is imported or collected again."""

    def __init__(self, worker: Worker, name: str) -> None:
        """`name` is its own folder below the worker's scratch. Raises `Died`."""
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        with theirs:
            try:
                worker.send({"op": "twin", "name": name})
                socket.send_fds(worker._socket, [b"F"], [theirs.fileno()])
                made = worker.receive().get("twin") == name
            except (OSError, EOFError):
                made = False
        if not made:
            ours.close()
            raise Died("the test process ended while another one was made from it")
