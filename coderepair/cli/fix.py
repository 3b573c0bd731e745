"""`coderepair fix`: the options of the main job. What they do is in `fixing`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coderepair.cli import options as o


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("fix")(fix)


def fix(
    file: o.File,
    more_tests: o.MoreTests = None,
    tests: o.Tests = None,
    io_tests: o.IoTests = None,
    test_command: o.TestCommand = None,
    function: o.Functions = None,
    keyword: o.Keyword = "",
    write: o.Write = False,
    diff: o.Diff = False,
    output_format: o.OutputFormat = None,
    report: o.Reports = None,
    quiet: o.Quiet = False,
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
    rivals: o.Rivals = None,
    no_rivals: o.NoRivals = False,
    prefer: o.Prefer = None,
    proposers: o.ProposerNames = None,
    rewrite_arm: o.RewriteArm = None,
    model: o.Model = None,
    endpoint: o.Endpoint = None,
    endpoint_model: o.EndpointModel = None,
    samples: o.Samples = None,
    feedback: o.FeedbackNames = None,
    trace_level: o.TraceLevel = None,
    offline: o.Offline = None,
    python: o.Python = None,
    isolation: o.Isolation = None,
    integrity: o.Integrity = None,
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
    from coderepair.cli.order import Order

    order = Order(
        target=file,
        functions=tuple(function or ()),
        tests=tuple(tests or ()),
        more_tests=tuple(more_tests or ()),
        io_tests=tuple(io_tests or ()),
        keyword=keyword,
        write=write,
        diff=diff,
        output_format=output_format or ("diff" if diff else "text"),
        reports=tuple(report or ()),
        quiet=quiet,
        stdin_filename=stdin_filename,
        flags=o.setting_flags(given),
    )
    raise typer.Exit(fixing.fix(order))
