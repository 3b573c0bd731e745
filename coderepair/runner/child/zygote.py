"""The warm process of a worker: imports pytest once and forks a server for each task.

It answers on the same descriptor as its servers do, one at a time: while a server lives, the zygote
only waits for its end. End of the stream, which also a killed parent causes, ends everything.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
from typing import Any, Dict

from . import loader, namespaces, sandbox, seccomp, system, wire

PROBE_S = 10.0
"""Seconds the isolation self-test may take."""
NO_NAMESPACES = "no-namespaces"


def serve(control: int, scratch: str, layers: str) -> None:
    """Loop of the zygote. `control` is a socket to the parent; `layers` may be `no-namespaces`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    try:
        if layers != NO_NAMESPACES:
            namespaces.enter(scratch, control)
        system.adopt_descendants()
        _answer(control, scratch)
    except OSError:
        pass  # the parent has gone, or cannot be sure of what comes from here
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _answer(control: int, scratch: str) -> None:
    """Does what it is asked for until the stream ends."""
    wire.write(control, _hello())
    loader.install()
    while True:
        request = wire.read(control)
        if request is None:
            return
        if request["op"] == "task":
            _fork_server(control, scratch, request)
        elif request["op"] == "probe":
            wire.write(control, _probe(control, scratch, request))


def _probe(control: int, scratch: str, request: Dict[str, Any]) -> Dict[str, Any]:
    """What goes through, for each of the ways to be confined that are asked about."""
    from . import forking, probe

    found: Dict[str, Any] = {}
    for name, layers in request["probes"].items():

        def work(fd: int, folder: str, layers: Dict[str, bool] = layers) -> None:
            probe.run(request, layers, fd, folder)

        told = forking.supervise(
            work, control, os.path.join(scratch, "probe"), PROBE_S, PROBE_S, PROBE_S
        )
        found[name] = told.events[0] if told.events else {}
    return found


def _hello() -> Dict[str, Any]:
    """Imports what every task needs; a project may do without pytest."""
    answer: Dict[str, Any] = {"version": list(sys.version_info[:3]), "pytest": ""}
    from . import candidate, coverage, server  # noqa: F401

    try:
        import pytest
    except ImportError:
        return answer
    answer["pytest"] = pytest.__version__
    return answer


def _fork_server(control: int, scratch: str, request: Dict[str, Any]) -> None:
    """Runs a server to its end, or until the parent goes away."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _server(control, scratch, request)
    os.close(write_end)
    poll = select.poll()
    poll.register(read_end, select.POLLIN)
    poll.register(control, 0)  # only its hang-up
    poll.poll()
    os.close(read_end)
    if not _end(pid):
        raise OSError("half a message of the server's may be on its way")
    wire.write(control, {"ended": True})


def _end(pid: int) -> bool:
    """The server has closed its pipe or must go; whether it went by itself.

    SIGKILL does no harm to one that has exited.
    """
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
    status = os.waitpid(pid, 0)[1]
    system.end_orphans([])
    return os.WIFEXITED(status)


def _server(control: int, scratch: str, request: Dict[str, Any]) -> None:
    try:
        sandbox.die_with_parent()
        system.adopt_descendants()
        namespaces.fence(not seccomp.works(request["isolation"]))
        from . import server

        os.chdir(request["root"])
        sys.path.insert(0, request["root"])  # as `python -m pytest` does
        server.serve(control, scratch, request)
    finally:
        os._exit(0)
