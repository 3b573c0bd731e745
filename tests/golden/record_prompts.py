"""Writes the golden prompts anew: `python tests/golden/record_prompts.py`. Explain each change in the
commit: a model may have been chosen or tuned on the old text."""

from __future__ import annotations

from pathlib import Path

from prompt_cases import rendered

FOLDER = Path(__file__).parent / "prompts"


def main() -> None:
    """Replaces the folder's files."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
