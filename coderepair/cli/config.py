"""`coderepair config`: every setting, its value and where it came from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from coderepair.config import Configuration


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("config")(config)


def config(
    file: Annotated[
        Path | None,
        typer.Argument(help="Show the settings for repairing this file.", show_default=False),
    ] = None,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--output-format", help="How to print them.")
    ] = "text",
) -> None:
    """Every setting, its value and where it came from."""
    from coderepair.cli.settings import configuration_for

    configuration = configuration_for(file)
    render = _json if output_format == "json" else _text
    sys.stdout.write(render(configuration))


def _text(configuration: Configuration) -> str:
    from coderepair.config import descriptions, key_of

    lines = []
    for name, description in descriptions().items():
        value = _toml(_plain(getattr(configuration.settings, name)))
        lines.append(f"{key_of(name)} = {value}  # {configuration.origins[name]}")
        lines.append(f"    {description}")
    return "\n".join(lines) + "\n"


def _json(configuration: Configuration) -> str:
    document = {
        name: {"value": _plain(getattr(configuration.settings, name)), "origin": origin}
        for name, origin in configuration.origins.items()
    }
    return json.dumps(document, indent=2) + "\n"


def _plain(value: Any) -> Any:
    match value:
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def _toml(value: Any) -> str:
    """A value as TOML writes it; JSON's notation is the same for these kinds."""
    return json.dumps(value, ensure_ascii=False)
