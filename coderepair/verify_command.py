"""A repair that passes a test command, run again: fresh copies of the project, other hash seeds."""

from __future__ import annotations

from coderepair.model import Limits, Program, Task, TestReport, Verification
from coderepair.runner.commands import CommandRunner

HASH_SEEDS = (0, 1)
"""Values of PYTHONHASHSEED under which a repair has to pass."""


def verify_command(task: Task, program: Program, limits: Limits) -> Verification:
    """Whether the command ends with 0 and all its tests pass, and what passed before still does.

    Raises `TestsNotRunnable` if a test file has changed.
    """
    with CommandRunner(1) as runner:
        before = runner.confirm(task, task.source, limits, HASH_SEEDS[0])
        after = [runner.confirm(task, program.source, limits, seed) for seed in HASH_SEEDS]
    return Verification(
        ok=all(report.solved for report in after),
        command=task.command,
        reason=next(filter(None, map(_wrong, after)), ""),
        before_passed=before.passed,
        after_passed=min(report.passed for report in after),
        total=len(before.checks),
    )


def _wrong(report: TestReport) -> str:
    first = report.first_failure
    return "" if first is None else f"a fresh copy of the project fails {first.id}"
