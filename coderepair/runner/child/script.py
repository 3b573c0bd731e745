"""The calls that a task's tests make of every program, so that a candidate can be sent them all at once.

Where tests leave nothing behind and make no call that depends on what an earlier one returned, each program
is asked the same. One that makes the tests ask anything else gets a fresh process, which is asked in turn
what was asked so far; from then on the task has no script. A verdict depends on the answers alone, and a
candidate learns no more than the arguments of later calls.
"""

from __future__ import annotations

import collections
from typing import Deque, List, Tuple

SIZE = 32 * 1024
"""Bytes of a script: what a socket takes while nobody reads."""
CALLS = 200

SENT, NEW, ASTRAY = "sent", "new", "astray"


class Script:
    """One task's, and how far a program has come in it."""

    def __init__(self) -> None:
        self._allowed = False
        self._frames: Tuple[bytes, ...] = ()
        self._waiting: Deque[bytes] = collections.deque()
        self._size = 0
        self._whole = self._opened = False
        self.said: List[bytes] = []
        """What the process that answers now was asked, as far as a script can go."""

    def allow(self, allowed: bool) -> None:
        """Whether the tests are such that there may be one."""
        self._allowed = allowed

    def begin(self) -> None:
        """A program's turn."""
        self._opened, self._whole = False, True
        self._forget()

    def end(self) -> None:
        """What a program was asked that came to its end in one process is the script of the next ones."""
        if self._allowed and self._whole and not self._frames:
            self._frames = tuple(self.said)
        self._forget()

    def opening(self) -> Tuple[bytes, ...]:
        """What to send to a process that has just imported its program; nothing but to a program's first."""
        if self._opened or not self._allowed:
            return ()
        self._opened = True
        self._waiting.extend(self._frames)
        return self._frames

    def take(self, frame: bytes) -> str:
        """Whether a call was sent already, is to be sent, or shows that this program goes another way."""
        if self._waiting:
            if self._waiting[0] != frame:
                return ASTRAY
            self._waiting.popleft()
            self._note(frame)
            return SENT
        self._note(frame)
        return NEW

    def _note(self, frame: bytes) -> None:
        self._size += len(frame)
        if self._size <= SIZE and len(self.said) < CALLS:
            self.said.append(frame)

    @property
    def waits(self) -> bool:
        """Whether there are answers to come that were not asked for yet."""
        return bool(self._waiting)

    def leave(self) -> None:
        """No script any more for this task."""
        self._allowed = False
        self._frames = ()
        self._waiting.clear()

    def lost(self) -> None:
        """The process that answered is gone, and what it was asked with it."""
        self._whole = False
        self._forget()

    def _forget(self) -> None:
        self._waiting.clear()
        self.said, self._size = [], 0
