"""Which of the functions that may change a model is asked about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coderepair.edit.regions import functions
from coderepair.localise.spectrum import ochiai
from coderepair.model import Outcome, Program, Task, TestReport


@dataclass(frozen=True, slots=True)
class Target:
    """A function of a program."""

    name: str
    """Its qualified name; the task's first target if the file does not parse."""
    region: int
    """Index of the program's region that holds it."""
    line: int
    """1-based line at which that region starts."""


def locate(task: Task, program: Program, report: TestReport | None) -> Target:
    """The target in which a failing check ended, else one that a failing check calls, else the first
    (the most suspicious one, before anything was mended). Once some checks are mended, those targets
    go first that the checks which still fail execute, and the mended ones do not."""
    targets = _targets(task, program)
    if not targets:
        return Target(task.targets[0] if task.targets else "", 0, 1)
    ends = [program.source.count("\n", 0, end) + 1 for _, end in program.regions]
    for line in _failing_lines(report):
        for target in targets:
            if target.line <= line <= ends[target.region]:
                return target
    calls = _failing_calls(report)
    suspects = _still_suspect(task, targets, report)
    return next((target for target in suspects if _is_called(target.name, calls)), suspects[0])


def _still_suspect(task: Task, targets: list[Target], report: TestReport | None) -> list[Target]:
    """The targets of the highest Ochiai coefficient over the checks that failed at first; all of them
    as long as these all fail."""
    failing = (
        {each.id for each in report.checks if each.outcome is not Outcome.PASS} if report else ()
    )
    still = [names for check, names in task.reached if check in failing]
    mended = [names for check, names in task.reached if check not in failing]
    if not still or not mended:
        return targets
    scores = {
        each.name: ochiai(_count(still, each.name), _count(mended, each.name), len(still))
        for each in targets
    }
    return [each for each in targets if scores[each.name] == max(scores.values())]


def _count(spectra: list[tuple[str, ...]], name: str) -> int:
    return sum(name in names for names in spectra)


def _failing_calls(report: TestReport | None) -> list[str]:
    if report is None:
        return []
    return [
        check.failure.call
        for check in report.checks
        if check.outcome is not Outcome.PASS and check.failure is not None
    ]


def _is_called(qualname: str, calls: list[str]) -> bool:
    pattern = re.compile(rf"\b{re.escape(qualname.rpartition('.')[2])}\(")
    return any(pattern.search(call) for call in calls)


def _targets(task: Task, program: Program) -> list[Target]:
    """The task's targets that are regions of the program, in the task's order."""
    try:
        found = [each for each in functions(program.source) if each.qualname in task.targets]
    except (SyntaxError, ValueError, RecursionError):
        return [
            Target(name, region, program.source.count("\n", 0, start) + 1)
            for region, (name, (start, _)) in enumerate(
                zip(task.targets, program.regions, strict=False)
            )
        ][:1]
    regions = {start: region for region, (start, _) in enumerate(program.regions)}
    found.sort(key=lambda each: task.targets.index(each.qualname))
    return [
        Target(each.qualname, regions[each.start], each.line)
        for each in found
        if each.start in regions
    ]


def _failing_lines(report: TestReport | None) -> list[int]:
    if report is None:
        return []
    return [
        check.failure.line
        for check in report.checks
        if check.outcome is not Outcome.PASS and check.failure is not None and check.failure.line
    ]
