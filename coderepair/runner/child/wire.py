"""Length-prefixed JSON over a file descriptor."""

from __future__ import annotations

import json
import os
import struct
from typing import Any, List, Optional

HEADER = struct.Struct(">I")
MAX_FRAME = 256 * 1024 * 1024


def encode(value: Any) -> bytes:
    """One frame. Lone surrogates survive as escapes."""
    body = json.dumps(value, separators=(",", ":")).encode("ascii")
    return HEADER.pack(len(body)) + body


def write(fd: int, value: Any) -> None:
    """Writes a whole frame. Raises OSError if the other end is gone."""
    view = memoryview(encode(value))
    while view:
        view = view[os.write(fd, view) :]


def read(fd: int) -> Optional[Any]:
    """Reads one frame; None at the end of the stream. Raises ValueError for nonsense."""
    header = _exactly(fd, HEADER.size)
    if header is None:
        return None
    (length,) = HEADER.unpack(header)
    if length > MAX_FRAME:
        raise ValueError("frame too long")
    body = _exactly(fd, length)
    return None if body is None else json.loads(body)


def _exactly(fd: int, count: int) -> Optional[bytes]:
    parts: List[bytes] = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


class Frames:
    """Takes bytes as they come and gives whole frames; stops for good at the first bad one."""

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._left = limit
        self.broken = False

    def feed(self, data: bytes) -> List[Any]:
        """The frames that `data` completes."""
        self._left -= len(data)
        self.broken = self.broken or self._left < 0
        found: List[Any] = []
        self._buffer += data
        while not self.broken and len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            if length > self._left + len(self._buffer):
                self.broken = True
                break
            if len(self._buffer) < HEADER.size + length:
                break
            body = bytes(self._buffer[HEADER.size : HEADER.size + length])
            del self._buffer[: HEADER.size + length]
            try:
                found.append(json.loads(body))
            except (ValueError, RecursionError):
                self.broken = True
        return found
