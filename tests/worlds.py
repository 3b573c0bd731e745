"""Seeded worlds to search in: what a proposer would propose and what the tests would say of it.

Everything follows from the seed, the program and the rank, so two searches that make the same pulls
see the same world.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from coderepair.budget import Budget
from coderepair.contracts import Strategy
from coderepair.events import Event
from coderepair.model import (
    CheckResult,
    Outcome,
    Program,
    Proposal,
    Refinement,
    TestReport,
)
from coderepair.search.base import STRATEGIES, open_strategy
from coderepair.search.outlook import Outlook
from coderepair.search.tree import Expansion, Tree
from coderepair.session import Session, asked

CHECKS = 5
OPERATORS, CHAT = "operators", "chat"
PROPOSERS = (OPERATORS, CHAT)


def report(passed: int, checks: int = CHECKS) -> TestReport:
    """The first `passed` checks pass."""
    outcomes = [Outcome.PASS if i < passed else Outcome.FAIL for i in range(checks)]
    return TestReport(tuple(CheckResult(f"test_{i}", each) for i, each in enumerate(outcomes)))


def program(name: str) -> Program:
    """A program that no other name gives."""
    return Program(f"x = {name!r}\n")


def strategies() -> list[Strategy]:
    """One of each, with limits small enough to be reached."""
    options: dict[str, object] = {"width": 4, "depth": 5, "branching": 3, "n": 60, "rounds": 60}
    return [open_strategy(name, **options) for name in STRATEGIES]


@dataclass(frozen=True)
class RandomWorld:
    """Proposals of every kind: new programs, duplicates, invalid replies, and an end of the list."""

    seed: int = 0
    length: int = 12
    """Proposals that each proposer has for a node."""
    solve_rate: float = 0.0
    duplicates: bool = True

    def tree(
        self, *, outlook: Outlook | None = None, rewrite: bool = True, max_depth: int | None = None
    ) -> Tree:
        return Tree(
            program("root"),
            report(1),
            PROPOSERS,
            outlook=outlook,
            rewrite=rewrite,
            max_depth=max_depth,
        )

    def refine(self, tree: Tree, expansion: Expansion) -> list[Refinement]:
        """What comes of a pull."""
        last = min(expansion.rank + expansion.k, self.length)
        return [self._one(tree, expansion, rank) for rank in range(expansion.rank, last)]

    def _one(self, tree: Tree, expansion: Expansion, rank: int) -> Refinement:
        parent = tree.node(expansion.node).program
        name = f"{parent.key if parent else ''}/{expansion.proposer}/{rank}"
        rng = random.Random(f"{self.seed}:{name}")
        cost = 1 if expansion.proposer == CHAT and rank == expansion.rank else 0
        kind = rng.random()
        if self.duplicates and kind < 0.1:
            return Refinement(_proposal(None, expansion, cost, error="no edit in the reply"))
        if self.duplicates and kind < 0.25:
            return Refinement(_proposal(tree.root.program, expansion, cost))
        passed = CHECKS if rng.random() < self.solve_rate else rng.randrange(CHECKS)
        return Refinement(_proposal(program(name), expansion, cost), report(passed))


def _proposal(found: Program | None, expansion: Expansion, calls: int, error: str = "") -> Proposal:
    return Proposal(found, expansion.proposer, error=error, calls=calls, tokens=7 * calls)


def session(
    tree: Tree, strategy: Strategy, budget: Budget | None = None, *, seed: int = 0, samples: int = 4
) -> Session:
    return Session(
        tree,
        strategy,
        budget or Budget(),
        seed=seed,
        samples=samples,
        largest_pull=samples,
        batched={CHAT},
        metered={CHAT},
    )


def drive(
    search: Session,
    refine: Callable[[Tree, Expansion], list[Refinement]],
    pulls: int,
    seconds_a_pull: float = 1.0,
) -> list[Event]:
    """Finishes what is open, then makes up to `pulls` pulls; returns the events."""
    events: list[Event] = []
    for expansion in search.tree.open_expansions:
        now = search.spent.seconds + seconds_a_pull
        events += search.tell(expansion.id, refine(search.tree, expansion), now)
    for _ in range(pulls):
        now = search.spent.seconds
        expansion = search.ask(now)
        if expansion is None:
            break
        events.append(asked(expansion))
        events += search.tell(expansion.id, refine(search.tree, expansion), now + seconds_a_pull)
    return events


def state(tree: Tree) -> tuple[object, ...]:
    """All that a strategy can see of a tree, to compare two."""
    arms = sorted(
        (a.node.id, a.proposer, a.drawn, a.pending, a.failures, a.weight, a.chance, a.exhausted)
        for node in tree.nodes
        for proposer in tree.proposers
        if (a := tree.arm(node.id, proposer)) is not None
    )
    nodes = sorted((n.id, n.parent, n.depth, n.program and n.program.key, n.h) for n in tree.nodes)
    return (arms, nodes, tree.drawn, sorted(each.id for each in tree.open_expansions))
