"""Bytes that a hostile program sends to the judge: they are values of ours, or refused, whatever they are.

    python -m tests.fuzz.codec --seconds 60 --seed 1

Ends with the text and a traceback if one of them is neither, else tells how many lines were reached.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import Any

from coderepair.runner.child import values, wire
from coderepair.runner.child.values import MALFORMED, Decoder, Encoder, Uncrossable, dumps, loads
from tests.fuzz.guided import Fuzzer

FILES = (values.__file__, wire.__file__)
SAFE = ("builtins", "collections", "fractions", "decimal", "datetime")
"""Modules of the types that may come out."""
VALUES: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**40, "a", b"\x00\xff", 1j, [1, [2]], (1, "a"), {"a": [1]}, {1, 2}, frozenset([3]),
    range(3), slice(1, 2), ..., int, bytearray(b"a"),
)  # fmt: skip
TAGS = "ibcrltdsfqCODBTSFMyYn.@"


def seeds() -> list[bytes]:
    """A message of each kind of value."""
    return [dumps(["v", Encoder().encode(each), None, "", ""]) for each in VALUES]


def words() -> list[bytes]:
    """What messages are made of."""
    tags = [f'["{tag}",'.encode() for tag in TAGS]
    return [*tags, *b"[ ] , null true 0 -1 1e999 {} \\ud800".split(), b'"', b'"1f"']


def target(data: bytes) -> None:
    """Raises AssertionError, or what the codec raises, if it is not equal to such bytes."""
    frames = wire.Frames(1 << 20)
    frames.feed(data)
    frames.feed(wire.HEADER.pack(len(data)) + data)
    try:
        tree = loads(data)
        value = Decoder().decode(tree)
    except MALFORMED:
        return
    assert type(value).__module__ in SAFE, type(value)
    try:
        again = Encoder().encode(value)
    except (Uncrossable, RecursionError):
        return
    back = Decoder().decode(again)
    assert type(back) is type(value)
    assert "nan" in repr(value) or _equal(back, value)


def _equal(one: Any, other: Any) -> bool:
    """A value that holds itself has no end, and is not compared."""
    try:
        return bool(one == other)
    except RecursionError:
        return True


def fuzzer(seed: int) -> Fuzzer:
    """A fuzzer of the codec."""
    return Fuzzer(target, FILES, seeds(), words(), random.Random(seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    one, runs, end = fuzzer(given.seed), 0, time.monotonic() + given.seconds
    while time.monotonic() < end:
        one.step()
        runs += 1
    lines = len({(code, line) for code, line, _ in one.reached})
    sys.stdout.write(f"{runs} texts, {len(one.kept)} kept, {lines} lines reached, no defect\n")


if __name__ == "__main__":
    main()
