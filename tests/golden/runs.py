"""Ends of runs, one of each kind, that the golden reports are made from."""

from __future__ import annotations

from coderepair.comparison import Comparison, Difference, Rival
from coderepair.errors import FlakyTests, TestsNotRunnable, UsageError
from coderepair.model import (
    CheckResult,
    Failure,
    Outcome,
    Program,
    Result,
    Spent,
    Status,
    Task,
    TestFile,
    TestReport,
    Verification,
)
from coderepair.report import diff
from coderepair.report.document import EXIT_CODES, RunReport, of_error
from coderepair.report.terminal import message_of

BEFORE = "def last(xs):\n    return xs[len(xs)]\n\n\ndef first(xs):\n    return xs[0]\n"
AFTER = BEFORE.replace("[len(xs)]", "[len(xs) - 1]")
TASK = Task(
    path="/project/src/ends.py",
    source=BEFORE,
    targets=("last",),
    tests=(TestFile("/project/tests/test_ends.py", "0" * 64, ("test_last",)),),
    project_root="/project",
    python="/project/.venv/bin/python",
)
VERIFIED = Verification(
    ok=True,
    command="/project/.venv/bin/python -m pytest -q tests/test_ends.py::test_last",
    before_passed=1,
    after_passed=3,
    total=3,
)
FAILING = TestReport(
    (
        CheckResult("tests/test_ends.py::test_first", Outcome.PASS, seconds=0.001),
        CheckResult(
            "tests/test_ends.py::test_last[one]",
            Outcome.ERROR,
            failure=Failure(
                "exception",
                "IndexError: list index out of range",
                call="last([1])",
                exception="IndexError",
                line=2,
                traceback="line 2, in last: return xs[len(xs)]",
            ),
            seconds=0.002,
        ),
        CheckResult(
            "tests/test_ends.py::test_last[two]::assert#1",
            Outcome.FAIL,
            closeness=0.5,
            failure=Failure("assertion", "assert 3 == 2", "last([1, 2])", "2", "3"),
            seconds=0.003,
        ),
    ),
    seconds=0.25,
)
PASSING = TestReport(
    tuple(CheckResult(check.id, Outcome.PASS, seconds=0.001) for check in FAILING.checks), 0.125
)
SPENT = Spent(evaluations=41, calls=1, tokens=900, seconds=1.25)
EDIT = "line 2: 'len(xs)' -> 'len(xs) - 1'"


def _report(status: Status, *, written: bool = False, **fields: object) -> RunReport:
    result = Result(
        status,
        TASK,
        **{
            "before": FAILING,
            "run_id": "20261120-a1b2c3",
            "isolation": "L3 (two-process, 25 % of tests shared-process)",
            "integrity": "shared-process",
            "fallback_rate": 0.25,
            **fields,
        },
    )  # type: ignore[arg-type]
    text = result.program.source if result.program else BEFORE
    patch = diff.unified(BEFORE.encode(), text.encode(), "src/ends.py")
    return RunReport(
        "src/ends.py",
        status,
        EXIT_CODES[status],
        message_of(result),
        result,
        patch,
        written=written,
    )


COMPARISON = Comparison(
    chosen=7,
    first=4,
    plausible=5,
    alike=2,
    share=0.71,
    calls=58,
    rivals=(
        Rival(
            9,
            "line 2: insert 'if not xs: return 0'",
            2,
            0.2,
            (Difference("last([])", "IndexError", "0"), Difference("last('')", "IndexError", "0")),
        ),
        Rival(4, "line 2: 'len(xs)' -> '1'", 1, 0.09, (Difference("last([1, 2, 3])", "3", "2"),)),
    ),
    special=("len(xs) == 17",),
)
_FOUND = {
    "after": PASSING,
    "program": Program(AFTER),
    "verification": VERIFIED,
    "spent": SPENT,
    "stopped_by": "solved",
    "descriptions": (EDIT,),
}
_UNVERIFIED = Verification(
    False, VERIFIED.command, "2 tests of tests/test_ends.py fail in a fresh process", 1, 1, 3
)

RUNS: dict[str, RunReport] = {
    "repaired": _report(Status.REPAIRED, written=True, **_FOUND),
    "repair_available": _report(Status.REPAIR_AVAILABLE, **_FOUND, comparison=COMPARISON),
    "already_passing": _report(Status.ALREADY_PASSING, before=PASSING),
    "unverified": _report(Status.UNVERIFIED, **{**_FOUND, "verification": _UNVERIFIED}),
    "budget_exhausted": _report(
        Status.BUDGET_EXHAUSTED,
        after=FAILING,
        program=Program(AFTER.replace("- 1", "+ 1")),
        spent=SPENT,
        stopped_by="seconds",
        descriptions=(EDIT.replace("- 1", "+ 1"),),
    ),
    "not_repaired": _report(
        Status.NOT_REPAIRED, after=FAILING, spent=SPENT, stopped_by="exhausted"
    ),
    "interrupted": _report(Status.INTERRUPTED, after=FAILING, spent=SPENT, stopped_by="interrupt"),
    "tests_not_runnable": of_error(
        "ends.py", TestsNotRunnable("tests/test_ends.py cannot be imported:\n  no module x")
    ),
    "flaky": of_error("ends.py", FlakyTests("test_last passes and fails on the same program")),
    "usage": of_error("ends.py", UsageError("ends.py does not exist; check the path")),
}
