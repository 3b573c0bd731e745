"""What every report of one run is made from."""

from __future__ import annotations

from dataclasses import dataclass

from coderepair.errors import (
    EXIT_ENGINE,
    EXIT_FAILING,
    EXIT_INTERRUPTED,
    EXIT_NOT_RUNNABLE,
    EXIT_OK,
    CodeRepairError,
    FlakyTests,
    TestsNotRunnable,
)
from coderepair.model import CheckResult, Outcome, Result, Status, TestReport

EXIT_CODES: dict[Status, int] = {
    Status.ALREADY_PASSING: EXIT_OK,
    Status.REPAIRED: EXIT_OK,
    Status.REPAIR_AVAILABLE: EXIT_FAILING,
    Status.UNVERIFIED: EXIT_FAILING,
    Status.NOT_REPAIRED: EXIT_FAILING,
    Status.BUDGET_EXHAUSTED: EXIT_FAILING,
    Status.TESTS_NOT_RUNNABLE: EXIT_NOT_RUNNABLE,
    Status.FLAKY: EXIT_NOT_RUNNABLE,
    Status.ERROR: EXIT_ENGINE,
    Status.INTERRUPTED: EXIT_INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class RunReport:
    """The end of a run as it is reported; `result` is None if there was an error before any result."""

    path: str
    """The file as shown: relative to its git work tree or the working directory."""
    status: Status
    exit_code: int
    message: str
    """One line: how it ended, or what is wrong and what mends it."""
    result: Result | None = None
    patch: bytes = b""
    """Patch from the file on disk to the repair or the best attempt; empty if there is none."""
    encoding: str = "utf-8"
    """Encoding of the file and so of the patch."""
    written: bool = False
    """Whether the repair is in the user's file now."""

    @property
    def patch_text(self) -> str:
        return self.patch.decode(self.encoding.removesuffix("-sig"), "surrogateescape")


def of_error(path: str, error: CodeRepairError) -> RunReport:
    """The report of a run that ended with an error."""
    match error:
        case FlakyTests():
            status = Status.FLAKY
        case TestsNotRunnable():
            status = Status.TESTS_NOT_RUNNABLE
        case _:
            status = Status.ERROR
    return RunReport(path, status, error.exit_code, one_line(str(error)))


def one_line(text: str) -> str:
    """`text` with every run of white space as one space."""
    return " ".join(text.split())


def counts(report: TestReport | None) -> str:
    """`3 of 7`, or `none` without checks."""
    return f"{report.passed} of {len(report.checks)}" if report and report.checks else "none"


def failing(report: TestReport | None) -> list[CheckResult]:
    """The checks that did not pass, in their order."""
    return [check for check in report.checks if check.outcome is not Outcome.PASS] if report else []


def number(count: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
