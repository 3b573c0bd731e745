"""Writes the golden reports anew: `python tests/golden/record.py`. Explain each change in the commit."""

from __future__ import annotations

from pathlib import Path

from runs import RUNS

from coderepair.cli.output import render

FOLDER = Path(__file__).parent / "reports"
SUFFIXES = {"text": "txt", "concise": "concise", "json": "json", "diff": "diff"}


def rendered() -> dict[str, bytes]:
    """File name -> what it has to hold."""
    return {
        f"{name}.{suffix}": data
        for name, report in RUNS.items()
        for form, suffix in SUFFIXES.items()
        if (data := render(form, report))
    }


def main() -> None:
    """Replaces the folder's files."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, data in rendered().items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
