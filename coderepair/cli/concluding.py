"""The end of a run: shown, written where that is wanted and verified, and put as a report."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from coderepair import write
from coderepair.cli import output
from coderepair.cli.inputs import Input
from coderepair.cli.order import Order
from coderepair.config import Settings
from coderepair.model import Result, Status
from coderepair.report import diff, terminal
from coderepair.report.document import EXIT_CODES, RunReport
from coderepair.store import Undo, keep_undo

_VERIFIED = (Status.REPAIRED, Status.REPAIR_AVAILABLE)


def conclude(order: Order, inputs: Input, settings: Settings, result: Result) -> RunReport:
    """Shows the result, writes it where that is wanted, and says what became of it."""
    report = _report(inputs, result)
    if inputs.from_stdin:
        return _conclude_stdin(order, inputs, report)
    if report.status not in _VERIFIED:
        _show(order, report)
        return report
    if order.asks:
        output.show_patch(report.patch_text)
        output.say(terminal.summary(report))
        if not output.ask(f"write it to {report.path}?"):
            output.say("nothing was written")
            return report
    elif not order.write:
        _show(order, report)
        return report
    return _write(order, inputs, settings, report)


def _conclude_stdin(order: Order, inputs: Input, report: RunReport) -> RunReport:
    """The fixed text, or the text as it came, goes to standard output: a pipe never loses it."""
    fixed = report.status in _VERIFIED and report.result is not None and report.result.program
    if order.output_format != "text":
        _show(order, report)
        return report
    if not order.quiet:
        output.say(terminal.summary(report))
    if not fixed:
        output.emit(inputs.file.data)
        return report
    output.emit(inputs.file.edited(fixed.source))
    return replace(report, status=Status.REPAIRED, exit_code=EXIT_CODES[Status.REPAIRED])


def _write(order: Order, inputs: Input, settings: Settings, report: RunReport) -> RunReport:
    result = report.result
    assert result is not None
    assert result.program is not None
    file = inputs.file
    data = file.edited(result.program.source)
    undo = Undo(str(file.path.resolve()), hashlib.sha256(data).hexdigest(), file.data)
    keep_undo(settings.runs_dir / result.run_id, undo)
    write.replace(file.path, data, file.sha256)
    status = Status.REPAIRED
    report = replace(report, status=status, exit_code=EXIT_CODES[status], written=True)
    if order.asks:
        output.say(f"written; take it back with: coderepair runs undo {result.run_id}")
    else:
        _show(order, report)
    return report


def _show(order: Order, report: RunReport) -> None:
    """Text for people, or the patch. What is no verified repair never goes where patches go."""
    if order.output_format == "text" and order.write:
        output.emit(output.render("text", report))
    elif order.output_format in ("text", "diff"):
        output.emit(output.render("diff", report))
        if not order.quiet:
            verified = report.status in _VERIFIED
            output.say(terminal.summary(report) if verified else terminal.render(report))


def _report(inputs: Input, result: Result) -> RunReport:
    path = diff.shown_path(inputs.file.path)
    status = result.status
    if status in _VERIFIED:
        verified = result.verification is not None and result.verification.ok
        status = Status.REPAIR_AVAILABLE if verified else Status.UNVERIFIED
    patch = b""
    if result.program is not None:
        patch = diff.unified(inputs.file.data, inputs.file.edited(result.program.source), path)
    return RunReport(
        path,
        status,
        EXIT_CODES[status],
        terminal.message_of(result),
        result,
        patch,
        inputs.file.encoding,
    )
