"""Events of a candidate's process become a `TestReport` with the checks of its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coderepair.model import CheckResult, Failure, Observations, Outcome, TestReport

MAX_CLOSENESS = 0.99
SHARED, TWO_PROCESS = "shared-process", "two-process"
"""Whether the program could have forged its verdict, or was judged from outside."""
BREAKDOWNS = (Outcome.TIMEOUT, Outcome.CRASH, Outcome.OUTPUT_LIMIT)
TEXT = 2000
"""Characters kept of any one text; the child cuts too, but it is not trusted."""


@dataclass(frozen=True)
class TestNode:
    """A pytest item or a docstring, and the ids of the checks it is made of."""

    __test__ = False

    id: str
    checks: tuple[str, ...]


@dataclass
class Tally:
    """Tests that were run, candidate by candidate, and those whose verdicts could have been forged."""

    tests: int = 0
    shared: int = 0

    def add(self, nodes: int, answers: Sequence[dict[str, Any]]) -> None:
        """Counts the answers for some programs, each judged by that many tests."""
        self.tests += nodes * len(answers)
        self.shared += sum(int(answer["shared"]) for answer in answers)

    @property
    def rate(self) -> float:
        """Share of tests whose verdicts could have been forged, in [0, 1]."""
        return self.shared / max(1, self.tests)

    def told(self) -> str:
        """Whether candidates could have forged verdicts, and how often so far where some could."""
        share = 100 * self.rate
        names = f"{TWO_PROCESS}, {share:.0f} % of tests {SHARED}"
        return TWO_PROCESS if not share else SHARED if share == 100 else names


def node_of(listed: dict[str, Any]) -> TestNode:
    """A node as the child listed it; a single assert goes by the name of its test."""
    name, count = str(listed["id"]), int(listed["count"])
    part = "example" if listed["kind"] == "doctest" else "assert"
    if count < 2:
        return TestNode(name, (name,))
    return TestNode(name, tuple(f"{name}::{part}#{number}" for number in range(1, count + 1)))


def report(
    nodes: tuple[TestNode, ...], answer: dict[str, Any], skipped: frozenset[str]
) -> TestReport:
    """Checks in the order of `nodes`, without the nodes that the original program skips."""
    if "infra" in answer:
        return no_report(nodes, str(answer["infra"]), skipped)
    story = _Story(answer)
    checks: list[CheckResult] = []
    for number, node in enumerate(nodes):
        results = story.results(number, node)
        if node.id not in skipped:
            checks += results
    integrity = SHARED if answer.get("shared", 1) else TWO_PROCESS
    return TestReport(tuple(checks), float(answer.get("seconds", 0.0)), integrity=integrity)


def no_report(nodes: tuple[TestNode, ...], why: str, skipped: frozenset[str]) -> TestReport:
    """No check was run to its end, and by no fault of the program's."""
    checks = tuple(
        CheckResult(name, Outcome.NOT_RUN, failure=Failure("infra_error", why))
        for node in nodes
        if node.id not in skipped
        for name in node.checks
    )
    return TestReport(checks, infra_error=why, integrity=TWO_PROCESS)


def skipped_nodes(nodes: tuple[TestNode, ...], answer: dict[str, Any]) -> frozenset[str]:
    """Ids of the nodes that were skipped (or expected to fail) in this run."""
    ends = [event for event in _events(answer) if event[0] == "n" and event[2] == "skip"]
    return frozenset(nodes[event[1]].id for event in ends)


def import_seconds(answer: dict[str, Any]) -> list[float]:
    """How long importing the tests, and with them the file, took."""
    told = [event[1] for event in answer.get("events", ()) if event[:1] == ["i"] and event[1:]]
    return [float(seconds) for seconds in told if isinstance(seconds, int | float)]


def lines_by_check(
    nodes: tuple[TestNode, ...], answer: dict[str, Any]
) -> dict[str, frozenset[int]]:
    """Lines of the user's file that each check depends on, in a run with coverage.

    An assert judges what the statements before it in its test have left behind, so it counts their
    lines as its own.
    """
    lines: dict[str, frozenset[int]] = {}
    before: dict[int, frozenset[int]] = {}
    for event in _events(answer):
        if event[0] == "c" and event[2]:
            before[event[1]] = before.get(event[1], frozenset()) | frozenset(event[7] or ())
            lines[_check_id(nodes[event[1]], event[2])] = before[event[1]]
        elif event[0] == "n" and event[5]:
            name = nodes[event[1]].checks[-1]
            lines[name] = lines.get(name, frozenset()) | frozenset(event[5])
    return lines


def letters_by_check(nodes: tuple[TestNode, ...], answer: dict[str, Any]) -> Observations:
    """For each check that has a verdict, the letters of every site it came by."""
    found: dict[str, dict[int, str]] = {}
    for check, seen in seen_by_check(nodes, answer).items():
        letters = found.setdefault(check, {})
        for pair in seen:
            if isinstance(pair, list) and list(map(type, pair)) == [int, str]:
                letters.setdefault(pair[0], pair[1])
    return found


def seen_by_check(nodes: tuple[TestNode, ...], answer: dict[str, Any]) -> dict[str, list[Any]]:
    """For each check that has a verdict, what a watcher told of it."""
    found: dict[str, list[Any]] = {}
    for event in _events(answer):
        seen = event[7] if event[0] == "c" and event[2] else event[5] if event[0] == "n" else None
        if isinstance(seen, list):
            number = event[2] if event[0] == "c" else len(nodes[event[1]].checks)
            found.setdefault(_check_id(nodes[event[1]], number), []).extend(seen)
    return found


def _check_id(node: TestNode, number: int) -> str:
    return node.checks[min(number, len(node.checks)) - 1]


def _events(answer: dict[str, Any]) -> list[list[Any]]:
    """Those events that have the right shape: a candidate may have written some of them."""
    return [event for event in answer.get("events", ()) if _is_event(event)]


def _is_event(event: object) -> bool:
    if not isinstance(event, list) or len(event) < 2:
        return False
    kind, first, *rest = event[:4]
    if kind == "c":
        return isinstance(first, int) and len(rest) == 2 and [*map(type, rest)] == [int, str]
    if kind == "n":
        return isinstance(first, int) and isinstance(next(iter(rest), None), str)
    return bool(kind == "x" and isinstance(first, dict))


class _Story:
    """What the events say about each node."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._checks: dict[tuple[int, int], list[Any]] = {}
        self._ends: dict[int, list[Any]] = {}
        self._broken: dict[str, Any] | None = None
        for event in _events(answer):
            if event[0] == "c":
                key = (event[1], event[2])
                if self._checks.get(key, event)[3] == Outcome.PASS or key not in self._checks:
                    self._checks[key] = event
            elif event[0] == "n":
                self._ends[event[1]] = event
            else:
                self._broken = event[1]
        self._complete = answer.get("events", [])[-1:] == [["end"]]
        self._rest = self._reason(answer)
        self._charged = self._complete

    def _reason(self, answer: dict[str, Any]) -> tuple[Outcome, Failure]:
        """What the first check that has no verdict gets: it was running when the process ended."""
        if self._broken is not None:
            return Outcome.ERROR, _failure(self._broken)
        broke_down = any(event[3] in BREAKDOWNS for event in self._checks.values())
        if answer.get("end") == "timeout":
            return Outcome.TIMEOUT, Failure("timeout", "no result within the time limit; killed")
        if answer.get("end") == "disk":
            return Outcome.OUTPUT_LIMIT, Failure(
                "output", "wrote more files than the limit; killed"
            )
        if broke_down:
            return Outcome.NOT_RUN, Failure("not_run", "left out after two checks broke down")
        if answer.get("end") == "memory":
            return Outcome.MEMORY_LIMIT, Failure("memory", "took all memory it may take")
        return Outcome.CRASH, Failure("crash", f"the process ended early ({answer.get('end')})")

    def results(self, number: int, node: TestNode) -> list[CheckResult]:
        end = self._ends.get(number)
        if end is None and not any(key[0] == number for key in self._checks):
            return [self._no_verdict(name) for name in node.checks]
        single = self._checks.get((number, 0))
        if single is not None:  # a time-out that belongs to no assert
            return self._with_charge(number, node, Outcome(single[3]), _failure(single[5]))
        if end is None:
            return [
                self._told(number, k, name) or self._no_verdict(name)
                for k, name in enumerate(node.checks, 1)
            ]
        if end[2] == "ok":
            return [
                self._told(number, k, name) or _passed(name)
                for k, name in enumerate(node.checks, 1)
            ]
        if end[2] == "skip":
            return [
                CheckResult(name, Outcome.NOT_RUN, failure=Failure("not_run", "skipped"))
                for name in node.checks
            ]
        return self._with_charge(number, node, _outcome(end[3]), _failure(end[3]), float(end[4]))

    def _told(self, number: int, k: int, name: str) -> CheckResult | None:
        event = self._checks.get((number, k))
        if event is None:
            return None
        try:
            outcome = Outcome(event[3])
        except ValueError:
            outcome = Outcome.REJECTED
        if outcome is Outcome.PASS:
            return CheckResult(name, outcome, seconds=float(event[6]))
        near = min(MAX_CLOSENESS, max(0.0, float(event[4])))
        return CheckResult(name, outcome, near, _failure(event[5]), float(event[6]))

    def _with_charge(
        self, number: int, node: TestNode, outcome: Outcome, failure: Failure, seconds: float = 0.0
    ) -> list[CheckResult]:
        """The failure goes to the first check without a verdict (else the last one); the rest was not run."""
        results: list[CheckResult] = []
        charged = False
        for k, name in enumerate(node.checks, 1):
            told = self._told(number, k, name)
            if told is None and not charged:
                told, charged = CheckResult(name, outcome, failure=failure, seconds=seconds), True
            results.append(
                told
                or CheckResult(name, Outcome.NOT_RUN, failure=Failure("not_run", failure.message))
            )
        if not charged and all(result.outcome is Outcome.PASS for result in results):
            results[-1] = CheckResult(node.checks[-1], outcome, failure=failure, seconds=seconds)
        return results

    def _no_verdict(self, name: str) -> CheckResult:
        """No verdict is never a pass."""
        outcome, failure = self._rest
        if self._complete:
            return CheckResult(
                name, Outcome.NOT_RUN, failure=Failure("not_run", "the test was not found")
            )
        if self._charged:
            return CheckResult(name, Outcome.NOT_RUN, failure=Failure("not_run", failure.message))
        self._charged = True
        return CheckResult(name, outcome, failure=failure)


def _passed(name: str) -> CheckResult:
    return CheckResult(name, Outcome.PASS)


def _outcome(failure: object) -> Outcome:
    fields = failure if isinstance(failure, dict) else {}
    if fields.get("exception") in ("AssertionError", "Failed"):
        return Outcome.FAIL
    kinds = {
        "timeout": Outcome.TIMEOUT,
        "memory": Outcome.MEMORY_LIMIT,
        "output": Outcome.OUTPUT_LIMIT,
    }
    return kinds.get(str(fields.get("kind")), Outcome.ERROR)


def _failure(fields: object) -> Failure:
    """From the child's dictionary; unknown or ill-typed fields are dropped."""
    if not isinstance(fields, dict):
        return Failure("crash")
    texts = {
        name: str(fields[name])[:TEXT]
        for name in ("message", "call", "expected", "got", "exception", "traceback")
        if isinstance(fields.get(name), str)
    }
    line = fields.get("line", 0)
    kind = str(fields.get("kind", "exception"))[:20]
    return Failure(kind=kind, line=line if isinstance(line, int) else 0, **texts)
