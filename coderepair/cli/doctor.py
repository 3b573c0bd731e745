"""`coderepair doctor`: what works here, and for what does not the command that mends it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from coderepair.cli import options as o


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(doctor)


def doctor(
    file: Annotated[
        Path | None,
        typer.Argument(help="Look at the project of this file", show_default=False),
    ] = None,
    python: o.Python = None,
    isolation: o.Isolation = None,
    integrity: o.Integrity = None,
    model: o.Model = None,
    endpoint: o.Endpoint = None,
) -> None:
    """What works here, and the command that mends the rest.

    Exit code: 0 nothing to mend, 1 something does not work.
    """
    given = dict(locals())
    from coderepair.cli.examination import examine
    from coderepair.cli.settings import configuration_for

    settings = configuration_for(file, o.setting_flags(given)).settings
    healthy = True
    for finding in examine(settings, (file or Path.cwd()).absolute()):
        healthy &= finding.ok
        mark = "ok" if finding.ok else "--"
        sys.stdout.write(f"{mark}  {finding.subject:12} {finding.text}\n")
        if finding.mend:
            sys.stdout.write(f"    {'':12} mend: {finding.mend}\n")
        sys.stdout.flush()
    raise typer.Exit(0 if healthy else 1)
