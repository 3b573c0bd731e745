"""What is known of a run while it goes on, and how it is shown: live on a terminal, else in lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from coderepair.model import Spent
from coderepair.report.tree import TreeNode, render

MAX_NODES = 12
"""Nodes in the live view."""
REDRAWS_PER_SECOND = 5
LINE_INTERVAL_S = 5.0
"""Without a terminal, one line of progress at most this often."""


@dataclass
class Progress:
    """Counts and nodes of a run, made from its events."""

    limit_s: float
    """Seconds that the whole run may take."""
    clock: Callable[[], float] = time.monotonic
    stage: str = "starting"
    spent: Spent = field(default_factory=Spent)
    nodes: dict[int, TreeNode] = field(default_factory=dict)
    best: TreeNode | None = None
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def add(self, node: TreeNode) -> bool:
        """Takes a node in; true if it is the best so far."""
        self.nodes[node.id] = node
        better = node.score is not None and (
            self.best is None or self.best.score is None or node.score > self.best.score
        )
        if better:
            self.best = node
        return better

    def headline(self) -> str:
        """Everything that is counted, on one line."""
        elapsed = max(self.clock() - self.started, 1e-9)
        parts = [self.stage]
        if self.best is not None and self.best.score is not None:
            parts.append(f"best {self.best.passed}/{self.best.total} ({self.best.score:.3f})")
        if self.spent.evaluations:
            parts.append(f"{self.spent.evaluations} run, {self.spent.evaluations / elapsed:.0f}/s")
        if self.spent.calls:
            parts.append(f"{self.spent.calls} calls, {self.spent.tokens / elapsed:.0f} tokens/s")
        parts.append(f"{max(self.limit_s - elapsed, 0):.0f} s left")
        return " | ".join(parts)

    def lines(self) -> list[str]:
        """The headline and the most interesting nodes."""
        return [self.headline(), *render(self.nodes.values(), MAX_NODES)]
