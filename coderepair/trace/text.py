"""Visits of blocks in words: the values before, the code, the values behind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import dedent

from coderepair.trace.graph import FUNCTION
from coderepair.trace.record import Trace, Values, Visit

NAMES = 6
"""Names whose values are told before and behind a block."""
CODE_LINES = 8
"""Lines of a block that are shown."""
TRACE_CHARS = 4000
"""Length of a trace as text, about 1000 tokens; visits in its middle are left out (row B12)."""
ENDLESS = "the call was stopped here: it does not end"
_WORD = re.compile(r"[^\W\d]\w*")


def entries(trace: Trace, source: str, function: str = "") -> tuple[str, ...]:
    """One text for each visit, its first line `line 4: total=2, x=4 -> total=6`.

    Lines are those of the file; of functions other than `function` the text begins with their name.
    """
    lines = source.split("\n")
    found: list[str] = []
    last, seen = 0, set[int]()
    for visit in trace.visits:
        skipped = f"({visit.number - last - 1} later) " if visit.number > last + 1 else ""
        last = visit.number
        text = f"{skipped}{values(visit, lines, new=visit.frame not in seen)}"
        seen.add(visit.frame)
        place = f"line {visit.lines[0]}: "
        if function and visit.function != function:
            place = f"{visit.function}, line {visit.lines[0]} of the file: "
        code = "" if trace.level == FUNCTION else f"\n{indented(visit, lines)}"
        found.append(f"{place}{text}{code}")
    if trace.endless and found:
        found[-1] += f"\n{ENDLESS}"
    return _bounded(found)


def values(visit: Visit, lines: Sequence[str], *, new: bool) -> str:
    """`a=1, b=2 -> b=3, returns 4`: before the block those names that it mentions, of a call that begins
    here all."""
    words = set(_WORD.findall("\n".join(lines[line - 1] for line in visit.lines)))
    before = [each for each in visit.before if new or each[0] in words]
    ends = [told(visit.after[:NAMES])] if visit.after else []
    ends += [f"returns {visit.returned}"] if visit.returned else []
    ends += [f"raises {visit.raised}"] if visit.raised else []
    text = told(before[:NAMES]) or "nothing known"
    return f"{text} -> {', '.join(ends) or 'no change'}"


def told(pairs: Values | Sequence[tuple[str, str]]) -> str:
    """`a=1, b=2`."""
    return ", ".join(f"{name}={value}" for name, value in pairs)


def indented(visit: Visit, lines: Sequence[str]) -> str:
    """The code of a visit's block, four blanks before each line."""
    chosen = [lines[line - 1] for line in visit.lines if line <= len(lines)]
    more = ["..."] if len(chosen) > CODE_LINES else []
    code = dedent("\n".join([*chosen[:CODE_LINES], *more]))
    return "\n".join(f"    {line}" for line in code.split("\n"))


def _bounded(found: list[str]) -> tuple[str, ...]:
    while len(found) > 2 and sum(map(len, found)) > TRACE_CHARS:
        del found[len(found) // 2]
    return tuple(found)
