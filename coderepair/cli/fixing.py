"""What `coderepair fix` does: read, repair, and only if it is asked for and verified, write."""

from __future__ import annotations

import hashlib
import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coderepair import write
from coderepair.cli import output
from coderepair.cli.inputs import STDIN, Input, read_input
from coderepair.cli.interrupt import Interrupt
from coderepair.cli.output import ReportFile
from coderepair.cli.view import open_view
from coderepair.config import Settings, load
from coderepair.errors import CodeRepairError, UsageError
from coderepair.events import Event
from coderepair.model import Result, Status
from coderepair.report import diff, json, terminal
from coderepair.report.document import EXIT_CODES, RunReport, of_error
from coderepair.store import Undo, keep_undo

_VERIFIED = (Status.REPAIRED, Status.REPAIR_AVAILABLE)


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asked for."""

    target: str
    functions: tuple[str, ...]
    tests: tuple[str, ...]
    more_tests: tuple[str, ...]
    keyword: str
    write: bool
    diff: bool
    output_format: str
    reports: tuple[str, ...]
    quiet: bool
    stdin_filename: Path | None
    flags: Mapping[str, Any]

    @property
    def asks(self) -> bool:
        """Whether a person is shown the repair and asked."""
        plain = self.output_format == "text" and not self.write and self.target != STDIN
        return plain and output.is_interactive()


def run(order: Order) -> int:
    """Does what was ordered and returns the exit code. Errors are raised, and reported in JSON too."""
    recorder = _Recorder(order)
    try:
        _check_order(order)
        inputs = read_input(
            order.target, order.functions, order.tests, order.more_tests, order.stdin_filename
        )
        recorder.files = output.parse_reports(order.reports, inputs.protected)
        settings = load(inputs.file.path, order.flags).settings
        if order.write and not inputs.from_stdin:
            write.check_writable(inputs.file.path)
        result = _repair(order, inputs, settings, recorder)
        report = _conclude(order, inputs, settings, result)
    except CodeRepairError as error:
        recorder.finish(of_error(order.target, error))
        raise
    recorder.finish(report)
    return report.exit_code


class _Recorder:
    """Keeps the events for JSON Lines and puts the end of the run where it was asked for."""

    def __init__(self, order: Order) -> None:
        self.files: list[ReportFile] = []
        self._format = order.output_format
        self._lines: list[str] = []

    def on_event(self, event: Event) -> None:
        document = json.event_document(event)
        if document is None:
            return
        line = jsonlib.dumps(document) + "\n"
        if any(file.format == "jsonl" for file in self.files):
            self._lines.append(line)
        if self._format == "jsonl":
            output.emit(line.encode())

    def finish(self, report: RunReport) -> None:
        """The machine formats; text and patches are put out where the repair is decided on."""
        if self._format in ("json", "jsonl", "concise"):
            output.emit(output.render(self._format, report))
        for file in self.files:
            output.write_report(file, report, self._lines)


def _check_order(order: Order) -> None:
    if order.diff and order.write:
        raise UsageError("--diff only shows and --write writes; choose one")
    if order.diff and order.output_format != "diff":
        raise UsageError(f"--diff and --output-format {order.output_format}: choose one")


def _repair(order: Order, inputs: Input, settings: Settings, recorder: _Recorder) -> Result:
    from coderepair.repair import repair
    from coderepair.task import make_task

    task = make_task(
        inputs.file.path,
        inputs.tests,
        inputs.functions,
        keyword=order.keyword,
        python=settings.python,
    )
    view = open_view(order.quiet, settings.timeout)

    def on_event(event: Event) -> None:
        recorder.on_event(event)
        view.on_event(event)

    with Interrupt() as interrupt:
        try:
            return repair(task, settings, on_event=on_event, should_stop=interrupt.requested)
        finally:
            view.close()


def _conclude(order: Order, inputs: Input, settings: Settings, result: Result) -> RunReport:
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
    verified = report.status in _VERIFIED
    if order.output_format == "diff" or (
        order.output_format == "text" and verified and not report.written
    ):
        output.emit(output.render("diff", report))
        if not order.quiet:
            output.say(terminal.summary(report) if verified else terminal.render(report))
    elif order.output_format == "text":
        output.emit(output.render("text", report))


def _report(inputs: Input, result: Result) -> RunReport:
    path = diff.shown_path(inputs.file.path)
    status = Status.REPAIR_AVAILABLE if result.status in _VERIFIED else result.status
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
