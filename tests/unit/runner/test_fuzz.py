"""The fuzzer finds what is hidden behind conditions; the codec stands a short run of it."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import codec
from tests.fuzz.guided import Fuzzer


def hidden(data: bytes) -> None:
    for at, letter in enumerate(b"cod"):
        if data[at : at + 1] != bytes([letter]):
            return
    raise LookupError(data)


def test_it_finds_what_chance_alone_would_not() -> None:
    """One text in 16 million begins so; each letter that is right is kept."""
    one = Fuzzer(hidden, [__file__], [b"xyz"], [b"c", b"o", b"d"], random.Random(1))
    with pytest.raises(LookupError):
        for _ in range(20_000):
            one.step()
    assert len(one.kept) > 1


def test_the_codec_stands_a_short_run() -> None:
    one = codec.fuzzer(seed=3)
    before = len(one.reached)
    for _ in range(3000):
        one.step()
    assert len(one.reached) > before
