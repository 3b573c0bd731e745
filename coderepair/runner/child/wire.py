"""Length-prefixed JSON over a file descriptor."""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from typing import Any, List, Optional, Tuple

HEADER = struct.Struct(">I")
MAX_FRAME = 256 * 1024 * 1024
CHUNK = 1 << 16
INTEGER = struct.Struct("i")
RIGHTS = getattr(socket, "CMSG_LEN", int)(INTEGER.size)
"""Room for one descriptor."""


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
    write_all(fd, framed(body))


def framed(body: bytes) -> bytes:
    """A frame of bytes."""
    return HEADER.pack(len(body)) + body


class Reader:
    """Frames of bytes from one descriptor, mostly one system call each."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def next(self) -> Optional[bytes]:
        """None at the end of the stream."""
        data = self._rest
        while len(data) < HEADER.size:
            data = self._more(data)
            if not data:
                return None
        end = HEADER.size + HEADER.unpack_from(data)[0]
        while len(data) < end:
            data = self._more(data)
            if not data:
                return None
        self._rest = data[end:]
        return data[HEADER.size : end]

    def _more(self, data: bytes) -> bytes:
        """With what has come in since; nothing at the end of the stream."""
        part = os.read(self._fd, CHUNK)
        return data + part if part else b""


class Line:
    """A socket to another process of ours: frames of JSON, and a descriptor with some of them."""

    def __init__(self, fd: int) -> None:
        """`fd` belongs to it from now on."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=fd)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()

    def write(self, value: Any, passed: int = -1) -> None:
        """A frame, with a descriptor where one is given. Raises OSError if the other end is gone."""
        data = encode(value)
        if passed >= 0:
            rights = array.array("i", [passed]).tobytes()
            sent = self._socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            data = data[sent:]
        write_all(self._socket.fileno(), data)

    def read(self) -> Tuple[Optional[Any], int]:
        """The next frame, None at the end of the stream, and the descriptor that came with it, or -1.

        Whoever writes waits for an answer before the next frame.
        """
        data, passed, end = b"", -1, HEADER.size
        while len(data) < end:
            part, ancillary, _, _ = self._socket.recvmsg(CHUNK, RIGHTS)
            if not part:
                return None, passed
            if ancillary:
                passed = int(INTEGER.unpack_from(ancillary[0][2])[0])
            data += part
            if len(data) >= HEADER.size:
                end = HEADER.size + HEADER.unpack_from(data)[0]
        return json.loads(data[HEADER.size : end]), passed


def send_descriptor(fd: int, passed: int) -> None:
    """Sends a descriptor over a socket, with one byte."""
    with socket.socket(fileno=os.dup(fd)) as copy:
        rights = array.array("i", [passed]).tobytes()
        copy.sendmsg([b"F"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def receive_descriptor(fd: int) -> int:
    """The descriptor that was sent with the next byte. Raises OSError if the other end is gone."""
    with socket.socket(fileno=os.dup(fd)) as copy:
        _, ancillary, _, _ = copy.recvmsg(1, RIGHTS)
    if not ancillary:
        raise OSError("no descriptor came")
    return int(INTEGER.unpack_from(ancillary[0][2])[0])


def close_all_but(limit: int, *kept: int) -> None:
    """Closes the descriptors from 3 to `limit` but these."""
    start = 3
    for fd in sorted(fd for fd in kept if fd >= start):
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
