"""`coderepair model`: the model files there are, and what one says about itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from coderepair.policy.gguf import ModelInfo

_HEADER = ("name", "parameters", "weights", "context", "asked by", "size")


def register(app: typer.Typer) -> None:
    """Adds the command group."""
    group = typer.Typer(no_args_is_help=True, help="Model files: list, info.")
    group.command("list")(list_models)
    group.command("info")(info)
    app.add_typer(group, name="model")


def list_models() -> None:
    """The embedded model and the files in the models folder."""
    from coderepair.errors import ModelFileError
    from coderepair.policy.open import EMBEDDED, models_dir

    folder = models_dir()
    rows: list[tuple[str, ...]] = [_HEADER]
    for name in [EMBEDDED, *sorted(path.stem for path in folder.glob("*.gguf"))]:
        try:
            rows.append(_row(name, _read(name)))
        except ModelFileError as error:
            sys.stderr.write(f"coderepair: {name}: {error}\n")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stderr.write(f"more models: put NAME.gguf into {folder}, or give its path to --model\n")


def info(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME|PATH.gguf", help="embedded, a name of the list, or a path."),
    ] = "embedded",
) -> None:
    """What a model file says about itself; exit code 3 if it is not usable."""
    model = _read(name)
    facts = {
        "path": str(model.path),
        "name": str(model.metadata.get("general.name", "")),
        "licence": str(model.metadata.get("general.license", "")),
        "architecture": model.architecture,
        "parameters": f"{model.parameters:,}",
        "weights": model.quantisation,
        "context": f"{model.context:,} tokens",
        "vocabulary": f"{model.vocabulary:,} tokens",
        "asked by": model.dialect,
        "size": _size(model.size),
        "cache": f"{model.kv_bytes_per_token:,} bytes a token",
    }
    for key, value in facts.items():
        if value:
            sys.stdout.write(f"{key:13}{value}\n")


def _read(name: str) -> ModelInfo:
    from coderepair.policy import gguf
    from coderepair.policy.open import resolve_model

    return gguf.read(resolve_model(name))


def _row(name: str, model: ModelInfo) -> tuple[str, ...]:
    parameters = f"{model.parameters / 1e6:.1f} M"
    return (
        name,
        parameters,
        model.quantisation,
        str(model.context),
        model.dialect,
        _size(model.size),
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
