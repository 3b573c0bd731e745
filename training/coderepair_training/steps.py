"""Bugs that take several edits, one edit at a time.

The tree mends them stepwise, so the ranker learns the steps: in the wrong program each part of the
difference is a wanted edit, and so is the last part where all others are mended already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from textwrap import dedent

from coderepair.edit.regions import program_of, region_text, replace_region
from coderepair_training.pools import WrongProgram, differing_function

_MOST_PARTS = 4


def with_steps(bugs: Iterable[WrongProgram]) -> Iterator[WrongProgram]:
    """Every bug; one of several parts with each of its first steps, then its last steps as bugs."""
    for bug in bugs:
        target = differing_function(bug.buggy, bug.reference)
        parts = _parts(bug, target) if target else []
        if target is None or not 2 <= len(parts) <= _MOST_PARTS:
            yield bug
            continue
        yield replace(
            bug, mending=bug.mending + tuple(dedent(_with(bug, target, [part])) for part in parts)
        )
        program = program_of(bug.buggy, (target,))
        for number, part in enumerate(parts):
            rest = _with(bug, target, [other for other in parts if other is not part])
            yield replace(
                bug,
                id=f"{bug.id}/{number}",
                buggy=replace_region(program, 0, rest).source,
                mending=(),
            )


Part = tuple[int, int, list[str]]
"""Lines of the wrong function that are replaced, and what stands there in the reference."""


def _parts(bug: WrongProgram, target: str) -> list[Part]:
    """The places in which the two functions differ, line by line."""
    wrong, right = _lines(bug.buggy, target), _lines(bug.reference, target)
    matcher = SequenceMatcher(None, wrong, right, autojunk=False)
    return [
        (start, end, right[first:last])
        for tag, start, end, first, last in matcher.get_opcodes()
        if tag != "equal"
    ]


def _with(bug: WrongProgram, target: str, parts: Sequence[Part]) -> str:
    """The wrong function with some parts as in the reference."""
    lines = _lines(bug.buggy, target)
    for start, end, new in reversed(parts):
        lines[start:end] = new
    return "\n".join(lines)


def _lines(source: str, target: str) -> list[str]:
    return region_text(program_of(source, (target,))).split("\n")
