from __future__ import annotations

import pytest

from coderepair.model import Node, Program, Proposal, Refinement, TestReport
from coderepair.search.outlook import UniformOutlook
from coderepair.search.tree import PRIOR, Arm, Tree
from tests.worlds import OPERATORS, program, report


class Chances(UniformOutlook):
    """A table: chance of each rank, the same at every node."""

    def __init__(self, *chances: float) -> None:
        self.chances = chances

    def chance(self, tree: Tree, node: Node, proposer: str, rank: int) -> float:  # noqa: ARG002
        return self.chances[rank] if rank < len(self.chances) else 0.0


def new_tree(**options: object) -> Tree:
    return Tree(program("root"), report(1), (OPERATORS,), **options)  # type: ignore[arg-type]


def told(found: Program | None, result: TestReport | None = None) -> Refinement:
    return Refinement(Proposal(found, OPERATORS, description="an edit"), result)


def root_arm(tree: Tree) -> Arm:
    arm = tree.arm(0, OPERATORS)
    assert arm is not None
    return arm


def test_every_refinement_that_does_not_solve_counts_as_a_failure() -> None:
    tree = new_tree()
    arm = root_arm(tree)
    expansion = tree.ask(arm, 4)
    made = tree.tell(
        expansion.id,
        [
            told(program("better"), report(3)),
            told(None),
            told(program("root"), report(1)),
            told(program("solved"), report(5)),
        ],
    )
    assert [node.program for node in made] == [program("better"), program("solved")]
    assert (arm.failures, arm.weight, arm.pending, arm.drawn) == (3, 3.0, 0, 4)


def test_pending_proposals_weigh_as_failures() -> None:
    tree = new_tree()
    arm = root_arm(tree)
    expansion = tree.ask(arm, 3)
    assert (arm.pending, arm.failures, arm.weight) == (3, 0, 3.0)
    assert tree.open_expansions == [expansion]
    tree.tell(expansion.id, [told(program("solved"), report(5))])
    assert (arm.pending, arm.failures, arm.weight, arm.exhausted) == (0, 0, 0.0, True)


@pytest.mark.parametrize("text", ["x = 'root'", "x  =  'root'  # a comment\n\n"])
def test_a_program_with_the_same_syntax_is_no_new_arm(text: str) -> None:
    tree = new_tree()
    expansion = tree.ask(root_arm(tree), 1)
    assert tree.tell(expansion.id, [told(Program(text), report(1))]) == []
    assert tree.find(Program(text).key) is tree.root
    assert len(tree) == 1


def test_a_child_worse_than_its_parent_is_an_arm() -> None:
    tree = new_tree()
    expansion = tree.ask(root_arm(tree), 1)
    (worse,) = tree.tell(expansion.id, [told(program("worse"), report(0))])
    assert worse in [arm.node for arm in tree.arms()]
    assert tree.best() is tree.root


def test_the_rewrite_arm_has_no_heuristic_value() -> None:
    tree = new_tree(rewrite=True)
    assert [arm.node.id for arm in tree.top_arms()] == [0, 1]
    assert tree.node(1).h is None
    assert tree.best() is tree.root


def test_ids_are_numbers_of_proposals() -> None:
    tree = new_tree(rewrite=True)
    first, second = (tree.ask(root_arm(tree), 3) for _ in range(2))
    (late,) = tree.tell(second.id, [told(None), told(program("b"), report(0)), told(None)])
    (early,) = tree.tell(first.id, [told(program("a"), report(0)), told(None), told(None)])
    assert (early.id, late.id) == (tree.first_id, tree.first_id + 4)


def test_weight_counts_what_a_failure_was_expected_to_bring() -> None:
    tree = new_tree(outlook=Chances(0.4, 0.2, 0.1))
    arm = root_arm(tree)
    tree.tell(tree.ask(arm, 2).id, [told(None), told(None)])
    assert arm.weight == pytest.approx(1.5)
    assert arm.chance == 0.1
    assert not arm.exhausted


def test_an_arm_without_a_chance_is_exhausted() -> None:
    tree = new_tree(outlook=Chances(0.4))
    tree.tell(tree.ask(root_arm(tree), 1).id, [told(program("a"), report(0))])
    assert [arm.node.program for arm in tree.arms()] == [program("a")]


def test_a_rejected_solution_counts_as_a_failure_and_opens_no_arm() -> None:
    tree = new_tree()
    arm = root_arm(tree)
    (solved,) = tree.tell(tree.ask(arm, 1).id, [told(program("s"), report(5))])
    assert tree.best() is solved
    tree.reject(solved.id)
    tree.reject(solved.id)
    assert (arm.failures, arm.weight) == (1, 1.0)
    assert tree.best() is tree.root
    assert tree.arms() == [arm]


def test_a_report_that_says_nothing_makes_no_node() -> None:
    tree = new_tree()
    broken = TestReport((), infra_error="the sandbox broke")
    assert tree.tell(tree.ask(root_arm(tree), 1).id, [told(program("a"), broken)]) == []
    assert root_arm(tree).failures == 1


def test_path_leads_from_the_root() -> None:
    tree = new_tree()
    (child,) = tree.tell(tree.ask(root_arm(tree), 1).id, [told(program("a"), report(0))])
    arm = tree.arm(child.id, OPERATORS)
    assert arm is not None
    (grandchild,) = tree.tell(tree.ask(arm, 1).id, [told(program("b"), report(0))])
    assert tree.path(grandchild.id) == [tree.root, child, grandchild]
    assert tree.children(0) == [child]
    assert grandchild.depth == 2


def test_more_refinements_than_asked_for_are_refused() -> None:
    tree = new_tree()
    expansion = tree.ask(root_arm(tree), 1)
    with pytest.raises(ValueError, match="2 refinements told of 1"):
        tree.tell(expansion.id, [told(None), told(None)])


def test_a_spent_arm_cannot_be_asked() -> None:
    tree = new_tree()
    tree.tell(tree.ask(root_arm(tree), 2).id, [])
    with pytest.raises(ValueError, match="cannot draw"):
        tree.ask(root_arm(tree), 1)


class Family(Chances):
    """All children rest on one assumption."""

    def family(self, tree: Tree, node: Node, proposer: str) -> str:  # noqa: ARG002
        return "child" if node.depth else ""


def test_what_fails_in_one_arm_speaks_against_its_family() -> None:
    tree = new_tree(outlook=Family(*[0.1] * 10))
    names = ("a", "b")
    refinements = [told(program(name), report(0)) for name in names]
    nodes = tree.tell(tree.ask(root_arm(tree), 2).id, refinements)
    first, second = (tree.arms_of(node.id)[0] for node in nodes)
    assert tree.worth(second) == 0.1
    expansion = tree.ask(first, 4)
    assert tree.worth(second) == pytest.approx(0.1 * PRIOR / (PRIOR + 0.4))
    assert second.chance == 0.1
    tree.tell(expansion.id, [told(None)] * 2)
    assert tree.worth(second) == pytest.approx(0.1 * PRIOR / (PRIOR + 0.2))
    assert tree.worth(root_arm(tree)) == 0.1
