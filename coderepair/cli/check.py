"""`coderepair check`: the tests as graded checks, with the reason of each failure. No model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from coderepair.cli import options as o

if TYPE_CHECKING:
    from coderepair.cli.inputs import Input
    from coderepair.config import Settings
    from coderepair.model import Result

Format = Literal["text", "concise", "json"]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check")(check)


def check(
    file: o.File,
    more_tests: o.MoreTests = None,
    tests: o.Tests = None,
    function: o.Functions = None,
    keyword: o.Keyword = "",
    output_format: Annotated[
        Format, o.option("--output-format", panel=o.OUTPUT, text="What goes to standard output")
    ] = "text",
    test_timeout: o.TestTimeout = None,
    memory: o.Memory = None,
    python: o.Python = None,
    isolation: o.Isolation = None,
) -> None:
    """Run the tests only: graded checks and the reason of each failure.

    Exit code: 0 all pass, 1 some fail, 2 usage, 3 internal, 4 tests could not
    be run.
    """
    given = dict(locals())
    from coderepair.cli import output
    from coderepair.cli.inputs import read_input
    from coderepair.config import load
    from coderepair.report import diff, terminal
    from coderepair.report.document import EXIT_CODES, RunReport, counts

    inputs = read_input(file, tuple(function or ()), tuple(tests or ()), tuple(more_tests or ()))
    settings = load(inputs.file.path, o.setting_flags(given)).settings
    result = _run(inputs, settings, keyword)
    assert result.before is not None
    report = RunReport(
        diff.shown_path(inputs.file.path),
        result.status,
        EXIT_CODES[result.status],
        f"{counts(result.before)} checks pass",
        result,
    )
    if output_format == "text":
        output.emit(terminal.checks_text(result.before).encode())
    else:
        output.emit(output.render(output_format, report))
    raise typer.Exit(report.exit_code)


def _run(inputs: Input, settings: Settings, keyword: str) -> Result:
    """The program as it is against its tests, as a result without a repair."""
    from coderepair.edit.regions import program_of
    from coderepair.model import Limits, Result, Status
    from coderepair.runner import open_runner
    from coderepair.task import make_task

    task = make_task(
        inputs.file.path,
        inputs.tests,
        inputs.functions,
        keyword=keyword,
        python=settings.python,
        isolation=settings.isolation,
    )
    limits = Limits(test_timeout_s=settings.test_timeout, memory_mb=settings.memory)
    with open_runner(1, settings.isolation) as runner:
        report = runner.run(task, [program_of(task.source, task.targets)], limits)[0]
    status = Status.ALREADY_PASSING if report.solved else Status.NOT_REPAIRED
    return Result(status, task, before=report)
