"""Programs that pass the few tests shown, with what they do elsewhere and whether they are right.

For each bug the first edits of the ranking; those that pass the shown tests are kept, from the first one
that does on. The other tests say which are right. What each comes to on generated calls
(`coderepair.trust.inputs`) is kept beside it: what `choice` fits the choice among them on.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from coderepair.bench import suites
from coderepair.bench.suites import Record
from coderepair.edit.regions import replace_region
from coderepair.model import Program
from coderepair.propose.edits import compiles
from coderepair.propose.ranking import Ranker, default_ranker
from coderepair.runner.calling import Call
from coderepair.runner.child.made_calls import RAISED, TIMED_OUT, literal, prepared, shown
from coderepair.trust import special
from coderepair.trust.calls import MOST_CALLS
from coderepair.trust.examine import MOST_PROGRAMS
from coderepair.trust.inputs import generated
from coderepair_training import judge
from coderepair_training.execution import quiet, read_lines
from coderepair_training.pools import Situation, WrongProgram, situation

FIRST = 96
"""Edits among which one has to pass the shown tests."""
_WALL_SECONDS = 30.0
_LATE = 2
"""Calls of a program that may run out of time before the rest is left out."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A program that passes the shown tests."""

    source: str
    kind: str
    """Kind of its edit."""
    place: int
    """In the ranking, 0-based."""
    score: float
    """Of the ranker, in nats."""
    right: bool
    """Whether it passes the hidden tests."""
    outcomes: tuple[str, ...]
    """What each call comes to, as `coderepair.runner.calling.outcomes` says it."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """The programs of one bug, in the order of the ranking; empty if none of the first edits passes."""

    id: str
    problem: str
    original: str
    reference: str
    seen: int
    """How many of the calls, the first ones, the shown tests make."""
    calls: tuple[list[Any], ...]
    """`Call.told()` of each."""
    outcomes: tuple[str, ...]
    """What each call comes to in the original program."""
    rivals: tuple[Rival, ...]


def collect(record: Record, ranker: Ranker, tests_shown: int, more: int) -> Rivals | None:
    """The rivals of one bug among `more` edits behind the first that passes. None if the bug spans
    functions, passes the shown tests, or has no hidden ones."""
    tests = (*record.public, *record.private)
    given, hidden = tests[:tests_shown], (*tests[tests_shown:], *record.plus)
    bug = WrongProgram(
        record.task_id,
        record.problem_id,
        "injected",
        "",
        record.prompt,
        record.buggy,
        record.reference,
        record.setup,
        given,
    )
    found = situation(bug) if hidden else None
    if found is None or found.report.solved:
        return None
    passing = list(_passing(found, ranker, bug, more))
    right = judge.repairs([text for text, *_ in passing], record.setup, hidden)
    seen = tuple(dict.fromkeys(_calls_of(given, record.entry_point)))
    texts = [text for text, *_ in passing]
    constants = special.constants(texts[:MOST_PROGRAMS], bug.buggy)
    calls = (*seen, *generated(seen, constants, MOST_CALLS, 0)) if passing else ()
    original, *others = outcomes([bug.buggy, *texts], calls)
    return Rivals(
        record.task_id,
        record.problem_id,
        bug.buggy,
        bug.reference,
        len(seen),
        tuple(call.told() for call in calls),
        original,
        tuple(
            Rival(text, kind, place, round(score, 4), ok, mine)
            for (text, kind, place, score), ok, mine in zip(passing, right, others, strict=True)
        ),
    )


def outcomes(sources: Sequence[str], calls: Sequence[Call]) -> list[tuple[str, ...]]:
    """What the calls come to in each program, run in forked children with the limits of `judge`; empty
    texts where it is not known."""
    found: list[tuple[str, ...]] = []
    while len(found) < len(sources):
        lines = _child_of(sources[len(found) :], calls)
        found += [tuple(json.loads(line)) for line in lines]
        if len(found) < len(sources):
            found.append(("",) * len(calls))
    return found


def _passing(
    found: Situation, ranker: Ranker, bug: WrongProgram, more: int
) -> Iterator[tuple[str, str, int, float]]:
    """Text, kind, place and score of the edits that pass, the first of them among the first `FIRST`."""
    ranked = list(islice(_distinct(found, ranker), FIRST + more))
    verdicts = judge.repairs([program.source for program, *_ in ranked], bug.setup, bug.tests)
    first = next((at for at, passes in enumerate(verdicts[:FIRST]) if passes), len(verdicts))
    for place in range(first, min(len(verdicts), first + more + 1)):
        if verdicts[place]:
            program, kind, score = ranked[place]
            yield program.source, kind, place, score


def _distinct(found: Situation, ranker: Ranker) -> Iterator[tuple[Program, str, float]]:
    context, base = found.context, found.program
    keys = {base.key}
    for item in ranker.ordered(context, found.scope, found.edits, found.evidence):
        text = item.edit.apply(context.text)
        if compiles(text) and (program := replace_region(base, 0, text)).key not in keys:
            keys.add(program.key)
            yield program, item.edit.kind, item.score


def _calls_of(tests: Sequence[str], name: str) -> Iterator[Call]:
    """The calls of the function with literal arguments that the tests make."""
    for node in (node for test in tests for node in ast.walk(ast.parse(test))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        try:
            args = tuple(map(ast.literal_eval, node.args))
            kwargs = {each.arg: ast.literal_eval(each.value) for each in node.keywords}
        except (ValueError, TypeError, SyntaxError):
            continue
        texts = literal(args), literal(kwargs)
        if node.func.id == name and texts[0] is not None and texts[1] is not None:
            yield Call(name, texts[0], texts[1])


def _child_of(sources: Sequence[str], calls: Sequence[Call]) -> list[bytes]:
    """A line of JSON for each program up to the end of the child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(writer, sources, [call.told() for call in calls])
    os.close(writer)
    lines, _ = read_lines(reader, time.monotonic() + _WALL_SECONDS)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return lines[: len(sources)]


def _child(writer: int, sources: Sequence[str], calls: Sequence[list[Any]]) -> None:
    """Never returns."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
        judge.limit()
        for source in sources:
            line = json.dumps(_all_calls(source, calls)).encode() + b"\n"
            while line:
                line = line[os.write(writer, line) :]
    finally:
        os._exit(0)


def _all_calls(source: str, calls: Sequence[list[Any]]) -> list[str]:
    namespace: dict[str, Any] = {"__name__": "solution"}
    found = [""] * len(calls)
    late = 0
    judge.allow()
    try:
        with judge.timed():
            exec(compile(source, "solution.py", "exec"), namespace)
    except BaseException:
        return found
    for place, call in enumerate(calls):
        judge.allow()
        found[place] = _one_call(call, namespace)
        late += found[place] == TIMED_OUT
        if late == _LATE:
            break
    return found


def _one_call(call: list[Any], namespace: dict[str, Any]) -> str:
    try:
        with judge.timed():
            function, args, kwargs = prepared(call, namespace)
            value = function(*args, **kwargs)
            return shown(value) if value is not None else f"None; {shown(args)}"
    except judge.OutOfTimeError:
        return TIMED_OUT
    except BaseException as error:
        return RAISED + type(error).__name__


def load(path: Path) -> list[Rivals]:
    """What the command wrote."""
    return [_read(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _read(fields: dict[str, Any]) -> Rivals:
    rivals = tuple(
        Rival(**{**each, "outcomes": tuple(each["outcomes"])}) for each in fields["rivals"]
    )
    calls, outcomes_ = tuple(fields["calls"]), tuple(fields["outcomes"])
    return Rivals(**{**fields, "calls": calls, "outcomes": outcomes_, "rivals": rivals})


def chosen(records: Sequence[Record], per_problem: int, seed: int) -> list[Record]:
    """Shuffled, with at most so many of one problem."""
    order, counts, found = list(records), dict[str, int](), []
    Random(seed).shuffle(order)
    for record in order:
        counts[record.problem_id] = counts.get(record.problem_id, 0) + 1
        if counts[record.problem_id] <= per_problem:
            found.append(record)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.rivals", description=__doc__)
    parser.add_argument("--records", type=Path, required=True, help="JSON Lines of bugs")
    parser.add_argument("--shown", type=int, default=1, help="tests that are shown")
    parser.add_argument("--more", type=int, default=64, help="edits behind the first that passes")
    parser.add_argument("--per-problem", type=int, default=3, help="bugs of one problem, at most")
    parser.add_argument("--count", type=int, default=300, help="bugs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    quiet()
    ranker = default_ranker()
    records = chosen(suites.load(options.records).records, options.per_problem, options.seed)
    made = (collect(record, ranker, options.shown, options.more) for record in records)
    with options.out.open("w", encoding="utf-8") as out:
        for each in islice((each for each in made if each is not None), options.count):
            out.write(json.dumps(asdict(each)) + "\n")
            out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
