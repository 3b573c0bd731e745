"""Pools of edits with the one that a repair needs: what the ranker of edit operators is trained on.

A bug is a failing program and its reference, differing in one function. Its pool is every edit that
`coderepair.propose.operators` makes of the failing function; those whose result has the syntax of the
reference, or of another text known to pass all tests, are the wanted ones. Features come from the
product's own `FeatureMaker`.
"""

from __future__ import annotations

import array
import ast
import json
import textwrap
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from coderepair.edit.regions import functions, indentation, program_of, region_text, reindent
from coderepair.model import CheckResult, Failure, Outcome, Program, TestReport
from coderepair.propose.evidence import Evidence
from coderepair.propose.features import FeatureMaker
from coderepair.propose.operators import (
    Edit,
    FunctionContext,
    Scope,
    Surroundings,
)
from coderepair.propose.plain_features import PlainFeatures
from coderepair.propose.plain_features import places as places_of
from coderepair.propose.synthesis import survey
from coderepair_training import bank
from coderepair_training.execution import Check, observe_checks, run_checks
from coderepair_training.guard import Guard

_SLACK = 6
"""Characters by which an edit may miss the differing stretch and still lead to the same syntax."""


@dataclass(frozen=True, slots=True)
class WrongProgram:
    """A failing program, its reference and its tests."""

    id: str
    problem: str
    """Bugs of one problem are never split between training and measuring."""
    source: str
    """`bank` or `injected`."""
    split: str
    statement: str
    buggy: str
    reference: str
    setup: str
    tests: tuple[str, ...]
    mending: tuple[str, ...] = ()
    """Other texts of the wrong function, dedented, that pass all tests or are a step on the way."""


class Situation(NamedTuple):
    """A bug as the proposer of edits meets it."""

    target: str
    program: Program
    report: TestReport
    context: FunctionContext
    scope: Scope
    edits: list[Edit]
    evidence: dict[Edit, Evidence]
    """What one more run of the wrong program tells of them."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a pool, or of a sample of it. The wanted edits come first."""

    bug: WrongProgram
    places: array.array[int]
    """Places of the features of all rows, one row behind the other, as 16-bit numbers."""
    starts: array.array[int]
    """Where each row begins."""
    wanted: int
    """How many of the rows are wanted."""
    others: int
    """Unwanted edits of the whole pool, of which the rows may hold a sample."""


def bank_bugs(guard: Guard) -> Iterator[WrongProgram]:
    """All wrong programs of the problem bank but those that the guard refuses."""
    for problem in bank.problems():
        if guard.refuses(problem.reference):
            continue
        for number, bug in enumerate(problem.bugs):
            yield WrongProgram(
                f"{problem.id}#{number}",
                problem.id,
                "bank",
                problem.split,
                problem.statement,
                bug.program,
                problem.reference,
                "",
                tuple(problem.tests),
            )


def injected_bugs(path: Path) -> Iterator[WrongProgram]:
    """The records that `coderepair_training.suites` wrote."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield WrongProgram(
                record["task_id"],
                record["problem_id"],
                "injected",
                record["split"],
                record["prompt"],
                record["buggy"],
                record["reference"],
                record["test_setup"],
                (*record["public_tests"], *record["private_tests"]),
            )


def situation(bug: WrongProgram) -> Situation | None:
    """Runs the bug's tests and lists the edits of its wrong function; None if that is not one."""
    target = differing_function(bug.buggy, bug.reference)
    if target is None:
        return None
    program = program_of(bug.buggy, (target,))
    report = TestReport(_results(run_checks(bug.buggy, bug.setup, bug.tests)))
    context = FunctionContext(region_text(program), _surroundings(bug, program, report.checks))
    scope = Scope(context)
    observe = partial(observe_checks, bug.buggy, bug.setup, bug.tests)
    edits, evidence = survey(context, scope, observe, report)
    return Situation(target, program, report, context, scope, edits, evidence)


def features_of(bug: WrongProgram, sample: int) -> Features | None:
    """Features of the wanted edits and of at most `sample` others; None if no edit is wanted."""
    found = situation(bug)
    if found is None or found.report.solved:
        return None
    text, edits = found.context.text, found.edits
    reference = region_text(program_of(bug.reference, (found.target,)))
    goals = (reference, *(reindent(goal, indentation(text)) for goal in bug.mending))
    wanted = list(dict.fromkeys(edit for goal in goals for edit in _wanted(text, goal, edits)))
    if not wanted:
        return None
    chosen = set(wanted)
    others = [edit for edit in edits if edit not in chosen]
    shown = Random(zlib.crc32(bug.id.encode())).sample(others, min(sample, len(others)))
    maker = FeatureMaker(found.context, found.scope, PlainFeatures(places_of), found.evidence)
    places, starts = array.array("H"), array.array("q")
    for edit in (*wanted, *shown):
        starts.append(len(places))
        places.extend(maker.of(edit))
    return Features(bug, places, starts, len(wanted), len(others))


def differing_function(buggy: str, reference: str) -> str | None:
    """Name of the one function in which two programs with the same functions differ, if it is one."""
    try:
        old, new = _texts(buggy), _texts(reference)
    except SyntaxError:
        return None
    names = [name for name in old if old[name] != new.get(name) and "<locals>" not in name]
    return names[0] if old.keys() == new.keys() and len(names) == 1 else None


def _texts(source: str) -> dict[str, str]:
    return {each.qualname: source[each.start : each.end] for each in functions(source)}


def _results(checks: Sequence[Check]) -> tuple[CheckResult, ...]:
    """As the product's runner would report them."""
    return tuple(
        CheckResult(f"check {number}", Outcome.FAIL, failure=_failure(check))
        if check.kind
        else CheckResult(f"check {number}", Outcome.PASS)
        for number, check in enumerate(checks)
    )


def _failure(check: Check) -> Failure:
    return Failure(
        check.kind,
        call=check.call,
        expected=check.expected,
        got=check.got,
        exception=check.exception,
        line=check.line,
    )


def _surroundings(
    bug: WrongProgram, program: Program, results: Sequence[CheckResult]
) -> Surroundings:
    start, end = program.regions[0]
    return Surroundings(
        tuple(result for result in results if result.failure),
        file_text=bug.buggy[:start] + bug.buggy[end:],
        test_text="\n".join(bug.tests),
        statement=bug.statement,
        checks=len(results),
        first_line=bug.buggy.count("\n", 0, start) + 1,
    )


def _wanted(text: str, reference: str, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits whose result has the syntax of `reference`."""
    goal, letters = _syntax(reference), _letters(reference)
    start = _shared(text, reference)
    tail = _shared(text[::-1], reference[::-1])
    end = len(text) - tail  # may lie before `start`: an inserted line shares its indentation
    for edit in edits:
        low, high = edit.replacements[0][0], edit.replacements[-1][1]
        if low <= start + _SLACK and high >= end - _SLACK:
            new = edit.apply(text)
            if _letters(new) == letters and _syntax(new) == goal:
                yield edit


def _shared(one: str, other: str) -> int:
    """Length of the common start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _letters(text: str) -> str:
    return text.translate(_IGNORED)


_IGNORED = str.maketrans("'", '"', " \t\n()")


def _syntax(text: str) -> str:
    try:
        return ast.dump(ast.parse(textwrap.dedent(text)))
    except SyntaxError:
        return text
