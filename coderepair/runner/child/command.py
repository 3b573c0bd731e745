"""Runs one shell command in a sandbox and says how it ended. Lives in coderepair's own interpreter.

The request names the command, its folder and environment, what it may read, its limits, and the file
under repair, whose opening is watched. Every process that the command leaves behind is ended.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from typing import Any, Dict, Optional

from . import programs, sandbox, system, wire

TICK_S = 0.02
IN_OPEN, IN_NONBLOCK, IN_CLOEXEC = 0x20, 0o4000, 0o2000000
SHELL = "/bin/sh"
MAX_PROCESSES = 256
"""Children of this process at a time: what daemons and fork bombs leave behind comes here."""


def serve(control: int, scratch: str, _root: str) -> None:
    """Answers one request: {"status", "end", "used", "seconds"}; `end` is `exit`, `timeout` or `output`."""
    request = wire.read(control)
    if request is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    system.adopt_descendants()
    sandbox.remember_own_size()
    watch = Watch(request["watched"])
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _become(request, scratch)
    try:
        end, status = _wait(pid, control, request, started + request["total_s"])
    finally:
        _end(pid)
        system.end_orphans([])
    seconds = time.monotonic() - started
    answer = {"status": status, "end": end, "used": watch.seen(), "seconds": seconds}
    wire.write(control, answer)


def _become(request: Dict[str, Any], scratch: str) -> None:
    """The forked side: turns into the command, or exits with 126."""
    try:
        os.setsid()
        output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        wire.close_all_but(1024, sandbox.size_descriptor())
        os.chdir(request["folder"])
        programs.confine(request, scratch)
        for name in ("SIGINT", "SIGPIPE", "SIGXFSZ"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execve(SHELL, [SHELL, "-c", request["command"]], request["environ"])
    except BaseException as error:
        os.write(2, ("cannot start the command: %s\n" % error).encode())
    finally:
        os._exit(126)


def _wait(pid: int, control: int, request: Dict[str, Any], deadline: float) -> "tuple[str, int]":
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return "exit", _exit_code(status)
        if time.monotonic() > deadline:
            return "timeout", -signal.SIGKILL
        too_much = os.stat(request["output"]).st_size if os.path.exists(request["output"]) else 0
        if too_much > request["output_bytes"] or len(system.children()) > MAX_PROCESSES:
            return "output" if too_much > request["output_bytes"] else "processes", -signal.SIGKILL
        if select.select([control], [], [], TICK_S)[0]:
            _end(pid)  # the parent has gone: it sends nothing while a command runs
            system.end_orphans([])
            os._exit(0)


def _exit_code(status: int) -> int:
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _end(pid: int) -> None:
    """The command and its process group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    system.kill(pid)
    try:
        os.waitpid(pid, 0)
    except OSError:
        pass  # it was waited for


class Watch:
    """Whether a file is opened from now on (inotify)."""

    def __init__(self, path: str) -> None:
        self._fd = -1
        if system.LINUX:
            self._fd = int(system.libc().inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
            name = ctypes.c_char_p(os.fsencode(path))
            if self._fd >= 0 and system.libc().inotify_add_watch(self._fd, name, IN_OPEN) < 0:
                self._fd = -1

    def seen(self) -> Optional[bool]:
        """None where the system does not tell."""
        if self._fd < 0:
            return None
        try:
            return bool(os.read(self._fd, 4096))
        except BlockingIOError:
            return False
