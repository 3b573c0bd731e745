"""A repair that passes input/output tests, run as `python FILE < INPUT`: a fresh process for every case."""

from __future__ import annotations

from collections.abc import Sequence

from coderepair.model import Limits, Program, Task, Verification
from coderepair.runner.fresh import PlainRun, run_plain
from coderepair.runner.pins import Pins
from coderepair.runner.stdio import Case, equal, given

AT_ONCE = 4
"""Processes at the same time."""
HASH_SEEDS = (0, 1)
"""Values of PYTHONHASHSEED, one case under the first, the next under the second."""


def verify_stdio(task: Task, program: Program, limits: Limits) -> Verification:
    """Whether every case gives the expected output. Raises `TestsNotRunnable` if a file has changed."""
    pins = Pins(task)
    cases = given(task)
    after = _runs(task, program.source, cases, limits)
    pins.check()
    wrong = [case.id for case, run in zip(cases, after, strict=True) if not _right(case, run)]
    reason = f"a fresh process fails {wrong[0]}" if wrong else ""
    return Verification(
        ok=not wrong,
        command=f"{task.python} {task.path} < INPUT",
        reason=reason + (f" and {len(wrong) - 1} more" if wrong[1:] else ""),
        after_passed=len(cases) - len(wrong),
        total=len(cases),
    )


def _runs(task: Task, source: str, cases: Sequence[Case], limits: Limits) -> list[PlainRun]:
    found: list[PlainRun] = []
    for start in range(0, len(cases), AT_ONCE):
        jobs = [
            (source, {"input": case.input}, HASH_SEEDS[number % len(HASH_SEEDS)])
            for number, case in enumerate(cases[start : start + AT_ONCE])
        ]
        found += run_plain(task, jobs, limits, with_original=False)
    return found


def _right(case: Case, run: PlainRun) -> bool:
    return run.status == 0 and run.output is not None and equal(run.output, case.output)
