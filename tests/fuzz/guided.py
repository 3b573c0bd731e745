"""A small fuzzer: texts that reach lines in a new way are kept, and changed further.

As in AFL (Zalewski 2013): the number of times that a line ran, by its power of two, is what counts as new.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any

Target = Callable[[bytes], None]
LONGEST = 1 << 14
"""Bytes of a text; longer ones are cut."""
SPLICES = 4


class Fuzzer:
    """Texts for a target, and what they have reached in some files."""

    def __init__(
        self,
        target: Target,
        files: Sequence[str],
        seeds: Sequence[bytes],
        words: Sequence[bytes],
        rng: random.Random,
    ) -> None:
        """`words` are pieces that texts of this kind are made of. The target raises for a defect only."""
        self._target, self._files = target, frozenset(files)
        self._words, self._rng = words, rng
        self.reached: set[tuple[CodeType, int, int]] = set()
        """(code, line, logarithm of how often it ran in one text)."""
        self.kept: list[bytes] = []
        for seed in seeds:
            self.run(seed)

    def step(self) -> bool:
        """Runs one new text; whether it was kept."""
        return self.run(self._changed(self._rng.choice(self.kept)))

    def run(self, text: bytes) -> bool:
        """Runs a text; whether it reached anything new. Raises what the target raises."""
        found = self._reaches(text)
        if found <= self.reached and self.kept:
            return False
        self.reached |= found
        self.kept.append(text)
        return True

    def _reaches(self, text: bytes) -> set[tuple[CodeType, int, int]]:
        counts: Counter[tuple[CodeType, int]] = Counter()

        def line(frame: FrameType, event: str, _: object) -> Any:
            if event == "line":
                counts[frame.f_code, frame.f_lineno] += 1
            return line

        def call(frame: FrameType, _event: str, _: object) -> Any:
            return line if frame.f_code.co_filename in self._files else None

        before = sys.gettrace()
        sys.settrace(call)
        try:
            self._target(text)
        finally:
            sys.settrace(before)
        return {(code, number, times.bit_length()) for (code, number), times in counts.items()}

    def _changed(self, text: bytes) -> bytes:
        for _ in range(1 + self._rng.randrange(SPLICES)):
            at = self._rng.randrange(len(text) + 1)
            end = min(len(text), at + self._rng.choice((0, 0, 1, 2, 8)))
            text = text[:at] + self._piece() + text[end:]
        return text[:LONGEST]

    def _piece(self) -> bytes:
        kind = self._rng.randrange(4)
        if kind == 0:
            return bytes([self._rng.randrange(256)])
        if kind == 1:
            other = self._rng.choice(self.kept)
            at = self._rng.randrange(len(other) + 1)
            return other[at : at + self._rng.randrange(1, 64)]
        return b"" if kind == 2 else self._rng.choice(self._words)
