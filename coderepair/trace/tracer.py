"""Traces the call that a failing check makes, in the sandbox, in the program's own process.

It takes two runs of that check's test: one that counts the visits, and one that looks at the first and
the last ones. A trace says what a program did, never whether it is right, so it is taken in the
candidate's process whatever the `integrity` of verdicts is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coderepair.model import CheckResult, Limits, Outcome, Program, Task
from coderepair.runner import AnyRunner
from coderepair.runner.pool import ForkRunner
from coderepair.trace.flow import graphs
from coderepair.trace.graph import BLOCK, ENTER, FUNCTION, LINE, Graph, Point
from coderepair.trace.record import Story, Trace, first_and_last

KEPT = {BLOCK: (5, 5), LINE: (15, 15), FUNCTION: (10, 10)}
"""First and last visits that are kept at each level (LDB: 5 + 5 blocks, 15 + 15 lines)."""
LOOKED_AT = 3
"""Counts looked at for each visit that is kept: the values behind a block are seen at the next one of
the same call, which comes later where functions call each other."""
LATE = 10_000
"""Count behind which a call that does not end is looked at again: the same one on every machine that
gets that far."""
MAX_MARKS = 4000
"""Marks in a program; files with more are not traced."""
_PART = re.compile(r"::(?:assert|example)#(\d+)$")


@dataclass(frozen=True, slots=True)
class Marked:
    """A program's graphs and the marks that watch them."""

    graphs: tuple[Graph, ...]
    points: list[tuple[int, Point]]
    """For each mark the number of its graph, and where it is."""

    def told(self) -> list[list[object]]:
        """As plain data; functions are numbered by their graphs where they begin."""
        return [
            [each.line, each.column, each.kind, each.where, graph if each.where == ENTER else mark]
            for mark, (graph, each) in enumerate(self.points)
        ]


def trace(
    runner: AnyRunner | None,
    task: Task,
    program: Program,
    failing: CheckResult,
    limits: Limits,
    level: str = BLOCK,
) -> Trace | None:
    """The failing check's call; None where that cannot be seen: a test command, a program that does not
    compile, a process that ends, a check that does not fail again (row B14). Raises `KeyError` for an
    unknown level and what the runner raises if the sandbox breaks."""
    first, last = KEPT[level]
    watched = marked(program.source, level)
    if watched is None or not isinstance(runner, ForkRunner):
        return None
    run = _Run(runner, task, program, limits, watched, failing.id)
    counted = run.ask({})
    if counted is None:
        return None
    endless = failing.outcome is Outcome.TIMEOUT
    wanted = _window(counted, first * LOOKED_AT, last * LOOKED_AT, endless)
    if not wanted:
        return None
    told = run.ask({"check": counted["number"], "wanted": wanted, "stop": endless})
    events = told.get("events") if told is not None else None
    if told is None or not isinstance(events, list):
        return None
    events = events if endless else [*events, told.get("raised")]
    visits = Story(watched.graphs, watched.points, counted["start"]).read(events)
    total = (wanted[-1] if endless else counted["end"] - 1) - counted["start"]
    kept = first_and_last(visits, first, last)
    return Trace(failing.id, level, kept, total, endless, _calls(told, watched)) if kept else None


def _window(counted: dict[str, Any], first: int, last: int, endless: bool) -> list[int]:
    """The counts to look at. Of a call that does not end there is no last one: some from its middle."""
    start, end = counted["start"] + 1, counted["end"]
    late = min(start + LATE, (start + end) // 2) if endless else max(start, end - last)
    wanted = {*range(start, min(start + first, end)), *range(late, min(late + last, end))}
    return sorted(wanted)


def marked(source: str, level: str) -> Marked | None:
    try:
        found = graphs(source, level)
    except (SyntaxError, ValueError, RecursionError):
        return None
    points = [(number, point) for number, graph in enumerate(found) for point in graph.points]
    return Marked(found, points) if 0 < len(points) <= MAX_MARKS else None


@dataclass(frozen=True, slots=True)
class _Run:
    """One check of a program, run as often as it takes."""

    runner: ForkRunner
    task: Task
    program: Program
    limits: Limits
    marked: Marked
    check: str

    def ask(self, more: dict[str, object]) -> dict[str, Any] | None:
        """What the watcher told of the check when it failed; None if it told nothing that fits."""
        node = _node(self.runner.checks(self.task), self.check)
        if node < 0:
            return None
        wanted = {"blocks": {"marks": self.marked.told(), **more}, "nodes": [node]}
        _, (answer,) = self.runner.watch(self.task, [self.program], self.limits, wanted)
        seen = _seen(answer.get("events", ()), node, self.check)
        told: dict[str, Any] = seen[0] if len(seen) == 1 and isinstance(seen[0], dict) else {}
        whole = all(isinstance(told.get(name), int) for name in ("number", "start", "end"))
        return told if whole else None


def _seen(events: Sequence[object], node: int, check: str) -> list[Any]:
    """What was seen until a check of that test failed, from events of a process that may lie."""
    part = _PART.search(check)
    numbers = (0, int(part[1]) if part else 1)
    found: list[Any] = []
    for event in events:
        match event:
            case ["c", int(at), int(number), str(outcome), *_, list(seen)]:
                if at == node and number in numbers and outcome != Outcome.PASS:
                    return seen
            case ["n", int(at), str(status), _, _, list(seen)]:
                if at == node and status not in ("ok", "skip"):
                    found = seen
    return found


def _node(checks: Sequence[str], check: str) -> int:
    """Number of the test that holds a check, -1 if none does."""
    tests = list(dict.fromkeys(_PART.sub("", each) for each in checks))
    return tests.index(_PART.sub("", check)) if check in checks else -1


def _calls(told: dict[str, Any], marked: Marked) -> tuple[str, ...]:
    """The calls before the last one."""
    found = []
    for call in told.get("calls") or ():
        match call:
            case [int(number), dict(values)] if 0 <= number < len(marked.graphs):
                given = ", ".join(f"{str(k)[:60]}={str(v)[:100]}" for k, v in values.items())
                found.append(f"{marked.graphs[number].function}({given})")
    return tuple(found[:-1])
