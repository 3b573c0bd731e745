"""Events as short log entries: thousands of evaluations in a few hundred kilobytes.

A program is written as the one stretch of text in which it differs from the program it refines, and a
check's result once only, however many programs share it. Entries therefore lean on those before them,
and are read from the start of a log. Lossless but for the seconds of single checks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from coderepair.codec import from_json, to_json
from coderepair.edit.regions import program_of
from coderepair.events import (
    Asked,
    Baseline,
    Event,
    RunStarted,
    Told,
    event_from_json,
    event_to_json,
)
from coderepair.model import (
    ROOT,
    CheckResult,
    ExpansionId,
    NodeId,
    Program,
    Proposal,
    Refinement,
    Spent,
    Task,
    TestReport,
)


def root_program(task: Task) -> Program:
    """The program at the root of a task's tree."""
    return program_of(task.source, task.targets)


class _Context:
    """What both sides know of the entries so far."""

    def __init__(self) -> None:
        self.programs: dict[NodeId, Program] = {}
        self.asked: dict[ExpansionId, Asked] = {}
        self.checks: list[CheckResult] = []
        self.reports: list[tuple[CheckResult, ...]] = []

    def note(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.programs[ROOT] = root_program(event.task)
        elif isinstance(event, Asked):
            self.asked[event.expansion] = event
        elif isinstance(event, Told):
            for node, refinement in zip(event.nodes, event.refinements, strict=True):
                if node >= 0 and refinement.proposal.program is not None:
                    self.programs[node] = refinement.proposal.program
            del self.asked[event.expansion]

    def base(self, expansion: ExpansionId) -> Program:
        """The program that the proposals of an expansion are written against."""
        return self.programs.get(self.asked[expansion].node, self.programs[ROOT])


class Packer:
    """Turns the events of one run, in order, into entries."""

    def __init__(self) -> None:
        self._context = _Context()
        self._checks: dict[CheckResult, int] = {}
        self._reports: dict[tuple[int, ...], int] = {}

    def pack(self, event: Event) -> dict[str, Any]:
        """Plain data for one line of a log."""
        if isinstance(event, Told):
            entry = self._told(event)
        elif isinstance(event, Baseline):
            entry = {**event_to_json(event), "report": self._report(event.report)}
        else:
            entry = event_to_json(event)
        self._context.note(event)
        return entry

    def _told(self, event: Told) -> dict[str, Any]:
        base = self._context.base(event.expansion)
        proposer = self._context.asked[event.expansion].proposer
        return {
            "event": "Told",
            "expansion": event.expansion,
            "spent": to_json(event.spent),
            "nodes": list(event.nodes),
            "refinements": [self._refinement(each, base, proposer) for each in event.refinements],
        }

    def _refinement(self, refinement: Refinement, base: Program, proposer: str) -> dict[str, Any]:
        proposal = refinement.proposal
        entry = dict(to_json(replace(proposal, program=None)))
        entry.pop("program")
        if entry["proposer"] == proposer:
            del entry["proposer"]
        if proposal.program is not None:
            entry["edit"] = difference(base, proposal.program)
        if refinement.report is not None:
            entry["report"] = self._report(refinement.report)
        return entry

    def _report(self, report: TestReport) -> dict[str, Any]:
        """`new` holds check results not seen before; `checks` all of them by number, or the number of
        an earlier report with the same."""
        new: list[CheckResult] = []
        numbers = []
        for check in (replace(each, seconds=0.0) for each in report.checks):
            if check not in self._checks:
                self._checks[check] = len(self._checks)
                new.append(check)
            numbers.append(self._checks[check])
        key = tuple(numbers)
        entry = dict(to_json(replace(report, checks=())), checks=self._reports.get(key, numbers))
        self._reports.setdefault(key, len(self._reports))
        return {**entry, "new": to_json(new)} if new else entry


class Unpacker:
    """Turns the entries of one log, in order, back into events."""

    def __init__(self) -> None:
        self._context = _Context()

    def unpack(self, entry: Mapping[str, Any]) -> Event:
        """Raises ValueError for an entry that no `Packer` wrote at this place."""
        try:
            event = self._event(entry)
            self._context.note(event)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        return event

    def _event(self, entry: Mapping[str, Any]) -> Event:
        if entry["event"] == "Baseline":
            return Baseline(self._report(entry["report"]), entry.get("isolation", ""))
        if entry["event"] != "Told":
            return event_from_json(entry)
        expansion = entry["expansion"]
        return Told(
            expansion,
            tuple(self._refinement(each, expansion) for each in entry["refinements"]),
            from_json(Spent, entry["spent"]),
            tuple(entry["nodes"]),
        )

    def _refinement(self, entry: Mapping[str, Any], expansion: ExpansionId) -> Refinement:
        plain = {key: value for key, value in entry.items() if key not in ("edit", "report")}
        plain.setdefault("proposer", self._context.asked[expansion].proposer)
        proposal = from_json(Proposal, {"program": None, **plain})
        if "edit" in entry:
            program = applied(self._context.base(expansion), entry["edit"])
            proposal = replace(proposal, program=program)
        return Refinement(proposal, self._report(entry["report"]) if "report" in entry else None)

    def _report(self, entry: Mapping[str, Any]) -> TestReport:
        context = self._context
        context.checks += [from_json(CheckResult, check) for check in entry.get("new", ())]
        if isinstance(entry["checks"], int):
            checks = context.reports[entry["checks"]]
        else:
            checks = tuple(context.checks[number] for number in entry["checks"])
            context.reports.append(checks)
        plain = {key: value for key, value in entry.items() if key not in ("new", "checks")}
        return replace(from_json(TestReport, {"checks": [], **plain}), checks=checks)


def difference(base: Program, program: Program) -> list[Any]:
    """`[start, end, text]`: `base.source[start:end]` is `text` in `program`; a fourth item gives the
    regions where they do not simply move with the text."""
    old, new = base.source, program.source
    shorter = min(len(old), len(new))
    start = _common(shorter, lambda n: old[:n] == new[:n])
    tail = _common(shorter - start, lambda n: old[len(old) - n :] == new[len(new) - n :])
    end = len(old) - tail
    edit: list[Any] = [start, end, new[start : len(new) - tail]]
    if applied(base, edit).regions != program.regions:
        edit.append(to_json(program.regions))
    return edit


def applied(base: Program, edit: list[Any]) -> Program:
    """The program that `difference` was given."""
    start, end, text, *regions = edit
    source = base.source[:start] + text + base.source[end:]
    if regions:
        return Program(source, tuple((a, b) for a, b in regions[0]))
    shift = len(source) - len(base.source)
    return Program(
        source,
        tuple(
            (a + shift if a > start else a, b + shift if b >= end else b) for a, b in base.regions
        ),
    )


def _common(limit: int, same: Callable[[int], bool]) -> int:
    """Largest n <= limit with same(n), where same(n) implies same(n - 1)."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(middle) else (low, middle - 1)
    return low
