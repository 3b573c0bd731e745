"""Why checks fail, in plain words with evidence: values, block and line. No model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from coderepair.feedback.failures import failing
from coderepair.model import CheckResult, Feedback, Limits, Program, Task, TestReport
from coderepair.prompt.failures import describe
from coderepair.runner import AnyRunner
from coderepair.trace.graph import BLOCK, FUNCTION
from coderepair.trace.record import Trace, Visit
from coderepair.trace.text import entries, told
from coderepair.trace.tracer import trace

MOST = 3
"""Failing checks that are explained, of different kinds as far as there are."""
NAMES = 6
"""Names whose values a sentence tells."""
CHANGES = 4
"""Changed lines of a repair that are told."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one check fails."""

    check: str
    function: str
    """Qualified name of the function that its call ends in; empty where that was not seen."""
    line: int
    """Line of the file where that shows (1-based), 0 if unknown."""
    sentences: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    """The first and last units of the call: `line 4: total=2, x=4 -> total=6` and their code."""
    steps: int = 0
    """Units that the call ran, until it was stopped if it does not end."""


def explain(
    runner: AnyRunner,
    task: Task,
    report: TestReport,
    limits: Limits,
    level: str = BLOCK,
    repaired: Program | None = None,
) -> list[Explanation]:
    """At most `MOST` failing checks of the task's own program; with a repair also what it changes.

    Raises what the runner raises if the sandbox breaks.
    """
    program = Program(task.source)
    changes = _changes(task.source, repaired.source) if repaired is not None else []
    found = []
    for check in failing(report, MOST):
        seen = trace(runner, task, program, check, limits, level)
        found.append(_explained(task.source, check, seen, changes))
    return found


def _explained(
    source: str, check: CheckResult, seen: Trace | None, changes: Sequence[tuple[int, str, str]]
) -> Explanation:
    lines = source.split("\n")
    said = [describe(check, Feedback(target="", function=source))]
    if seen is None:
        line = check.failure.line if check.failure is not None else 0
        said += [_changed(each, None, lines) for each in changes[:CHANGES]]
        return Explanation(check.id, "", line, tuple(said))
    if seen.earlier:
        said.append(f"Before that call the check calls {', '.join(seen.earlier)}.")
    end = _end(seen)
    said += _endless(seen, lines) if seen.endless else [_ending(end, seen.level, lines)]
    said += [_changed(each, seen, lines) for each in changes[:CHANGES]]
    line = end.line or end.lines[-1]
    return Explanation(
        check.id, end.function, line, tuple(said), entries(seen, source, end.function), seen.total
    )


def _end(seen: Trace) -> Visit:
    """The visit that the call ends with: where it raises, or where the function that was called returns."""
    raised = [visit for visit in seen.visits if visit.raised]
    outer = seen.visits[0].frame
    own = [visit for visit in seen.visits if visit.frame == outer]
    returns = [visit for visit in own if visit.returned]
    return (raised or returns or own)[-1]


def _ending(end: Visit, level: str, lines: Sequence[str]) -> str:
    """`f returns 6.0 at line 8, `return total / n`; there total=6, n=1.`"""
    at = end.line or end.lines[-1]
    place = f"at line {at}, `{lines[at - 1].strip()}`"
    values = dict(end.before) | dict(end.after)
    there = _mentioned(values, lines[at - 1]) if level != FUNCTION or end.line else told(end.after)
    where = f"; there {there}" if there else ""
    if end.raised:
        return f"{end.function} raises {end.raised} {place}{where}."
    if end.returned:
        return f"{end.function} returns {end.returned} {place}{where}."
    return f"{end.function} ends without a value {place}{where}."


def _endless(seen: Trace, lines: Sequence[str]) -> list[str]:
    """Where a call goes round, which values move on and which do not."""
    last = [visit for visit in seen.visits if visit.number > seen.total // 3] or [seen.visits[-1]]
    last = [visit for visit in last if visit.frame == last[-1].frame]
    round_ = sorted({line for visit in last for line in visit.lines})
    shown = f"line {round_[0]}" if len(round_) == 1 else f"lines {round_[0]} to {round_[-1]}"
    said = [f"The call does not end: after {seen.total} steps it is still in {shown}."]
    early = next((v for v in seen.visits if v.block == last[-1].block), last[0])
    before, after = dict(early.before), dict(last[-1].before)
    code = "\n".join(lines[line - 1] for line in round_)
    moved = [name for name in after if before.get(name, after[name]) != after[name]]
    moving = [f"{name} goes from {before[name]} to {after[name]}" for name in moved]
    still = _mentioned({k: v for k, v in after.items() if before.get(k) == v}, code)
    if moving:
        said.append(f"Meanwhile {', '.join(moving[:NAMES])}.")
    return said + ([f"It stays as it is: {still}."] if still else [])


def _mentioned(values: dict[str, str], code: str) -> str:
    words = set("".join(c if c.isalnum() or c == "_" else " " for c in code).split())
    return told([each for each in values.items() if each[0] in words][:NAMES])


def _changes(old: str, new: str) -> list[tuple[int, str, str]]:
    """(line, old text, new text) of the changed lines; one of both may be empty."""
    before, after = old.split("\n"), new.split("\n")
    found = []
    for tag, low, high, start, stop in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            texts = " ".join(each.strip() for each in after[start:stop])
            found.append((low + 1, " ".join(each.strip() for each in before[low:high]), texts))
    return found


def _changed(change: tuple[int, str, str], seen: Trace | None, lines: Sequence[str]) -> str:
    line, old, new = change
    if not old:
        what = f"The repair adds `{new}` before line {line}"
    elif not new:
        what = f"The repair removes line {line}, `{old}`"
    else:
        what = f"The repair changes line {line} from `{old}` to `{new}`"
    visits = [each for each in seen.visits if line in each.lines] if seen is not None else []
    values = dict(visits[-1].before) | dict(visits[-1].after) if visits else {}
    there = _mentioned(values, lines[line - 1]) if line <= len(lines) else ""
    return f"{what}; in this call there was {there}." if there else f"{what}."
