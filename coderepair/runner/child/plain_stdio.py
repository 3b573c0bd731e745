"""`python FILE < INPUT` in a fresh process, with the program in place of the user's file.

Tells ["output", text] if the program came to its end, ["used"] and ["end", exit status].
"""

from __future__ import annotations

import os

from . import loader, wire
from .fresh import begin
from .recorder import CheckTimeout
from .stdio import Stage


def serve(control: int, scratch: str, root: str) -> None:
    """Runs one request and ends."""
    begun = begin(control, scratch, root)
    if begun is None:
        return
    request, reporter = begun
    status = 1
    try:
        code = loader.code_of(request["path"])
        stage = Stage(request["path"], root, scratch)
        stage.set(request["input"])
        stage.play(code)
        wire.write(control, ["output", stage.written()])
        status = 0
    except (Exception, SystemExit, CheckTimeout):
        status = 1
    reporter.finish(status)
    os._exit(status)
