"""Plain text for people: the failure that is worked on, the end of a run, one-line reports."""

from __future__ import annotations

from coderepair.model import CheckResult, Result, Spent, Status, TestReport, Verification
from coderepair.report import rivals
from coderepair.report.document import RunReport, counts, failing, number, one_line

_FLAGS = {
    "evaluations": "--max-candidates",
    "calls": "--budget",
    "tokens": "--max-tokens-total",
    "seconds": "--timeout",
}
"""Limit -> the flag that raises it."""
_ENDS = {
    "solved": "solved",
    "exhausted": "ended with every proposal tried",
    "interrupt": "ended by interrupt",
    **{limit: f"ended by {flag}" for limit, flag in _FLAGS.items()},
}


def failure_text(report: TestReport, shown: int = 3) -> str:
    """How many checks fail, and why the first few do."""
    failures = failing(report)
    lines = [f"{len(failures)} of {len(report.checks)} checks fail"]
    for check in failures[:shown]:
        lines += check_lines(check)
    if len(failures) > shown:
        lines.append(f"  and {len(failures) - shown} more")
    return "\n".join(lines) + "\n"


def check_lines(check: CheckResult) -> list[str]:
    """One failing check in two or three lines."""
    lines = [f"  {check.id}: {check.outcome.value}"]
    failure = check.failure
    if failure is None:
        return lines
    if failure.call:
        lines.append(f"    {one_line(failure.call)}")
    if failure.expected or failure.got:
        lines.append(f"    expected {failure.expected or '?'}, got {failure.got or '?'}")
    elif failure.message:
        lines.append(f"    {one_line(failure.message)}")
    if failure.line and f"line {failure.line}" not in lines[-1]:
        lines[-1] += f" (line {failure.line})"
    return lines


def checks_text(report: TestReport) -> str:
    """Every check on a line, failing ones with their reason."""
    lines: list[str] = []
    for check in report.checks:
        lines += [f"  {check.id}: pass"] if check.outcome == "pass" else check_lines(check)
    lines.append(f"{counts(report)} checks pass, score {report.score:.3f}, {report.seconds:.2f} s")
    return "\n".join(lines) + "\n"


def suspects(result: Result) -> str:
    """The lines to suspect, with what stands there; empty where there are none."""
    if not result.suspects:
        return ""
    texts = result.task.source.split("\n")
    lines = [
        f"  line {line}: {texts[line - 1].strip()} ({score:.2f})" for line, score in result.suspects
    ]
    return "\n".join(["lines to suspect first:", *lines]) + "\n"


def summary(report: RunReport) -> str:
    """How the run ended, without the patch."""
    lines = [f"{report.path}: {report.message}"]
    if report.result is not None:
        lines += _details(report.result, report)
    return "\n".join(lines) + "\n"


def render(report: RunReport) -> str:
    """The patch, then the summary."""
    label = "" if _is_repair(report.status) or not report.patch else "best attempt, not a repair:\n"
    return label + report.patch_text + summary(report)


def concise(report: RunReport) -> str:
    """The whole report on one line."""
    return f"{report.path}: {report.message}\n"


def message_of(result: Result) -> str:
    """One line that says how a run ended."""
    before, after = counts(result.before), counts(result.after)
    match result.status:
        case Status.ALREADY_PASSING:
            return f"all checks pass already ({before}); nothing to repair"
        case Status.REPAIRED | Status.REPAIR_AVAILABLE:
            return f"repaired: {after} checks pass ({before} before)"
        case Status.UNVERIFIED:
            reason = (
                result.verification.reason if result.verification else "verification did not run"
            )
            return f"found a change but could not verify it: {reason}"
        case Status.INTERRUPTED:
            return f"interrupted; best so far passes {after} checks ({before} before)"
        case Status.BUDGET_EXHAUSTED:
            return f"not repaired within the limits; {_raise(result.stopped_by)}"
        case Status.NOT_REPAIRED:
            return "not repaired: every proposal was tried; a chat model (--model, --endpoint) may know more"
        case _:
            return result.status.value.replace("_", " ")


def spent_text(spent: Spent) -> str:
    """What a run used, as `41 programs run, 6 to make it smaller, 0 model calls, 0 tokens, 1.3 s`."""
    smaller = f"{spent.minimisation} to make it smaller, " if spent.minimisation else ""
    return (
        f"{number(spent.evaluations, 'program')} run, {smaller}"
        f"{number(spent.calls, 'model call')}, "
        f"{number(spent.tokens, 'token')}, {spent.seconds:.1f} s"
    )


def _details(result: Result, report: RunReport) -> list[str]:
    lines = [f"  {description}" for description in result.descriptions]
    if result.status is Status.UNVERIFIED and result.verification:
        lines.append(f"  {result.verification.command}")
    elif result.verification is not None:
        lines.append(_verified(result.verification))
    if result.comparison is not None and _is_repair(result.status):
        lines += rivals.lines(result.comparison)
    if result.status is not Status.ALREADY_PASSING:
        ended = _ENDS.get(result.stopped_by, f"ended by {result.stopped_by}")
        lines.append(f"  {ended}: {spent_text(result.spent)}")
    if report.status is Status.REPAIR_AVAILABLE:
        lines.append("  not written; --write writes it, git apply takes it")
    if result.isolation:
        lines.append(f"  isolation {result.isolation}")
    if _is_repair(report.status) and result.integrity == "shared-process":
        lines.append(
            "  integrity shared-process: what this change does was not judged from outside"
        )
    if result.run_id:
        undo = f"; take it back with coderepair runs undo {result.run_id}" if report.written else ""
        lines.append(f"  run {result.run_id}{undo}")
    return lines


def _verified(verification: Verification) -> str:
    return (
        f"  verified: {verification.after_passed} of {verification.total} tests pass "
        f"({verification.before_passed} before) in {verification.command}"
    )


def _raise(stopped_by: str) -> str:
    flag = _FLAGS.get(stopped_by)
    return f"raise {flag}" if flag else f"ended by {stopped_by}"


def _is_repair(status: Status) -> bool:
    return status in (Status.REPAIRED, Status.REPAIR_AVAILABLE)
