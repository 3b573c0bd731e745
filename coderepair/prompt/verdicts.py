"""One question about all blocks of a trace at once, and what a model answers (row B13).

Zhong et al. 2024 (LDB), section 2.3: batch debugging, one query with a verdict for each block. Their
program leaves the answer in the conversation unread; here the verdicts are read and put beside the blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MARK = "BLOCK"
EXPLANATION_CHARS = 200
REQUEST = (
    "Do not repair the function yet. For each block of the way it took, say whether the values behind it "
    "are what the function should have there. Answer with one JSON object a line and nothing else:\n"
    '{"block": "BLOCK-1", "correct": true, "explanation": "..."}'
)
_OBJECT = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"\d+")
_WRONG = ("false", "incorrect", "no", "wrong")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model says of one block."""

    block: int
    """From 1."""
    correct: bool
    explanation: str = ""
    """On one line, at most `EXPLANATION_CHARS`."""


def parse(reply: str, blocks: int) -> tuple[Verdict, ...]:
    """The verdicts on blocks 1 to `blocks`, the last one of each, in order; what is none is passed over."""
    found = {each.block: each for each in _verdicts(reply) if 1 <= each.block <= blocks}
    return tuple(found[number] for number in sorted(found))


def annotated(trace: Sequence[str], verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The entries of a trace, those that are judged wrong with the reason."""
    wrong = {each.block: each.explanation for each in verdicts if not each.correct}
    return tuple(
        f"{entry}\n    judged wrong: {wrong[number] or 'no reason given'}"
        if number in wrong
        else entry
        for number, entry in enumerate(trace, 1)
    )


def _verdicts(reply: str) -> Iterator[Verdict]:
    for text in _OBJECT.findall(reply):
        try:
            data = json.loads(text)
        except ValueError:
            continue
        number = _NUMBER.search(str(data.get("block", "")))
        if number is None or "correct" not in data or len(number[0]) > 6:
            continue
        correct = str(data["correct"]).strip().lower() not in _WRONG
        words = " ".join(str(data.get("explanation", "")).split())
        yield Verdict(int(number[0]), correct, words[:EXPLANATION_CHARS])
