"""`coderepair check`: the tests as graded checks, with the reason of each failure. No model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from coderepair.cli import options as o

if TYPE_CHECKING:
    from coderepair.config import Settings
    from coderepair.model import Limits, Program, Result, Task
    from coderepair.report.document import RunReport
    from coderepair.runner import AnyRunner

MAX_SUSPECTS = 5
Format = Literal["text", "concise", "json"]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check")(check)


def check(
    file: o.File,
    more_tests: o.MoreTests = None,
    tests: o.Tests = None,
    io_tests: o.IoTests = None,
    test_command: o.TestCommand = None,
    function: o.Functions = None,
    keyword: o.Keyword = "",
    output_format: Annotated[
        Format, o.option("--output-format", panel=o.OUTPUT, text="What goes to standard output")
    ] = "text",
    test_timeout: o.TestTimeout = None,
    memory: o.Memory = None,
    python: o.Python = None,
    isolation: o.Isolation = None,
    integrity: o.Integrity = None,
) -> None:
    """Run the tests only: graded checks, and why each one fails.

    Where some fail, the lines of the program to suspect first are named too.

    Exit code: 0 all pass, 1 some fail, 2 usage, 3 internal, 4 tests could not
    be run.
    """
    given = dict(locals())
    from coderepair.cli import output
    from coderepair.errors import CodeRepairError
    from coderepair.report import terminal
    from coderepair.report.document import of_error

    try:
        report = _report(given, o.setting_flags(given))
    except CodeRepairError as error:
        if output_format == "json":
            output.emit(output.render("json", of_error(file, error)))
        raise
    result = report.result
    if output_format == "text" and result is not None and result.before is not None:
        output.emit((terminal.checks_text(result.before) + terminal.suspects(result)).encode())
    else:
        output.emit(output.render(output_format, report))
    raise typer.Exit(report.exit_code)


def _report(given: Mapping[str, Any], flags: Mapping[str, Any]) -> RunReport:
    from coderepair.cli.inputs import asked
    from coderepair.report import diff
    from coderepair.report.document import EXIT_CODES, RunReport, counts

    settings, task = asked(given, flags)
    result = _run(task, settings)
    path, code = diff.shown_path(Path(task.path)), EXIT_CODES[result.status]
    return RunReport(path, result.status, code, f"{counts(result.before)} checks pass", result)


def _run(task: Task, settings: Settings) -> Result:
    """The program as it is against its tests, as a result without a repair."""
    from coderepair.edit.regions import program_of
    from coderepair.model import Limits, Result, Status
    from coderepair.runner import runner_for

    limits = Limits(test_timeout_s=settings.test_timeout, memory_mb=settings.memory)
    program = program_of(task.source, task.targets)
    with runner_for(task, 1, settings.isolation, settings.integrity) as runner:
        report = runner.run(task, [program], limits)[0]
        suspects = () if report.solved else _suspects(runner, task, program, limits)
        isolation = str(runner.isolation(task.python))
        rate = runner.fallback_rate
    status = Status.ALREADY_PASSING if report.solved else Status.NOT_REPAIRED
    return Result(
        status,
        task,
        before=report,
        isolation=isolation,
        integrity=report.integrity,
        fallback_rate=rate,
        suspects=suspects,
    )


def _suspects(
    runner: AnyRunner, task: Task, program: Program, limits: Limits
) -> tuple[tuple[int, float], ...]:
    """The first lines to suspect; none where it is not known which lines the checks executed."""
    from coderepair.localise.lines import suspicious_lines

    report, lines = runner.trace(task, program, limits)
    if not any(lines.values()):
        return ()
    found = suspicious_lines(task.source, task.targets, report.checks, lines)
    return tuple((each.line, each.score) for each in found[:MAX_SUSPECTS])
