"""What a chat model is told whose reply has errors that can be seen without running it."""

from __future__ import annotations

from collections.abc import Sequence


def request(errors: Sequence[str], project: Sequence[str], instructions: str) -> str:
    """A user message after the model's reply; `errors` count lines within the function."""
    parts = [
        "That function has errors that can be seen without running it:",
        "\n".join(f"- {error}" for error in errors),
    ]
    if project:
        listed = "\n".join(project)
        parts += ["", "You may use, from the project:", f"```python\n{listed}\n```"]
    return "\n".join([*parts, "", instructions])
