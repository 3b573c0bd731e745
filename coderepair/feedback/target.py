"""Which of the functions that may change a model is asked about."""

from __future__ import annotations

from dataclasses import dataclass

from coderepair.edit.regions import functions
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
    """The target in which a failing check ended, otherwise the most suspicious one (the first)."""
    targets = _targets(task, program)
    if not targets:
        return Target(task.targets[0] if task.targets else "", 0, 1)
    ends = [program.source.count("\n", 0, end) + 1 for _, end in program.regions]
    for line in _failing_lines(report):
        for target in targets:
            if target.line <= line <= ends[target.region]:
                return target
    return targets[0]


def _targets(task: Task, program: Program) -> list[Target]:
    """The task's targets that are regions of the program, in the task's order."""
    try:
        spans = {function.qualname: function for function in functions(program.source)}
    except (SyntaxError, ValueError, RecursionError):
        return [
            Target(name, region, program.source.count("\n", 0, start) + 1)
            for region, (name, (start, _)) in enumerate(
                zip(task.targets, program.regions, strict=False)
            )
        ][:1]
    found = []
    for name in task.targets:
        function = spans.get(name)
        for region, (start, _) in enumerate(program.regions):
            if function is not None and function.start == start:
                found.append(Target(name, region, function.line))
    return found


def _failing_lines(report: TestReport | None) -> list[int]:
    if report is None:
        return []
    return [
        check.failure.line
        for check in report.checks
        if check.outcome is not Outcome.PASS and check.failure is not None and check.failure.line
    ]
