"""Feedback after CoCoGen (Bi et al. 2024, rows B16 and C1 to C7): static errors, and what the project has.

Nothing is run, no model is asked for a query, and nothing is known of a right solution.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coderepair.model import Feedback, Program, Task
from coderepair.project.analysis import analyse
from coderepair.project.current import current
from coderepair.project.environment import Environment
from coderepair.project.findings import Finding
from coderepair.project.helping import help_for
from coderepair.project.lookup import Names

if TYPE_CHECKING:
    from coderepair.feedback.kinds import About

MAX_FINDINGS = 8


def cocogen(feedback: Feedback, about: About) -> Feedback:
    """The feedback with the static errors of the program's regions and entries of the project's index."""
    program = about.node.program
    if program is None:
        return feedback
    found = static_errors(about.task, program)
    return replace(
        feedback,
        static=tuple(map(str, found[:MAX_FINDINGS])),
        project=entries(
            about.task, found, f"{feedback.target} {feedback.statement} {feedback.function}"
        ),
    )


def static_errors(task: Task, program: Program) -> list[Finding]:
    """The static errors of a program's regions, and of imports that the user's file has not."""
    return analyse(program, task.path, current(task.project_root), task.python, task.source)


def entries(task: Task, findings: list[Finding], text: str) -> tuple[str, ...]:
    """What the project has against these errors and for this text, one a line."""
    index = current(task.project_root)
    module = index.at(task.path)
    names = Names(index, Environment(task.python))
    return tuple(help_for(findings, text, names, module.path if module is not None else ""))
