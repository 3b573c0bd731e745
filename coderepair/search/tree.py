"""The refinement tree: append-only, told in any order, the only state a strategy may use.

A node is a program and its test report; an arm is a node together with a proposer that can refine
it; pulling an arm hands out its next k ranked proposals as one expansion. Proposals that were
handed out but not yet told weigh as failures (virtual loss), so several may be under way at once.

Order of tells: ids of nodes are reserved when an expansion is asked for, so the tree that results
does not depend on the order in which expansions are told. One thing does: a program that two
expansions under way find at the same time belongs to the one that was told first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coderepair.model import (
    ROOT,
    ExpansionId,
    Node,
    NodeId,
    Program,
    Refinement,
    TestReport,
)
from coderepair.search.outlook import Outlook, UniformOutlook

PRIOR = 0.2
"""Shape of the Gamma prior, of mean 1, of how far the chances of a family hold for a task: the smaller,
the sooner failures tell. Most tasks have no repair by way of a given family and some have many."""


@dataclass(slots=True, eq=False)
class Arm:
    """A node and one proposer that can refine it. Read-only for everybody but the tree."""

    node: Node
    proposer: str
    h: float | None
    """Heuristic value of the node, kept here because it is asked for all arms at every pull."""
    family: str
    """See `Outlook.family`."""
    first_chance: float
    """Chance of the proposal of rank 0, as it was when the node was made."""
    chance: float
    """Chance of the next proposal, the one of rank `drawn`."""
    drawn: int = 0
    """Proposals handed out so far, hence the rank of the next one."""
    pending: int = 0
    """Proposals handed out and not yet told."""
    failures: int = 0
    """REx's N (row A3): proposals that did not solve the task, invalid ones and duplicates included."""
    weight: float = 0.0
    """Sum of chance / first_chance over failed and pending proposals; their number if all are equal."""
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """One pull: proposals `rank` to `rank + k - 1` of a node, to be made, run and told."""

    id: ExpansionId
    node: NodeId
    proposer: str
    rank: int
    k: int
    first_id: NodeId
    """Id of the node that the first of the k refinements becomes, if it becomes one."""


class Tree:
    """All programs tried that were new, and the arms they opened."""

    def __init__(
        self,
        program: Program,
        report: TestReport,
        proposers: Sequence[str],
        *,
        outlook: Outlook | None = None,
        rewrite: bool = False,
        max_depth: int | None = None,
    ) -> None:
        """`rewrite` adds the arm that writes the program from nothing (row A4); nodes at `max_depth`
        (the root's depth is 0) are kept but never refined (row A12)."""
        self.proposers = tuple(proposers)
        self.max_depth = max_depth
        self.rejected: set[NodeId] = set()
        """Nodes that passed their checks but not the verification."""
        self.closed: frozenset[str] = frozenset()
        """Proposers that may not be asked at present; their arms are not shown to strategies."""
        self._outlook = outlook or UniformOutlook()
        self._expected: dict[str, float] = {}
        """For each family the sum of the chances of its failed and pending proposals."""
        self._nodes: dict[NodeId, Node] = {}
        self._by_key: dict[str, NodeId] = {}
        self._children: dict[NodeId, list[NodeId]] = {}
        self._ranks: dict[NodeId, int] = {}
        self._arms: dict[tuple[NodeId, str], Arm] = {}
        self._expansions: list[Expansion] = []
        self._open: dict[ExpansionId, list[float]] = {}
        """Chances of the proposals under way."""
        self.first_id: NodeId = ROOT + 2 if rewrite else ROOT + 1
        """Id of the node that the first proposal ever handed out may become; proposal n (0-based)
        may become `first_id + n`."""
        self._next_id = self.first_id
        self._add(Node(ROOT, None, 0, program, report))
        if rewrite:
            self._add(Node(ROOT + 1, None, 0, None, None, description="rewrite"))

    # --- reading

    @property
    def root(self) -> Node:
        """The program as the user wrote it."""
        return self._nodes[ROOT]

    @property
    def nodes(self) -> list[Node]:
        """All nodes by id, the root first."""
        return list(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def has(self, node_id: NodeId) -> bool:
        """Whether the proposal that reserved this id became a node."""
        return node_id in self._nodes

    def node(self, node_id: NodeId) -> Node:
        """Raises KeyError."""
        return self._nodes[node_id]

    def children(self, node_id: NodeId) -> list[Node]:
        """Refinements of a node that became nodes, by id."""
        return [self._nodes[child] for child in sorted(self._children.get(node_id, ()))]

    def rank(self, node_id: NodeId) -> int:
        """Rank that a node had among the proposals of its parent by its proposer; 0 at the top."""
        return self._ranks.get(node_id, 0)

    def find(self, key: str) -> Node | None:
        """The node that holds the program of this key, if it was tried before (row A5)."""
        node_id = self._by_key.get(key)
        return None if node_id is None else self._nodes[node_id]

    def path(self, node_id: NodeId) -> list[Node]:
        """Nodes from the top of the tree down to this one, both included."""
        found = [self._nodes[node_id]]
        while (parent := found[-1].parent) is not None:
            found.append(self._nodes[parent])
        return found[::-1]

    def best(self) -> Node:
        """The program with the highest heuristic that was not rejected; the earliest of equals."""
        judged = [
            (node.h, -node.depth, -node.id, node)
            for node in self._nodes.values()
            if node.h is not None and node.id not in self.rejected
        ]
        return max(judged, key=lambda item: item[:3])[3]

    def arms(self) -> list[Arm]:
        """Arms that may be pulled, by id of their node."""
        closed = self.closed
        return [
            arm for arm in self._arms.values() if not arm.exhausted and arm.proposer not in closed
        ]

    def arm(self, node_id: NodeId, proposer: str) -> Arm | None:
        """The arm of this node and proposer, exhausted or not."""
        return self._arms.get((node_id, proposer))

    def chance(self, arm: Arm, rank: int) -> float:
        """Chance of an arm's proposal of this rank, as things stand."""
        return self._outlook.chance(self, arm.node, arm.proposer, rank)

    def worth(self, arm: Arm) -> float:
        """Chance of an arm's next proposal, in the light of what failed in its family."""
        return arm.chance * self.trust(arm)

    def trust(self, arm: Arm) -> float:
        """How far the chances of an arm hold, in (0, 1]: 1 for an arm without a family.

        If the rates of a family are its chances times a common factor with a Gamma(a, a) prior, and
        proposals worth E successes have failed, the mean of the factor is a / (a + E).
        """
        return PRIOR / (PRIOR + self._expected.get(arm.family, 0.0)) if arm.family else 1.0

    def arms_of(self, node_id: NodeId) -> list[Arm]:
        """Arms of one node that may be pulled, in the order of the proposers."""
        asked = (proposer for proposer in self.proposers if proposer not in self.closed)
        arms = (self._arms.get((node_id, proposer)) for proposer in asked)
        return [arm for arm in arms if arm is not None and not arm.exhausted]

    def top_arms(self) -> list[Arm]:
        """Arms of depth 0 that may be pulled: the user's program and the one written from nothing."""
        return [arm for top in range(self.first_id) for arm in self.arms_of(top)]

    def drawn_of(self, node_id: NodeId) -> int:
        """Proposals handed out so far of one node, over all its proposers."""
        arms = (self._arms.get((node_id, proposer)) for proposer in self.proposers)
        return sum(arm.drawn for arm in arms if arm is not None)

    @property
    def drawn(self) -> int:
        """Proposals handed out so far over all arms; each has reserved one node id."""
        return self._next_id - self.first_id

    @property
    def expansions(self) -> Sequence[Expansion]:
        """All expansions asked for so far; the id of one is its place here."""
        return self._expansions

    def is_open(self, expansion_id: ExpansionId) -> bool:
        """Whether an expansion was asked for and not yet told."""
        return expansion_id in self._open

    @property
    def open_expansions(self) -> list[Expansion]:
        """Expansions asked for and not yet told."""
        return [self._expansions[each] for each in self._open]

    # --- growing

    def ask(self, arm: Arm, k: int) -> Expansion:
        """Hands out the next `k` proposals of an arm. Raises ValueError for a spent arm or k < 1."""
        if arm.exhausted or k < 1:
            raise ValueError(f"cannot draw {k} proposals of {arm.proposer} at node {arm.node.id}")
        expansion = Expansion(
            len(self._expansions), arm.node.id, arm.proposer, arm.drawn, k, self._next_id
        )
        self._expansions.append(expansion)
        self._next_id += k
        chances = [self.chance(arm, rank) for rank in range(arm.drawn, arm.drawn + k)]
        self._open[expansion.id] = chances
        self._count(arm, sum(chances))
        arm.drawn += k
        arm.pending += k
        self._refresh(arm)
        return expansion

    def tell(self, expansion_id: ExpansionId, refinements: Sequence[Refinement]) -> list[Node]:
        """Records what became of an expansion and returns the nodes it made. Told again: no effect.

        Fewer refinements than were asked for exhaust the arm; more raise ValueError.
        """
        expansion = self._expansions[expansion_id]
        if len(refinements) > expansion.k:
            raise ValueError(f"{len(refinements)} refinements told of {expansion.k} asked for")
        chances = self._open.pop(expansion_id, None)
        if chances is None:
            return []
        arm = self._arms[expansion.node, expansion.proposer]
        arm.pending -= expansion.k
        for index, chance in enumerate(chances):
            if index < len(refinements) and not _solves(refinements[index]):
                arm.failures += 1
            else:
                self._count(arm, -chance)
        if len(refinements) < expansion.k:
            arm.exhausted = True
        return self._grow(arm.node, expansion, refinements)

    def reject(self, node_id: NodeId) -> None:
        """Takes back that a node solves the task: the pull that found it counts as a failure."""
        node = self._nodes[node_id]
        if node_id in self.rejected or node.parent is None:
            return
        self.rejected.add(node_id)
        arm = self._arms[node.parent, node.proposer]
        arm.failures += 1
        self._count(arm, arm.first_chance)

    def _grow(
        self, parent: Node, expansion: Expansion, refinements: Sequence[Refinement]
    ) -> list[Node]:
        late = next(reversed(self._nodes)) > expansion.first_id
        grown = []
        for index, refinement in enumerate(refinements):
            program, report = refinement.proposal.program, refinement.report
            if program is None or report is None or report.infra_error:
                continue
            if program.key in self._by_key:
                continue
            node = Node(
                expansion.first_id + index,
                parent.id,
                parent.depth + 1,
                program,
                report,
                expansion.proposer,
                refinement.proposal.description,
            )
            self._ranks[node.id] = expansion.rank + index
            self._add(node)
            grown.append(node)
        if late:
            self._sort()
        return grown

    def _sort(self) -> None:
        """Nodes and arms by id, after a tell that overtook an earlier one."""
        self._nodes = dict(sorted(self._nodes.items()))
        self._arms = {
            (node, proposer): self._arms[node, proposer]
            for node in self._nodes
            for proposer in self.proposers
            if (node, proposer) in self._arms
        }

    def _add(self, node: Node) -> None:
        self._nodes[node.id] = node
        if node.program is not None:
            self._by_key[node.program.key] = node.id
        if node.parent is not None:
            self._children.setdefault(node.parent, []).append(node.id)
        # A solved program shows no failure to work on, so it opens no arm even if it is rejected.
        if (node.report is not None and node.report.solved) or node.depth == self.max_depth:
            return
        for proposer in self.proposers:
            chance = self._outlook.chance(self, node, proposer, 0)
            if chance > 0.0:
                family = self._outlook.family(self, node, proposer)
                self._arms[node.id, proposer] = Arm(node, proposer, node.h, family, chance, chance)

    def _refresh(self, arm: Arm) -> None:
        arm.chance = self.chance(arm, arm.drawn)
        arm.exhausted = arm.exhausted or arm.chance <= 0.0

    def _count(self, arm: Arm, chance: float) -> None:
        """Counts proposals of this chance together as failed, or takes them back."""
        arm.weight = max(0.0, arm.weight + chance / arm.first_chance)
        if arm.family:
            self._expected[arm.family] = max(0.0, self._expected.get(arm.family, 0.0) + chance)


def _solves(refinement: Refinement) -> bool:
    return refinement.report is not None and refinement.report.solved
