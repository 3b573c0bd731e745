"""`coderepair explain`: why the tests fail, in plain words with the values behind it. No model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from coderepair.cli import options as o

if TYPE_CHECKING:
    from coderepair.config import Settings
    from coderepair.model import Program, Task
    from coderepair.report.explained import Explained

Run = Annotated[
    str | None,
    o.option(
        "--run",
        panel=o.OUTPUT,
        metavar="RUN",
        text="Also say what the repair that this run found changes; `last` is the newest",
    ),
]
Format = Annotated[
    Literal["text", "json"],
    o.option("--output-format", panel=o.OUTPUT, text="What goes to standard output"),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain")(explain)


def explain(
    file: o.File,
    more_tests: o.MoreTests = None,
    tests: o.Tests = None,
    io_tests: o.IoTests = None,
    test_command: o.TestCommand = None,
    function: o.Functions = None,
    keyword: o.Keyword = "",
    trace_level: o.TraceLevel = None,
    run: Run = None,
    output_format: Format = "text",
    test_timeout: o.TestTimeout = None,
    memory: o.Memory = None,
    python: o.Python = None,
    isolation: o.Isolation = None,
    integrity: o.Integrity = None,
) -> None:
    """Why the tests fail: values, steps and lines; no model.

    Exit code: 0 all pass, 1 some fail, 2 usage, 3 internal, 4 tests could not
    be run.
    """
    given = dict(locals())
    from coderepair.cli import output
    from coderepair.errors import CodeRepairError
    from coderepair.report import explained
    from coderepair.report.document import of_error

    try:
        found = _found(given, o.setting_flags(given))
    except CodeRepairError as error:
        if output_format == "json":
            output.emit(output.render("json", of_error(file, error)))
        raise
    render = explained.json if output_format == "json" else explained.text
    output.emit(render(found).encode("utf-8", "backslashreplace"))
    raise typer.Exit(found.exit_code)


def _found(given: Mapping[str, Any], flags: Mapping[str, Any]) -> Explained:
    from coderepair.cli.inputs import asked

    settings, task = asked(given, flags)
    repaired = _repaired(settings, given["run"], task) if given["run"] else None
    return _explained(task, settings, repaired)


def _explained(task: Task, settings: Settings, repaired: Program | None) -> Explained:
    from pathlib import Path

    from coderepair import explain as why
    from coderepair.baseline import baseline_limits
    from coderepair.edit.regions import program_of
    from coderepair.report.diff import shown_path
    from coderepair.report.explained import Explained
    from coderepair.runner import runner_for

    limits = baseline_limits(settings)
    with runner_for(task, 1, settings.isolation, settings.integrity) as runner:
        (report,) = runner.run(task, [program_of(task.source, task.targets)], limits)
        found = why.explain(runner, task, report, limits, settings.trace_level, repaired)
    return Explained(shown_path(Path(task.path)), report, tuple(found))


def _repaired(settings: Settings, name: str, task: Task) -> Program:
    """What a run found for this file as it is. Raises `UsageError` where it found nothing that fits."""
    from coderepair import store
    from coderepair.errors import UsageError
    from coderepair.events import Minimised, RunStarted

    folder = store.find(settings.runs_dir, name)
    events = store.load(folder)
    started = store.first(events, RunStarted)
    found = [each.program for each in events if isinstance(each, Minimised)]
    if started.task.source != task.source or started.task.path != task.path:
        raise UsageError(f"--run {folder.name} is about another file, or this one as it was")
    if not found:
        raise UsageError(f"--run {folder.name} found no repair")
    return found[-1]
