"""Lines to suspect, named to a model where the function is long enough for that to save it reading."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coderepair.errors import CodeRepairError
from coderepair.localise.lines import suspicious_lines
from coderepair.model import Feedback

if TYPE_CHECKING:
    from coderepair.feedback.kinds import About

LONG = 25
"""Lines from which on a function is long."""
MAX_SUSPECTS = 5
_CHARS = 100


def suspects(feedback: Feedback, about: About) -> Feedback:
    """The feedback with the most suspicious lines of a long function, from one traced run of it."""
    program, runner = about.node.program, about.sources.runner
    if program is None or runner is None or feedback.function.count("\n") + 1 < LONG:
        return feedback
    try:
        report, lines = runner.trace(about.task, program, about.sources.limits)
    except CodeRepairError:  # whoever runs the candidates will say so
        return feedback
    names = (feedback.target,) if feedback.target else ()
    found = suspicious_lines(program.source, names, report.checks, lines)[:MAX_SUSPECTS]
    texts = program.source.split("\n")
    shown = [f"line {each.line}: {_clip(texts[each.line - 1].strip())}" for each in found]
    return replace(feedback, suspects=tuple(shown))


def _clip(text: str) -> str:
    return text if len(text) <= _CHARS else text[: _CHARS - 3] + "..."
