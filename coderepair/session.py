"""Ask and tell: tree, strategy and budget put together, without I/O, model or clock.

Whoever owns the loop passes the seconds elapsed. Everything that decides the next ask is in the tree
and the budget, and the random generator is derived from the seed and the number of asks, so replaying
the events of a cut run gives a session whose next ask is the one the run would have made.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from coderepair.budget import EVALUATIONS, SECONDS, Budget
from coderepair.contracts import Strategy
from coderepair.events import Asked, Event, Improved, Rejected, Solved, Told
from coderepair.model import ExpansionId, Node, NodeId, Refinement, Spent
from coderepair.search.base import Bounded, Foresighted
from coderepair.search.tree import Arm, Expansion, Tree

RAMP = 8
"""After every so many proposals the pulls of a run become one proposal larger."""
LARGEST_PULL = 32
"""Making the ranked list of a program costs about as much as running this many of it."""
MOST_OPEN = 4
"""Pulls that are under way at once, at most."""
STALE = 0.25
"""Share of all proposals handed out so far that may be under way when one more pull is asked for: what
they teach comes late, so early, when each teaches much, pulls are made one by one."""
SOLVED, EXHAUSTED = "solved", "exhausted"


class Session:
    """One search. `ask` until it returns None; run what is asked for; `tell`, in any order."""

    def __init__(
        self,
        tree: Tree,
        strategy: Strategy,
        budget: Budget,
        *,
        seed: int = 0,
        samples: int = 8,
        first_pull: int = 1,
        largest_pull: int = LARGEST_PULL,
        batched: Collection[str] = (),
        metered: Collection[str] = (),
        calls_each: int = 1,
    ) -> None:
        """Pulls start with `first_pull` proposals, for the earliest are the best and what they teach
        should not come late, and grow to `largest_pull`. Proposers in `batched` are drawn `samples`
        at a time from the start, as several samples of a prompt cost little more than one. Those in
        `metered` cost one to `calls_each` model calls a pull and stop at the limits of models."""
        self.tree = tree
        self.strategy = strategy
        self.budget = budget
        self.seed = seed
        self.samples = samples
        self.first_pull = first_pull
        self.largest_pull = largest_pull
        self.spent = Spent()
        self.stopped_by = ""
        """Why the last ask returned None: a limit of the budget, `solved` or `exhausted`."""
        self._batched = frozenset(batched)
        self._metered = frozenset(metered)
        self._calls_each = calls_each
        self._dropped: frozenset[str] = frozenset()
        self._solutions: list[Solved] = []
        self._best = tree.root.h or 0.0

    @property
    def solution(self) -> NodeId | None:
        """The first node that passes all checks and was not rejected."""
        return self._solutions[0].node if self._solutions else None

    @property
    def solved_at(self) -> int:
        """Programs run up to and with that one; 0 where there is none."""
        return self._solutions[0].evaluations if self._solutions else 0

    def ask(self, seconds: float) -> Expansion | None:
        """What to do next, `seconds` after the start, or None: `stopped_by` says why.

        While expansions are under way, None may also mean that nothing can be added to them.
        """
        self.stopped_by = self._limit_reached(seconds)
        if self.stopped_by:
            return None
        stop = self.budget.models_stopped_by(self.spent, self._calls_pending())
        self.tree.closed = self._dropped | (self._metered if stop else frozenset())
        arm = self.strategy.select(self.tree, random.Random(f"{self.seed}:{self.asks}"))
        if arm is None:
            self.stopped_by = stop or EXHAUSTED
            return None
        return self.tree.ask(arm, self._pull_size(arm))

    @property
    def looks_ahead(self) -> bool:
        """Whether one more pull should be asked for before those under way are told.

        Follows from the tree alone, so whoever heeds it and tells in the order of the asks makes the
        same pulls every time. Pulls of models that are shown what was tried come alone.
        """
        under_way = self.tree.open_expansions
        if not under_way:
            return True
        if not isinstance(self.strategy, Foresighted) or len(under_way) >= MOST_OPEN:
            return False
        pending = sum(each.k for each in under_way)
        return pending <= STALE * self.tree.drawn and not any(map(self.comes_alone, under_way))

    def affords(self, evaluations: int, pending: int) -> bool:
        """Whether the budget allows so many evaluations more besides the `pending` ones."""
        left = self.budget.evaluations_left(self.spent, pending)
        return left is None or evaluations <= left

    def comes_alone(self, expansion: Expansion) -> bool:
        """Whether its proposals may be made only when all before it are told: its model is shown what
        was tried."""
        return expansion.proposer in self._metered

    @property
    def asks(self) -> int:
        """Expansions asked for so far."""
        return len(self.tree.expansions)

    def tell(
        self, expansion_id: ExpansionId, refinements: Sequence[Refinement], seconds: float
    ) -> list[Event]:
        """Records what became of an expansion; told again, it has no effect and returns nothing."""
        if not self.tree.is_open(expansion_id):
            return []
        nodes = self.tree.tell(expansion_id, refinements)
        before = self.spent
        self.spent = _add(before, refinements, seconds)
        first = self.tree.expansions[expansion_id].first_id
        ids = {node.id for node in nodes}
        placed = [first + i if first + i in ids else -1 for i in range(len(refinements))]
        events: list[Event] = [Told(expansion_id, tuple(refinements), self.spent, tuple(placed))]
        for node in nodes:
            events += self._judge(node)
            if node.report is not None and node.report.solved:
                run = refinements[: node.id - first + 1]
                at = _add(before, run, seconds).evaluations
                self._solutions.append(Solved(node.id, at, seconds))
                events += self._solutions if len(self._solutions) == 1 else []
        return events

    def reject(self, node_id: NodeId, reason: str) -> list[Event]:
        """The solution did not stand the verification: the next one of its pull takes its place, or
        the search goes on."""
        self.tree.reject(node_id)
        self._solutions = [each for each in self._solutions if each.node != node_id]
        return [Rejected(node_id, reason), *self._solutions[:1]]

    def drop(self, proposer: str) -> bool:
        """Asks a proposer no more, for it is broken; false if none would be left."""
        self._dropped |= {proposer}
        return not self._dropped.issuperset(self.tree.proposers)

    def replay(self, events: Iterable[Event]) -> None:
        """Does again what a log says was done. Raises ValueError if it cannot have been this search."""
        for event in events:
            if isinstance(event, Asked):
                self._replay_ask(event)
            elif isinstance(event, Told):
                self.tell(event.expansion, event.refinements, event.spent.seconds)
            elif isinstance(event, Rejected):
                self.reject(event.node, event.reason)

    def _replay_ask(self, event: Asked) -> None:
        arm = self.tree.arm(event.node, event.proposer)
        if arm is None or arm.drawn != event.rank or event.expansion != self.asks:
            raise ValueError(
                f"pull {event.expansion} of the log, {event.proposer} at node {event.node}, does not "
                "fit: it was made by other proposers or another version"
            )
        self.tree.ask(arm, event.k)

    def _limit_reached(self, seconds: float) -> str:
        if self.solution is not None:
            return SOLVED
        if self.budget.out_of_time(seconds):
            return SECONDS
        return EVALUATIONS if self._evaluations_left() == 0 else ""

    def _evaluations_left(self) -> int | None:
        pending = sum(each.k for each in self.tree.open_expansions)
        return self.budget.evaluations_left(self.spent, pending)

    def _calls_pending(self) -> int:
        """Model calls that pulls under way may take, and those of one more but its last."""
        pulls = sum(each.proposer in self._metered for each in self.tree.open_expansions)
        return (pulls + 1) * self._calls_each - 1

    def _pull_size(self, arm: Arm) -> int:
        ramp = min(self.largest_pull, max(self.first_pull, 1 + self.tree.drawn // RAMP))
        size = self.samples if arm.proposer in self._batched else ramp
        left = self._evaluations_left()
        if left is not None:
            size = min(size, left)
        if isinstance(self.strategy, Bounded):
            size = min(size, self.strategy.room(self.tree, arm))
        return size

    def _judge(self, node: Node) -> list[Event]:
        """The event of a new best program."""
        report = node.report
        if report is None or report.score <= self._best:
            return []
        self._best = report.score
        return [Improved(node.id, report.score, report.passed, len(report.checks))]


def asked(expansion: Expansion) -> Asked:
    """The event of an expansion."""
    return Asked(expansion.id, expansion.node, expansion.proposer, expansion.rank, expansion.k)


def _add(spent: Spent, refinements: Sequence[Refinement], seconds: float) -> Spent:
    return replace(
        spent,
        evaluations=spent.evaluations + sum(each.report is not None for each in refinements),
        calls=spent.calls + sum(each.proposal.calls for each in refinements),
        tokens=spent.tokens + sum(each.proposal.tokens for each in refinements),
        seconds=max(spent.seconds, seconds),
    )
