"""What `coderepair fix` and `runs resume` do: read, repair, conclude."""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from coderepair import store, textfile, write
from coderepair.cli import output
from coderepair.cli.concluding import conclude
from coderepair.cli.inputs import Input, read_input
from coderepair.cli.interrupt import Interrupt
from coderepair.cli.order import Order
from coderepair.cli.output import ReportFile
from coderepair.cli.settings import configuration_for
from coderepair.cli.view import open_view
from coderepair.config import Settings
from coderepair.errors import CodeRepairError, EngineError, StoreError
from coderepair.events import Event, RunStarted
from coderepair.model import Result, Status
from coderepair.report import json
from coderepair.report.document import RunReport, of_error

OnEvent = Callable[[Event], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Job:
    """A repair that is ready to start."""

    inputs: Input
    settings: Settings
    start: Callable[[OnEvent, ShouldStop], Result]


def fix(order: Order) -> int:
    """Repairs from the start and returns the exit code. Errors are raised, and reported as JSON too."""
    return _carry_out(order, _new_job)


def resume(order: Order, folder: Path) -> int:
    """Goes on with the run in `folder`, as `fix` otherwise."""
    return _carry_out(order, lambda order: _old_job(order, folder))


def _carry_out(order: Order, prepare: Callable[[Order], Job]) -> int:
    recorder = _Recorder(order)
    with ExitStack() as stack:
        report = _report(order, prepare, recorder, stack)
        recorder.finish(report)
    return report.exit_code


def _report(
    order: Order, prepare: Callable[[Order], Job], recorder: _Recorder, stack: ExitStack
) -> RunReport:
    """Runs the job and concludes it. Signals are held back from its start until `stack` is closed, so
    that a write which has begun is brought to its end; only a question is left by Ctrl-C."""
    try:
        order.check()
        job = prepare(order)
        recorder.files = output.parse_reports(order.reports, job.inputs.protected)
        if order.write and not job.inputs.from_stdin:
            write.check_writable(job.inputs.file.path)
        interrupt = stack.enter_context(Interrupt())
        result = _run(order, job, recorder, interrupt.requested)
        if interrupt.requested() and result.status is not Status.ALREADY_PASSING:
            result = replace(result, status=Status.INTERRUPTED)  # not written, whatever was found
        if order.asks:
            stack.close()
        return conclude(order, job.inputs, job.settings, result)
    except CodeRepairError as error:
        recorder.finish(of_error(order.target, error))
        raise
    except Exception as error:
        internal = EngineError(f"internal error: {type(error).__name__}: {error}")
        recorder.finish(of_error(order.target, internal))
        raise


def _run(order: Order, job: Job, recorder: _Recorder, should_stop: ShouldStop) -> Result:
    view = open_view(order.quiet, job.settings.timeout)

    def on_event(event: Event) -> None:
        recorder.on_event(event)
        view.on_event(event)

    try:
        return job.start(on_event, should_stop)
    finally:
        view.close()


def _new_job(order: Order) -> Job:
    inputs = read_input(
        order.target,
        order.functions,
        order.tests,
        order.more_tests,
        order.stdin_filename,
        order.io_tests,
    )
    settings = configuration_for(inputs.file.path, order.flags).settings
    inputs = inputs.judged_by(settings.test_command)
    begun = time.monotonic()

    def start(on_event: OnEvent, should_stop: ShouldStop) -> Result:
        from coderepair.repair import repair
        from coderepair.task import make_task

        task = make_task(
            inputs.file.path,
            inputs.tests,
            inputs.functions,
            keyword=order.keyword,
            python=settings.python,
            source=inputs.file.source,
            isolation=settings.isolation,
            timeout_s=settings.timeout,
            io_tests=inputs.io_tests,
            command=settings.test_command,
        )
        return repair(task, settings, on_event, should_stop, begun=begun)

    return Job(inputs, settings, start)


def _old_job(order: Order, folder: Path) -> Job:
    from coderepair.repair import resume as resume_run

    started = store.load(folder)[0]
    if not isinstance(started, RunStarted):
        raise StoreError(f"run {folder.name} has no start; start a new one")
    tests = tuple(test.path for test in started.task.tests)
    inputs = Input(textfile.read(Path(started.task.path)), started.task.targets, tests)
    logged = replace(store.logged_settings(started), runs_dir=folder.parent)
    settings = replace(logged, **order.flags)
    return Job(
        inputs,
        settings,
        lambda on_event, should_stop: resume_run(folder, settings, on_event, should_stop),
    )


class _Recorder:
    """Keeps the events for JSON Lines and puts the end of the run where it was asked for."""

    def __init__(self, order: Order) -> None:
        self.files: list[ReportFile] = []
        self._format = order.output_format
        self._lines: list[str] = []

    def on_event(self, event: Event) -> None:
        kept = any(file.format == "jsonl" for file in self.files)
        if not kept and self._format != "jsonl":
            return
        document = json.event_document(event)
        if document is None:
            return
        line = jsonlib.dumps(document) + "\n"
        if kept:
            self._lines.append(line)
        if self._format == "jsonl":
            output.emit(line.encode())

    def finish(self, report: RunReport) -> None:
        """The machine formats; text and patches are put out where the repair is decided on."""
        if self._format in ("json", "jsonl", "concise"):
            output.emit(output.render(self._format, report))
        for file in self.files:
            output.write_report(file, report, self._lines)
