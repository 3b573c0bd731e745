"""`coderepair fix`: the options of the main job. What they do is in `fixing`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from coderepair.cli import options as o

Format = Literal["text", "concise", "json", "jsonl", "diff"]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("fix")(fix)


def fix(
    file: o.File,
    more_tests: o.MoreTests = None,
    tests: o.Tests = None,
    function: o.Functions = None,
    keyword: o.Keyword = "",
    write: Annotated[
        bool,
        typer.Option("--write", "-w", help="Write a verified repair", rich_help_panel=o.OUTPUT),
    ] = False,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff",
            help="Only print the patch, as without a terminal; git apply takes it",
            rich_help_panel=o.OUTPUT,
        ),
    ] = False,
    output_format: Annotated[
        Format | None,
        o.option(
            "--output-format", panel=o.OUTPUT, text="What goes to standard output (default: text)"
        ),
    ] = None,
    report: Annotated[
        list[str] | None,
        o.option(
            "--report",
            panel=o.OUTPUT,
            metavar="FORMAT=PATH",
            text="Also write a report to a file; repeatable",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="No progress, no summary", rich_help_panel=o.OUTPUT),
    ] = False,
    stdin_filename: Annotated[
        Path | None,
        o.option(
            "--stdin-filename",
            panel=o.OUTPUT,
            metavar="FILE",
            text="With -: the file that standard input stands for",
        ),
    ] = None,
    max_candidates: o.MaxCandidates = None,
    budget: o.CallBudget = None,
    max_tokens_total: o.MaxTokens = None,
    timeout: o.Timeout = None,
    test_timeout: o.TestTimeout = None,
    memory: o.Memory = None,
    workers: o.Workers = None,
    strategy: o.Strategy = None,
    c: o.C = None,
    seed: o.Seed = None,
    proposers: o.ProposerNames = None,
    rewrite_arm: o.RewriteArm = None,
    model: o.Model = None,
    endpoint: o.Endpoint = None,
    endpoint_model: o.EndpointModel = None,
    samples: o.Samples = None,
    offline: o.Offline = None,
    python: o.Python = None,
) -> None:
    """Repair the failing functions of FILE against its tests.

    Nothing is written unless asked: on a terminal the diff is shown and you
    are asked, with --write a verified repair is written, and otherwise the
    patch goes to standard output.

    Exit code: 0 passing already or repaired, 1 failing or only shown,
    2 usage, 3 internal, 4 tests could not be run, 130 interrupted.
    """
    given = dict(locals())
    from coderepair.cli import fixing

    order = fixing.Order(
        target=file,
        functions=tuple(function or ()),
        tests=tuple(tests or ()),
        more_tests=tuple(more_tests or ()),
        keyword=keyword,
        write=write,
        diff=diff,
        output_format=output_format or ("diff" if diff else "text"),
        reports=tuple(report or ()),
        quiet=quiet,
        stdin_filename=stdin_filename,
        flags=o.setting_flags(given),
    )
    raise typer.Exit(fixing.run(order))
