"""Ctrl-C and SIGTERM: the first asks the run to stop with what it has, the second ends at once."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While entered, remembers whether a signal asked to stop. Main thread only."""

    def __init__(self) -> None:
        self._requested = False
        self._previous = {number: signal.getsignal(number) for number in _SIGNALS}

    def requested(self) -> bool:
        """Whether a signal has come."""
        return self._requested

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, *_: object) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
        # Past the buffer: the signal may have come in the middle of another write.
        with contextlib.suppress(OSError):
            os.write(2, b"\nstopping with the best so far; again to end at once\n")
