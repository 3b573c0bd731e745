"""The kinds of feedback that can be chosen by name, each a function that adds to the plain one.

`coderepair.config.FEEDBACK` holds the same names, so that settings need none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coderepair.feedback.cocogen import cocogen
from coderepair.feedback.ldb import ldb
from coderepair.feedback.suspects import suspects
from coderepair.feedback.unrelated import unrelated
from coderepair.model import Feedback, Limits, Node, Task
from coderepair.trace.record import Trace

if TYPE_CHECKING:
    from coderepair.runner import AnyRunner
    from coderepair.search.tree import Tree

FAILURES = "failures"
COCOGEN = "cocogen"
LDB = "ldb"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a kind of feedback may use besides the tree."""

    runner: AnyRunner | None = None
    """Runs programs and sees them run; None where there is none, as when prompts are rendered anew."""
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    trace_level: str = "block"
    """Units of a trace: block, line or function."""
    traces: dict[tuple[str, str], Trace | None] = field(default_factory=dict, compare=False)
    """Those taken so far, by the program's key and the check's id; None where there was none."""


@dataclass(frozen=True, slots=True)
class About:
    """What feedback is asked for."""

    task: Task
    tree: Tree
    node: Node
    """Its program is shown."""
    sources: Sources


Kind = Callable[[Feedback, About], Feedback]
"""Adds what it knows to the feedback so far; deterministic, never raises for what a program does, and
returns what it was given where it knows nothing."""


def _plain(feedback: Feedback, _about: About) -> Feedback:
    """The failing checks, what the compiler says, siblings: `build` puts them in."""
    return feedback


KINDS: Mapping[str, Kind] = {
    FAILURES: _plain,
    "lines": suspects,
    LDB: ldb,
    COCOGEN: cocogen,
    "random": unrelated,
}
"""Name -> what it adds. Applied in this order whatever the order in which they are named."""


def apply(feedback: Feedback, names: Sequence[str], about: About) -> Feedback:
    """The feedback with what the kinds of these names add. Raises KeyError for an unknown name."""
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise KeyError(unknown[0])
    for name, kind in KINDS.items():
        if name in names:
            feedback = kind(feedback, about)
    return feedback
