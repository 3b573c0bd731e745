"""`python -m coderepair.bench.runner`: measurements of the runner itself."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from coderepair.bench.suites import Record

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)

Suite = Annotated[
    Path | None,
    typer.Argument(help="JSON Lines file; without one the bundled sample.", show_default=False),
]
Limit = Annotated[int, typer.Option(min=0, help="Only the first that many; 0: all.")]
Python = Annotated[
    str, typer.Option(help="Interpreter of the tests; one with pytest alone is comparable.")
]
Out = Annotated[
    Path | None,
    typer.Option(help="Keep the comparisons in this file, and carry on.", show_default=False),
]


@app.command()
def cost(
    suite: Suite = None,
    python: Python = sys.executable,
    limit: Limit = 0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of all ways, on each task.")] = 3,
    calls: Annotated[int, typer.Option(min=1, help="Candidates a round, kind and mode.")] = 16,
    output_format: Annotated[
        Literal["markdown", "json"], typer.Option("--output-format")
    ] = "markdown",
) -> None:
    """Measure CPU, wall time, memory and throughput against pytest in a subprocess, on a quiet machine."""
    from coderepair.bench import suites
    from coderepair.bench.runner import cost as costs
    from coderepair.bench.runner import tables

    plan = costs.Plan(python, rounds, calls)
    records = suites.load(suite).records[: limit or None]
    figures = costs.measure(records, plan, _progress)
    command = shlex.join(["python", "-m", "coderepair.bench.runner", *sys.argv[1:]])
    told = tables.document(figures, costs.memory(records, plan), plan, command)
    as_json = output_format == "json"
    sys.stdout.write(json.dumps(told, indent=1) + "\n" if as_json else tables.markdown(told))


@app.command()
def verdicts(
    suite: Suite = None,
    python: Python = sys.executable,
    out: Out = None,
    seconds: Annotated[float, typer.Option(help="Stop after that long.")] = float("inf"),
) -> None:
    """Compare the verdicts on all programs of a suite with plain pytest's, in both modes."""
    from coderepair.bench import suites
    from coderepair.bench.runner import verdicts as comparing
    from coderepair.bench.runner.agreement import Rows, summary

    def progress(done: int, total: int, record: Record) -> None:
        _progress(done, total, record.task_id)

    loaded = suites.load(suite, problems=True)
    with tempfile.TemporaryDirectory() as scratch:
        rows = Rows(out or Path(scratch, "rows.jsonl"))
        known = comparing.run(loaded.records, rows, python, progress, seconds)
    done = len({row.task for row in known})
    sys.stdout.write(f"{loaded.name}: {done} of {len(loaded.records)} records\n\n")
    sys.stdout.write(summary(known, comparing.REFERENCE, comparing.BUGGY))


@app.command()
def package(
    root: Annotated[Path, typer.Argument(help="Folder of the package, as from its sdist.")],
    module: Annotated[str, typer.Option(help="File whose functions are broken, below ROOT.")],
    tests: Annotated[list[str], typer.Option(help="Test file below ROOT; repeatable.")],
    python: Python = sys.executable,
    count: Annotated[int, typer.Option(min=1, help="Functions to break, one at a time.")] = 30,
    seed: Annotated[int, typer.Option(help="Of the choice of functions and edits.")] = 0,
    out: Out = None,
) -> None:
    """Compare the verdicts on a package with one function broken at a time, in both modes."""
    from coderepair.bench.runner import broken
    from coderepair.bench.runner.agreement import Rows, summary

    chosen = broken.Package(root.resolve(), module, tuple(tests))
    with tempfile.TemporaryDirectory() as scratch:
        rows = Rows(out or Path(scratch, "rows.jsonl"))
        known = broken.run(chosen, rows, python, count, seed, _progress)
    noticed = {row.task for row in known if row.program == broken.BROKEN and row.failing}
    tasks = {row.task for row in known}
    sys.stdout.write(f"{module}: {len(tasks)} edits, of which tests notice {len(noticed)}\n\n")
    sys.stdout.write(summary(known, broken.INTACT))


@app.command()
def edits(
    suite: Suite = None,
    python: Python = sys.executable,
    limit: Limit = 0,
    sample: Annotated[int, typer.Option(min=1, help="Edits of each program that are run.")] = 60,
    seed: Annotated[int, typer.Option(help="Of that sample.")] = 0,
) -> None:
    """Measure what an edit costs in a fork of its own, and judged by one observed run."""
    from coderepair.bench import suites
    from coderepair.bench.runner import edits as judged

    records = suites.load(suite).records[: limit or None]
    costs = judged.measure(records, python, sample, seed, _progress)
    sys.stdout.write(judged.markdown(costs))


def _progress(done: int, total: int, words: str) -> None:
    sys.stderr.write(f"{done}/{total} {words}\n")


if __name__ == "__main__":
    app()
