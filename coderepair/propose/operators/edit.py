"""An edit: a few text replacements on one function, and the protocol of those who enumerate them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coderepair.propose.operators.context import FunctionContext
    from coderepair.propose.operators.scope import Scope

Replacement = tuple[int, int, str]
"""Start and end offset in the function's text, and what stands there afterwards."""


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One change of a function that keeps the user's text everywhere else."""

    kind: str
    """Family and variant, such as `compare` or `insert.guard`."""
    anchor: ast.AST
    """The node that is changed, or the statement next to which text is inserted."""
    replacements: tuple[Replacement, ...]
    """In ascending order, without overlap."""
    old: str
    """What is taken away, in one line; empty for an insertion."""
    new: str
    """What takes its place, in one line; empty for a deletion."""
    sites: int = 1
    """Number of places that change in the same way."""

    def apply(self, text: str) -> str:
        """The function's text after the edit; it ends in a newline only if it did before."""
        pieces: list[str] = []
        position = 0
        for start, end, new in self.replacements:
            pieces += (text[position:start], new)
            position = end
        pieces.append(text[position:])
        edited = "".join(pieces)
        return edited if text.endswith("\n") else edited.rstrip("\n")


class Family(Protocol):
    """A kind of edit: everything it can do to one function, in source order."""

    def __call__(self, context: FunctionContext, scope: Scope) -> Iterator[Edit]: ...


def one_line(text: str) -> str:
    """`text` with runs of white space as one blank."""
    return " ".join(text.split())
