"""`coderepair runs`: what was tried, the refinement tree, resuming, and taking a written fix back."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from coderepair.cli import options as o

if TYPE_CHECKING:
    from coderepair.cli.progress import Progress
    from coderepair.model import Result
    from coderepair.report.document import RunReport
    from coderepair.store import RunSummary

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, the start of one, or last")]
TextOrJson = Annotated[
    Literal["text", "json"],
    o.option("--output-format", panel=o.OUTPUT, text="What goes to standard output"),
]


def register(app: typer.Typer) -> None:
    """Adds the command group."""
    group = typer.Typer(no_args_is_help=True, help="The run log: list, show, tree, resume, undo.")
    group.command("list")(list_runs)
    group.command("show")(show)
    group.command("tree")(tree)
    group.command("resume")(resume)
    group.command("undo")(undo)
    app.add_typer(group, name="runs")


def list_runs(
    limit: Annotated[int, typer.Option("--limit", min=0, help="Newest so many; 0 is all")] = 20,
    output_format: TextOrJson = "text",
) -> None:
    """The runs, the newest first."""
    from coderepair import store

    found = store.runs(_runs_dir())
    rows = [_row(each) for each in (found[:limit] if limit else found)]
    if output_format == "json":
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    for row in rows:
        sys.stdout.write(f"{row['run_id']}  {row['started']}  {row['status']:17}  {row['file']}\n")
    if not rows:
        sys.stderr.write(f"there are no runs in {_runs_dir()}\n")


def show(run: Run, output_format: TextOrJson = "text") -> None:
    """How one run went: task, failures, best program, what it used."""
    from coderepair import store
    from coderepair.cli import output
    from coderepair.cli.replayed import result_of
    from coderepair.report.terminal import failure_text

    folder = store.find(_runs_dir(), run)
    result = result_of(store.load(folder))
    report = _report(result, _is_written(folder))
    if output_format == "text" and result.before is not None:
        output.emit(failure_text(result.before).encode())
    output.emit(output.render(output_format, report))


def tree(
    run: Run,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Show the best so many nodes; 0 shows all")
    ] = 40,
) -> None:
    """The refinement tree of a run as text, the best nodes first."""
    from coderepair import store
    from coderepair.report.tree import render

    progress = _replay(store.find(_runs_dir(), run))
    sys.stdout.write("\n".join(render(list(progress.nodes.values()), limit)) + "\n")


def resume(
    run: Run,
    write: o.Write = False,
    diff: o.Diff = False,
    output_format: o.OutputFormat = None,
    report: o.Reports = None,
    quiet: o.Quiet = False,
    max_candidates: o.MaxCandidates = None,
    rivals: o.Rivals = None,
    no_rivals: o.NoRivals = False,
    prefer: o.Prefer = None,
    budget: o.CallBudget = None,
    max_tokens_total: o.MaxTokens = None,
    timeout: o.Timeout = None,
    workers: o.Workers = None,
) -> None:
    """Go on with a run that was cut or ended by a limit, as if it had not been.

    Limits are those of the run unless given; the time starts anew. Ends as
    fix does.
    """
    given = dict(locals())
    from coderepair import store
    from coderepair.cli import fixing
    from coderepair.cli.order import Order

    folder = store.find(_runs_dir(), run)
    order = Order(
        target=folder.name,
        write=write,
        diff=diff,
        output_format=output_format or ("diff" if diff else "text"),
        reports=tuple(report or ()),
        quiet=quiet,
        flags=o.setting_flags(given),
    )
    raise typer.Exit(fixing.resume(order, folder))


def undo(run: Run) -> None:
    """Take a written fix back, if the file has not changed since."""
    import hashlib

    from coderepair import store, write
    from coderepair.errors import UsageError

    folder = store.find(_runs_dir(), run)
    kept = store.load_undo(folder)
    if kept is None:
        raise UsageError(f"run {folder.name} wrote nothing; there is nothing to take back")
    path = Path(kept.path)
    now = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    if now == hashlib.sha256(kept.before).hexdigest():
        sys.stderr.write(f"{path} is as it was before run {folder.name} already\n")
        return
    if now != kept.sha256_after:
        raise UsageError(
            f"{path} changed since run {folder.name} wrote it and was left as it is; "
            f"the old text is in {folder / 'undo' / 'before'}"
        )
    write.check_writable(path)
    write.replace(path, kept.before, kept.sha256_after)
    sys.stderr.write(f"{path} is as it was before run {folder.name}\n")


def _report(result: Result, written: bool) -> RunReport:
    """The report of a past run; its patch is against the text that the run was given."""
    from dataclasses import replace

    from coderepair.model import Status
    from coderepair.report import diff, terminal
    from coderepair.report.document import EXIT_CODES, RunReport

    if written:
        result = replace(result, status=Status.REPAIRED)
    path = diff.shown_path(Path(result.task.path))
    after = result.program.source if result.program else result.task.source
    patch = diff.unified(result.task.source.encode(), after.encode(), path)
    code = EXIT_CODES[result.status]
    message = terminal.message_of(result)
    return RunReport(path, result.status, code, message, result, patch, written=written)


def _runs_dir() -> Path:
    from coderepair.config import load

    return load().settings.runs_dir


def _replay(folder: Path) -> Progress:
    from coderepair import store
    from coderepair.cli.progress import Progress

    progress = Progress(0.0)
    for event in store.load(folder):
        progress.take(event)
    return progress


def _is_written(folder: Path) -> bool:
    """Whether the file holds what the run wrote: not if nothing was, or it was taken back or edited."""
    import hashlib

    from coderepair import store

    kept = store.load_undo(folder)
    path = Path(kept.path) if kept else folder
    if kept is None or not path.is_file():
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256_after


def _row(run: RunSummary) -> dict[str, str]:
    started = run.started
    status = run.finished.status.value if run.finished else "cut"
    return {
        "run_id": run.run_id,
        "started": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started.created)),
        "status": "repaired" if _is_written(run.folder) else status,
        "file": started.task.path,
    }
