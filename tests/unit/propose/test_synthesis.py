"""Edits that are made to fit: the missing piece is found without running a candidate."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from coderepair.edit.regions import program_of, region_text
from coderepair.model import TestReport
from coderepair.propose.operators import Edit, FunctionContext, Scope, Surroundings
from coderepair.propose.sites import leaves_no_trace
from coderepair.propose.synthesis import survey, synthesise
from coderepair.propose.vocabulary import conditions, opposite, values
from coderepair.runner import ForkRunner, open_runner
from tests.projects import LIMITS, Project

LEADER = """
def leader(votes):
    counts = {}
    for name in votes:
        counts[name] = counts.get(name, 0) + 1
    best = max(counts.values(), default=0)
    leaders = [name for name in counts if counts[name] == best]
    return leaders[0] if best > 0 else None
"""
LEADER_CHECKS = ("leader([]) == None", "leader(['a']) == 'a'", "leader(['a', 'b', 'b']) == 'b'",
                 "leader(['a', 'b']) == None", "leader(['x', 'y', 'x', 'y']) == None")  # fmt: skip
TURNSTILE = """
def people(events):
    state, count = "locked", 0
    for event in events:
        if event == "coin":
            state = "open"
        elif event == "push":
            count += 1
            state = "locked"
    return count
"""
TURNSTILE_CHECKS = ("people([]) == 0", "people(['coin', 'push']) == 1", "people(['push']) == 0",
                    "people(['coin', 'push', 'push']) == 1")  # fmt: skip
COMMENTS = """
def settings(lines):
    found = []
    for line in lines:
        line = line.strip()
        found.append(line.split("=")[0])
    return found
"""
COMMENTS_CHECKS = ("settings(['a=1']) == ['a']", "settings(['a=1', '', 'b=2']) == ['a', 'b']",
                   "settings(['']) == []")  # fmt: skip
SPEED = """
def speed(km, hours):
    return km / hours
"""
SPEED_CHECKS = ("speed(10, 2) == 5.0", "speed(0, 0) == 0.0", "speed(7, 0) == 0.0")
TABLE = """
def row(cells, width):
    line = " ".join(cell.ljust(width) for cell in cells)
    return line
"""
TABLE_CHECKS = ("row([], 3) == ''", "row(['abc'], 3) == 'abc'", "row(['a', 'b'], 2) == 'a  b'")


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1) as opened:
        yield opened


def _made(runner: ForkRunner, folder: Path, source: str, checks: tuple[str, ...]) -> list[Edit]:
    """What synthesis makes of the one function of a file."""
    context, observe, report = _met(runner, folder, source, checks)
    made = synthesise(context, Scope(context), observe, report)
    assert all(evidence.keeps in ("all", "none") for evidence in made.values())
    for edit in made:
        ast.parse(edit.apply(context.text))
    return list(made)


def _met(
    runner: ForkRunner, folder: Path, source: str, checks: tuple[str, ...]
) -> tuple[FunctionContext, partial[object], TestReport]:
    project = Project(folder, runner)
    source = source.strip("\n") + "\n"
    project.write("solution.py", source)
    tests = [f"def test_{n}():\n    assert {check}\n" for n, check in enumerate(checks)]
    project.write("test_solution.py", "from solution import *\n" + "\n".join(tests))
    task = project.task("test_solution.py")
    program = program_of(source, (source[4 : source.index("(")],))
    (report,) = runner.run(task, [program], LIMITS)
    around = Surroundings(checks=len(report.checks))
    context = FunctionContext(region_text(program), around)
    return context, partial(runner.observe, task, program, limits=LIMITS), report


def _texts(made: list[Edit], kind: str) -> set[str]:
    return {edit.new for edit in made if edit.kind == kind}


def test_a_missing_conjunct(runner: ForkRunner, tmp_path: Path) -> None:
    narrowed = _texts(_made(runner, tmp_path, LEADER, LEADER_CHECKS), "condition.and")
    assert "best > 0 and len(leaders) == 1" in narrowed
    narrowed = _texts(_made(runner, tmp_path, TURNSTILE, TURNSTILE_CHECKS), "condition.and")
    assert narrowed & {
        "event == 'push' and state == 'open'",
        "event == \"push\" and state == 'open'",
    }


def test_a_missing_skip(runner: ForkRunner, tmp_path: Path) -> None:
    made = _made(runner, tmp_path, COMMENTS, COMMENTS_CHECKS)
    assert "if not line: continue" in _texts(made, "insert.skip")
    assert "if line:" in _texts(made, "insert.if")


def test_a_missing_guard_gets_the_value_that_is_expected(
    runner: ForkRunner, tmp_path: Path
) -> None:
    made = _made(runner, tmp_path, SPEED, SPEED_CHECKS)
    guards = _texts(made, "insert.guard")
    assert "if hours == 0: return 0" in guards
    assert "0 if hours == 0 else km / hours" in _texts(made, "choice.if")
    assert not any(text.endswith(("None", "[]", "''", "1")) for text in guards)


def test_what_only_the_checks_speak_of_is_no_value(runner: ForkRunner, tmp_path: Path) -> None:
    checks = (*SPEED_CHECKS[:1], "speed(7, 0) == 4711")
    made = _made(runner, tmp_path, SPEED, checks)
    assert made
    assert not any("4711" in edit.new for edit in made)


def test_a_missing_wrap(runner: ForkRunner, tmp_path: Path) -> None:
    assert "line.rstrip()" in _texts(_made(runner, tmp_path, TABLE, TABLE_CHECKS), "wrap")


def test_nothing_is_made_where_nothing_fails(runner: ForkRunner, tmp_path: Path) -> None:
    assert _made(runner, tmp_path, TABLE, TABLE_CHECKS[:2]) == []


def test_a_survey_holds_every_edit_once_and_what_is_known_of_it(
    runner: ForkRunner, tmp_path: Path
) -> None:
    context, observe, report = _met(runner, tmp_path, LEADER, LEADER_CHECKS)
    edits, evidence = survey(context, Scope(context), observe, report)  # type: ignore[arg-type]
    assert len({edit.replacements for edit in edits}) == len(edits)
    assert evidence.keys() < set(edits)
    assert len(evidence) > len(edits) / 3


@pytest.mark.parametrize(
    ("condition", "other"),
    [("a == b", "a != b"), ("not done", "done"), ("done", "not done"), ("x in xs", "x not in xs"),
     ("a < b", "a >= b"), ("a and b", "not (a and b)"), ("x.isdigit()", "not x.isdigit()")],
)  # fmt: skip
def test_opposites(condition: str, other: str) -> None:
    assert opposite(condition) == other


def test_vocabulary_is_distinct_valid_and_leaves_no_trace() -> None:
    context = FunctionContext(textwrap.dedent(LEADER).strip("\n"), Surroundings())
    scope = Scope(context)
    for place in context.statements:
        for texts in (conditions(scope, place), values(scope, place)):
            assert len(set(texts)) == len(texts)
            for text in texts:
                ast.parse(text, mode="eval")
        assert all(map(leaves_no_trace, values(scope, place)))
