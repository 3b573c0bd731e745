"""Length-prefixed JSON over a file descriptor."""

from __future__ import annotations

import array
import json
import os
import socket
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
    write_all(fd, encode(value))


def write_all(fd: int, data: bytes) -> None:
    """Writes all of it. Raises OSError if the other end is gone."""
    view = memoryview(data)
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


def send(fd: int, body: bytes) -> None:
    """Writes a frame of bytes. Raises OSError if the other end is gone."""
    write_all(fd, HEADER.pack(len(body)) + body)


def receive(fd: int) -> Optional[bytes]:
    """Reads a frame of bytes; None at the end of the stream."""
    header = _exactly(fd, HEADER.size)
    return None if header is None else _exactly(fd, HEADER.unpack(header)[0])


def send_descriptor(fd: int, passed: int) -> None:
    """Sends a descriptor over a socket, with one byte."""
    with socket.socket(fileno=os.dup(fd)) as copy:
        rights = array.array("i", [passed]).tobytes()
        copy.sendmsg([b"F"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def receive_descriptor(fd: int) -> int:
    """The descriptor that was sent with the next byte. Raises OSError if the other end is gone."""
    size = struct.calcsize("i")
    with socket.socket(fileno=os.dup(fd)) as copy:
        _, ancillary, _, _ = copy.recvmsg(1, socket.CMSG_LEN(size))
    if not ancillary:
        raise OSError("no descriptor came")
    return int(struct.unpack("i", ancillary[0][2][:size])[0])


def close_all_but(limit: int, *kept: int) -> None:
    """Closes the descriptors from 3 to `limit` but these."""
    start = 3
    for fd in sorted(kept):
        os.closerange(start, max(start, fd))
        start = max(start, fd + 1)
    os.closerange(start, limit)


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
