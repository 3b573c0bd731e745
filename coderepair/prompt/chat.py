"""The dialect of chat models: a system and a user message that ask for the whole function.

What does not fit the model's context is left out from the least important end, in a fixed order, and
named; when even the function, one failure and the request do not fit, that is an error with numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coderepair.edit.whole_function import INSTRUCTIONS
from coderepair.errors import ContextOverflow
from coderepair.model import Feedback, Message
from coderepair.prompt.failures import describe, example
from coderepair.prompt.verdicts import MARK

SYSTEM = (
    "You repair Python functions. You are shown a function that fails its tests and what went wrong. "
    "Find the cause and mend the function for every input, not only for those shown."
)
Count = Callable[[Sequence[Message]], int]
"""Tokens of rendered messages."""

_TRIM_ORDER = (
    "tried",
    "passing",
    "suspects",
    "project",
    "static",
    "trace",
    "values",
    "failures",
    "context",
    "imports",
    "statement",
)
"""Sections from the least important on; of `failures` the first one always stays."""


@dataclass(frozen=True, slots=True)
class Prompt:
    messages: tuple[Message, ...]
    tokens: int
    trimmed: tuple[str, ...] = ()
    """What was left out to fit the context, as `2 failures` or `context`."""


def render(
    feedback: Feedback,
    count: Count,
    limit: int | None,
    *,
    rewrite: bool = False,
    imports: str = "",
    request: str = INSTRUCTIONS,
) -> Prompt:
    """Messages of at most `limit` tokens (None: any number). `rewrite`: `feedback.function` is a stub.

    Raises `ContextOverflow` if the shortest form is longer than that.
    """
    sections = _sections(feedback, rewrite, imports)
    full = {name: len(items) for name, items in sections.items()}
    while True:
        messages = _messages(feedback, sections, rewrite, request)
        tokens = count(messages)
        if limit is None or tokens <= limit:
            return Prompt(messages, tokens, _trimmed(full, sections))
        if not _trim(sections):
            raise ContextOverflow(
                f"the shortest prompt about {feedback.target} has {tokens} tokens, "
                f"the model's context leaves {max(limit, 0)} for it"
            )


def _sections(feedback: Feedback, rewrite: bool, imports: str) -> dict[str, list[str]]:
    failures = [describe(check, feedback) for check in feedback.failures]
    if rewrite:
        failures = [text for check in feedback.failures if (text := example(check))]
    return {
        "statement": [feedback.statement] if feedback.statement else [],
        "imports": [imports] if imports else [],
        "context": [feedback.context] if feedback.context else [],
        "failures": list(dict.fromkeys(failures)),
        "values": _within(feedback.values, feedback),
        "trace": _within(feedback.trace, feedback),
        "static": _within(feedback.static, feedback),
        "project": list(feedback.project),
        "suspects": _within(feedback.suspects, feedback),
        "passing": list(feedback.passing),
        "tried": _within(feedback.tried, feedback),
    }


def _within(entries: Sequence[str], feedback: Feedback) -> list[str]:
    """Entries whose `line 12: ...`, a line of the file, is counted within the function."""

    def shifted(match: re.Match[str]) -> str:
        line = int(match[1]) - feedback.first_line + 1
        return f"line {line}:" if line > 0 else match[0]

    return [re.sub(r"^line (\d+):", shifted, entry) for entry in entries]


def _trim(sections: dict[str, list[str]]) -> bool:
    """Leaves out one more item; false when nothing is left to leave out."""
    for name in _TRIM_ORDER:
        if len(sections[name]) > (1 if name == "failures" else 0):
            sections[name].pop()
            return True
    return False


def _trimmed(full: dict[str, int], sections: dict[str, list[str]]) -> tuple[str, ...]:
    left_out = {name: full[name] - len(sections[name]) for name in _TRIM_ORDER}
    return tuple(
        f"{number} {name}" if full[name] > 1 else name
        for name, number in left_out.items()
        if number
    )


def _messages(
    feedback: Feedback, sections: dict[str, list[str]], rewrite: bool, request: str
) -> tuple[Message, ...]:
    surroundings = "\n".join([*sections["imports"], *sections["context"]])
    task = "Write this function" if rewrite else "This function fails its tests"
    failures = "It must do this" if rewrite else "What fails"
    paragraphs = [
        _paragraph("What the function is for", "".join(sections["statement"])),
        _paragraph("The file around it holds", _fenced(surroundings)),
        _paragraph(f"{task}: `{feedback.target}`", _fenced(feedback.function)),
        _paragraph(failures, _listed(sections["failures"])),
        _paragraph("Lines to suspect first", _listed(sections["suspects"])),
        _paragraph("Values at the failure", _listed(sections["values"])),
        _paragraph("The way it took, values before -> behind", _numbered(sections["trace"])),
        _paragraph("Static analysis says", _listed(sections["static"])),
        _paragraph("The project also has", _fenced("\n".join(sections["project"]))),
        _paragraph("Checks that pass and must go on passing", ", ".join(sections["passing"])),
        _paragraph("Changes that were tried and did not help", _listed(sections["tried"])),
        request,
    ]
    user = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    return (Message("system", SYSTEM), Message("user", user))


def _paragraph(title: str, body: str) -> str:
    return f"{title}:\n{body.rstrip()}" if body.strip() else ""


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _numbered(blocks: Sequence[str]) -> str:
    """Blocks under the names that a verdict calls them by."""
    return "\n".join(f"[{MARK}-{number}] {block}" for number, block in enumerate(blocks, 1))


def _fenced(code: str) -> str:
    """Code in a fence that is longer than any run of backticks in it."""
    if not code.strip():
        return ""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code.rstrip()}\n{fence}"
