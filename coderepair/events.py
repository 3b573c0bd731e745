"""What happened in a run: the one stream that the store, the terminal, the language server and the
benchmark read.

A run is `RunStarted`, `Baseline`, then pulls (`Asked`, `Told`, with `Improved` and `Solved` where they
apply), after a solution `Compared` (where others were looked for), `Minimised` and `Verified` (and
`Rejected` where that fails, whereupon the search goes on), at the end `Finished`. `Resumed` marks
where a cut run was taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coderepair.codec import from_json, to_json
from coderepair.comparison import Comparison
from coderepair.model import (
    ExpansionId,
    NodeId,
    Program,
    Refinement,
    Spent,
    Status,
    Task,
    TestReport,
    Verification,
)


@dataclass(frozen=True, slots=True)
class RunStarted:
    run_id: str
    task: Task
    version: str = ""
    """Version of coderepair."""
    created: float = 0.0
    """Seconds since the epoch."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the run as plain data, by name."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A cut run goes on: its log up to here was replayed."""

    version: str = ""
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """The user's program against its tests."""

    report: TestReport
    isolation: str = ""
    """What contains the candidates of this run, by self-test."""


@dataclass(frozen=True, slots=True)
class SearchStarted:
    """What the tree is made of, over and above the baseline."""

    proposers: tuple[str, ...]
    rewrite: bool = False
    """Whether there is an arm that writes the program from nothing."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the run goes without, in one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A pull: proposals `rank` to `rank + k - 1` of a node are about to be made."""

    expansion: ExpansionId
    node: NodeId
    proposer: str
    rank: int
    k: int


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a pull."""

    expansion: ExpansionId
    refinements: tuple[Refinement, ...]
    spent: Spent
    """Of the whole run so far, this pull included."""
    nodes: tuple[NodeId, ...] = ()
    """For each refinement the node it became, or -1."""


@dataclass(frozen=True, slots=True)
class Improved:
    """A new best program."""

    node: NodeId
    score: float
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class Solved:
    """A program passes all checks."""

    node: NodeId
    evaluations: int
    """Programs run against the tests up to and with this one, in the order of their proposals."""
    seconds: float
    """Since the start of the run."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The programs that pass all checks were told apart, and one was chosen."""

    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Minimised:
    """The solution without the changes it does not need."""

    node: NodeId
    program: Program
    runs: int = 0
    """Programs that were run to find it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The project's own test command judged the solution."""

    node: NodeId
    verification: Verification


@dataclass(frozen=True, slots=True)
class Rejected:
    """A solution that did not stand the verification; the search goes on without it."""

    node: NodeId
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    status: Status
    stopped_by: str
    spent: Spent
    node: NodeId | None = None
    """The repair, or the best attempt."""


Event = (
    RunStarted
    | Resumed
    | Baseline
    | SearchStarted
    | Warned
    | Asked
    | Told
    | Improved
    | Solved
    | Compared
    | Minimised
    | Verified
    | Rejected
    | Finished
)

KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        RunStarted,
        Resumed,
        Baseline,
        SearchStarted,
        Warned,
        Asked,
        Told,
        Improved,
        Solved,
        Compared,
        Minimised,
        Verified,
        Rejected,
        Finished,
    )
}
"""Name of each kind of event, as it stands in a log."""


def event_to_json(event: Event) -> dict[str, Any]:
    """The event as plain data; its kind stands under `event`."""
    return {"event": type(event).__name__, **to_json(event)}


def event_from_json(data: Mapping[str, Any]) -> Event:
    """The event that `event_to_json` wrote. Raises ValueError."""
    kind = KINDS.get(data.get("event", ""))
    if kind is None:
        raise ValueError(f"there is no event {data.get('event')!r}")
    return from_json(kind, {key: value for key, value in data.items() if key != "event"})
