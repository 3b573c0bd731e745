"""`coderepair bench`: suites of bugs through the product's own repair, side by side at equal budget."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from coderepair.bench.results import Row
    from coderepair.bench.settings import Plan, Setting
    from coderepair.bench.suites import Suite
    from coderepair.bench.summary import Report


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("bench")(bench)


def bench(
    suites: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SUITE",
            help="JSON Lines files of bugs; without one, a sample of 20 HumanEvalFix bugs.",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--settings",
            metavar="NAME=KEY:VALUE,...",
            help="What to compare, repeatable, the first is the base: "
            "base=strategy:thompson,c:10,proposers:operators+embedded. A name alone is the defaults.",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        Literal["all", "public"],
        typer.Option(
            help="Tests that the tool sees: all (public and private) or public ones only."
        ),
    ] = "all",
    evaluations: Annotated[
        int, typer.Option(min=1, help="Candidate programs that may be run for each bug.")
    ] = 20000,
    seconds: Annotated[float, typer.Option(min=0.1, help="Wall seconds for each bug.")] = 30.0,
    sample: Annotated[
        int, typer.Option(min=0, help="Take that many bugs at random (by --seed); 0 takes all.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=0, help="Take the first that many; 0 takes all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the repairs and of --sample.")] = 0,
    repeats: Annotated[
        int, typer.Option(min=1, help="Repair each bug that often, seeds counting up from --seed.")
    ] = 1,
    jobs: Annotated[
        int,
        typer.Option(min=1, max=64, help="Repairs at the same time; times count only with 1."),
    ] = 1,
    named: Annotated[
        bool, typer.Option("--named", help="Tell the tool which function is wrong.")
    ] = False,
    references: Annotated[
        bool,
        typer.Option(
            "--references", help="Check the suite instead: every reference has to pass every test."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Keep the results in this file, and carry on where it ends.", show_default=False
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the curves to this image (needs matplotlib).", show_default=False),
    ] = None,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--output-format", help="How to print the report.")
    ] = "text",
) -> None:
    """Measure strategies and proposers on suites of bugs.

    Configuration files and CODEREPAIR_ variables do not count here: what --settings does not name
    has its default. Several suites are reported one after the other.
    """
    from coderepair.bench import plot as plots
    from coderepair.bench import suites as loader
    from coderepair.bench.settings import Plan, parse_all

    if plot is not None:
        plots.require()
    compared = parse_all(settings or [])
    plan = Plan(loader.Protocol(protocol), evaluations, seconds, named, references, jobs)
    seeds = range(seed, seed + repeats)
    paths: list[Path | None] = [*suites] if suites else [None]
    chosen = [
        loader.choose(loader.load(path), plan.protocol, sample=sample, limit=limit, seed=seed)
        for path in paths
    ]
    reports = []
    for suite in chosen:
        report = _measured(suite, plan, compared, seeds, out)
        reports.append(report)
        if plot is not None:
            plots.save(report, _plot_path(plot, suite, len(chosen)))
    sys.stdout.write(_rendered(reports, output_format))


def _measured(
    suite: Suite, plan: Plan, settings: list[Setting], seeds: range, out: Path | None
) -> Report:
    """Measures one suite, with a line of progress a row on stderr."""
    from coderepair.bench.results import ResultsFile
    from coderepair.bench.run import measure
    from coderepair.bench.summary import summarise

    with (
        tempfile.TemporaryDirectory(prefix="coderepair-bench-") as scratch,
        ResultsFile(out or Path(scratch, "results.jsonl")) as results,
    ):
        rows = measure(suite, plan, settings, seeds, results, _progress)
    command = shlex.join(["coderepair", *sys.argv[1:]])
    return summarise(suite, plan, settings, rows, seeds=seeds, command=command)


def _progress(done: int, total: int, row: Row) -> None:
    outcome = "solved" if row.solved else row.error or row.status
    at = f" at {row.solved_at}" if row.solved_at is not None else ""
    sys.stderr.write(
        f"{done}/{total} {row.setting} {row.task_id} seed {row.seed}: {outcome}{at}, "
        f"{row.evaluations} evaluations, {row.seconds:.1f} s\n"
    )


def _plot_path(plot: Path, suite: Suite, suites: int) -> Path:
    """The path given, with the suite's name in it where there are several."""
    return plot if suites == 1 else plot.with_name(f"{plot.stem}-{suite.name}{plot.suffix}")


def _rendered(reports: list[Report], output_format: str) -> str:
    from coderepair.bench.report import render

    if output_format == "json":
        documents = [report.to_json() for report in reports]
        return json.dumps({"schema_version": 1, "reports": documents}, indent=2) + "\n"
    return "\n".join(render(report) for report in reports)
