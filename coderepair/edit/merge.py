"""Three-way merge of two programs made from one: both edits in one program, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from coderepair.edit.regions import region_text, replace_region
from coderepair.model import Program

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class _Hunk(NamedTuple):
    """Words `start` to `end` of the base become `words`."""

    start: int
    end: int
    words: tuple[str, ...]


def merge(base: Program, ours: Program, theirs: Program) -> Program | None:
    """The base with what either changed in its regions; None where the changes overlap or touch."""
    if not len(base.regions) == len(ours.regions) == len(theirs.regions):
        return None
    found = base
    for index in range(max(1, len(base.regions))):
        texts = [region_text(each, index) for each in (base, ours, theirs)]
        text = _merged(*texts)
        if text is None:
            return None
        found = replace_region(found, index, text)
    return found


def _merged(base: str, ours: str, theirs: str) -> str | None:
    if ours == base or theirs == base:
        return theirs if ours == base else ours
    words = _WORDS.findall(base)
    hunks = sorted({*_hunks(words, ours), *_hunks(words, theirs)})
    if any(left.end >= right.start for left, right in pairwise(hunks)):
        return None
    for hunk in reversed(hunks):
        words[hunk.start : hunk.end] = hunk.words
    return "".join(words)


def _hunks(base: list[str], changed: str) -> list[_Hunk]:
    words = _WORDS.findall(changed)
    opcodes = SequenceMatcher(None, base, words, autojunk=False).get_opcodes()
    return [_Hunk(a, b, tuple(words[c:d])) for kind, a, b, c, d in opcodes if kind != "equal"]
