"""Refinements of a program that Python cannot parse: the texts next to it that it can."""

from __future__ import annotations

from collections.abc import Iterator

from coderepair.edit.regions import functions, program_of
from coderepair.edit.syntax import parsed
from coderepair.model import Program, Proposal, Task


def parsing(task: Task, program: Program, proposer: str) -> Iterator[Proposal]:
    """Programs that compile, the likeliest first, with those of the task's targets that they have."""
    for text in parsed(program.source):
        names = {function.qualname for function in functions(text)}
        targets = tuple(name for name in task.targets if name in names)
        yield Proposal(program_of(text, targets), proposer, _words(program.source, text))


def _words(old: str, new: str) -> str:
    """The first line that differs."""
    before, after = old.split("\n"), new.split("\n")
    pairs = enumerate(zip(before, after, strict=False), start=1)
    for line, (left, right) in pairs:
        if left != right:
            return f"line {line}: '{left.strip()}' -> '{right.strip()}'"
    return "end of the file"
