"""An interpreter that is started ahead and waits for a program: what `spawn` has instead of forks."""

from __future__ import annotations

import os
import signal
import sys

from . import answering, lean, loader, sandbox, wire


def serve(control: int, folder: str, root: str) -> None:
    """Gets ready, takes one program from `control`, and answers calls of it on the socket that comes too."""
    sandbox.die_with_parent()
    sandbox.remember_own_size()
    setup = wire.read(control)
    if setup is None:
        return
    os.chdir(root)
    sys.path[:] = setup["path"]
    if setup["isolation"].get("landlock", True):
        sandbox.confine_files(setup["readable"], [os.path.dirname(folder)], setup["listable"])
    loader.install()
    lean.preload(setup["preload"])
    lean.settle()
    request = wire.read(control)
    if request is None:
        return
    fd = wire.receive_descriptor(control)
    wire.close_all_but(lean.MAX_DESCRIPTORS, fd, sandbox.size_descriptor())
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    answering.serve(fd, {**request, **setup["program"], "isolation": setup["isolation"]}, folder)
