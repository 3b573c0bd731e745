"""What is known of a run while it goes on, read from its events."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from coderepair.events import (
    Asked,
    Baseline,
    Compared,
    Event,
    Finished,
    Minimised,
    Rejected,
    Resumed,
    RunStarted,
    SearchStarted,
    Solved,
    Told,
    Verified,
)
from coderepair.model import ROOT, Spent, TestReport
from coderepair.report.tree import TreeNode, render

MAX_NODES = 12
"""Nodes of the tree that are shown at a time."""


@dataclass
class Progress:
    """Counts and nodes of a run."""

    limit_s: float
    """Seconds that the whole run may take."""
    clock: Callable[[], float] = time.monotonic
    stage: str = "running the tests"
    spent: Spent = field(default_factory=Spent)
    nodes: dict[int, TreeNode] = field(default_factory=dict)
    best: TreeNode | None = None
    run_id: str = ""
    _parents: dict[int, int] = field(default_factory=dict)
    """Expansion -> node that it refines."""
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def take(self, event: Event) -> None:
        """Brings everything up to date with one event."""
        self.stage = _STAGES.get(type(event), self.stage)
        match event:
            case RunStarted():
                self.run_id = event.run_id
            case Baseline():
                self._add(ROOT, None, event.report, "as it is")
            case Asked():
                self._parents[event.expansion] = event.node
                self.stage = f"searching with {event.proposer}"
            case Told():
                self._told(event)
            case Finished():
                self.spent = event.spent

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return max(self.clock() - self._started, 1e-9)

    def headline(self) -> str:
        """Everything that is counted, on one line."""
        spent, parts = self.spent, [self.stage]
        if self.best is not None and self.best.score is not None:
            parts.append(f"best {self.best.passed}/{self.best.total} ({self.best.score:.3f})")
        if spent.evaluations:
            parts.append(f"{spent.evaluations} run, {spent.evaluations / self.elapsed:.0f}/s")
        if spent.calls:
            parts.append(f"{spent.calls} model calls, {spent.tokens / self.elapsed:.0f} tokens/s")
        parts.append(f"{max(self.limit_s - self.elapsed, 0):.0f} s left")
        return " | ".join(parts)

    def lines(self) -> list[str]:
        """The headline and the most interesting nodes."""
        # Copied, because events come in while another thread draws.
        return [self.headline(), *render(list(self.nodes.values()), MAX_NODES)]

    def _told(self, event: Told) -> None:
        self.spent = event.spent
        parent = self._parents.pop(event.expansion, ROOT)
        for node, refinement in zip(event.nodes, event.refinements, strict=False):
            if node >= 0 and refinement.report is not None:
                self._add(node, parent, refinement.report, refinement.proposal.description)

    def _add(self, node: int, parent: int | None, report: TestReport, description: str) -> None:
        added = TreeNode(node, parent, report.score, report.passed, len(report.checks), description)
        self.nodes[node] = added
        if self.best is None or (self.best.score or 0.0) < report.score:
            self.best = added


_STAGES: dict[type, str] = {
    Baseline: "preparing",
    Resumed: "resuming",
    SearchStarted: "searching",
    Solved: "looking for rivals",
    Compared: "minimising",
    Minimised: "verifying",
    Verified: "verified",
    Rejected: "searching",
    Finished: "finished",
}
