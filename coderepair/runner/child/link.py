"""The judge's end of the socket to a candidate. Whatever is not a whole answer in its turn is an error."""

from __future__ import annotations

import os
import select
from typing import Callable

from . import values, wire
from .recorder import CheckTimeout

TICK_MS = 50


class Gone(OSError):
    """The candidate's process has ended."""


class Link:
    """Our end of the socket to one candidate."""

    def __init__(self, fd: int, pid: int) -> None:
        self._rest = b""
        self.move(fd, pid)

    def move(self, fd: int, pid: int) -> None:
        """From now on to another process."""
        self.fd = fd
        self.pid = pid
        self._rest = b""
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def post(self, *messages: bytes) -> None:
        """Sends messages, in one go. Raises `Gone`."""
        try:
            wire.write_all(self.fd, b"".join(map(wire.framed, messages)))
        except OSError:
            raise Gone from None

    def reply(self, overdue: Callable[[], bool], more: bool = False) -> values.Tree:
        """The next message, and nothing behind it unless `more` were asked for.

        Raises `Gone`, `CheckTimeout`, or one of `values.MALFORMED`."""
        buffer = self._rest
        needed = _length(buffer)
        while not needed or len(buffer) < needed:
            ready = self._poll.poll(TICK_MS)
            if (buffer or not ready) and overdue():
                raise CheckTimeout
            if not ready:
                continue
            data = self._read()
            if not data:
                raise Gone
            buffer += data
            needed = needed or _length(buffer)
        self._rest = buffer[needed:]
        if self._rest and not more:
            raise ValueError("more than was asked for")
        return values.loads(buffer[wire.HEADER.size : needed])

    def _read(self) -> bytes:
        try:
            return os.read(self.fd, 1 << 18)
        except ConnectionError:  # it ended before it had read all it was asked
            return b""


def _length(buffer: bytes) -> int:
    """Of the frame that begins here; 0 while that is not known. Raises ValueError for a long one."""
    if len(buffer) < wire.HEADER.size:
        return 0
    needed = int(wire.HEADER.unpack_from(buffer)[0]) + wire.HEADER.size
    if needed > values.MAX_MESSAGE + wire.HEADER.size:
        raise ValueError("a long message")
    return needed
