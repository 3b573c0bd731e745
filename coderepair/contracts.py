"""The seams of the project: four small protocols. Concrete classes do not inherit from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random

    from coderepair.model import (
        Completion,
        Limits,
        Node,
        Observations,
        Program,
        Proposal,
        Request,
        Site,
        Task,
        TestReport,
    )
    from coderepair.search.tree import Arm, Tree


class Runner(Protocol):
    """Runs programs against a task's tests, in a sandbox, never on the user's file.

    Failing, hanging or crashing user code is a report; only a broken sandbox raises `SandboxError`.
    """

    def run(self, task: Task, programs: Sequence[Program], limits: Limits) -> list[TestReport]:
        """Reports in the order of `programs`; the same checks in the same order in all of them."""
        ...

    def close(self) -> None:
        """Ends every process that was started."""
        ...


class Observer(Protocol):
    """Sees a program run: what its expressions are worth, and what others would be in their place."""

    def observe(
        self, task: Task, program: Program, sites: Sequence[Site], limits: Limits
    ) -> Observations:
        """Letters of the alternatives of each site, for each check; in the sandbox, like any run."""
        ...


class Policy(Protocol):
    """Completes or scores text. Raises `ContextOverflow` rather than truncate in silence."""

    def complete(self, requests: Sequence[Request]) -> list[list[Completion]]:
        """`n` completions for each request, same order; samples of one prompt share its prefix."""
        ...

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:
        """log P(continuation | prompt), in nats, summed over tokens, same order."""
        ...

    def close(self) -> None: ...


class Proposer(Protocol):
    """Who refines a node: edit operators, the embedded model, a chat model."""

    name: str

    def chance(self, tree: Tree, node: Node, rank: int) -> float:
        """Calibrated probability, in [0, 1], that the proposal of this rank (0-based) solves the task,
        given that those before it did not. Pure and cheap: nothing is enumerated, no model is asked."""
        ...

    def propose(self, task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:
        """Proposals `rank` to `rank + k - 1` of this node, best first; fewer mean that it is exhausted.

        Deterministic for a task, a node and a rank; a sampling proposer seeds by them.
        """
        ...


class Strategy(Protocol):
    """Which arm (node x proposer) to pull next. Stateless: all it may use is the tree and `rng`."""

    def select(self, tree: Tree, rng: random.Random) -> Arm | None:
        """The arm to pull, or None when no arm is left."""
        ...
