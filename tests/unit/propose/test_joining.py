"""Single repairs of a program with several bugs come together in one candidate."""

from __future__ import annotations

from coderepair.edit.regions import program_of
from coderepair.model import CheckResult, Outcome, Program, Proposal, Refinement, Task, TestReport
from coderepair.propose.edits import EditProposer
from coderepair.propose.joining import MOST, joined
from coderepair.search.tree import Tree

SOURCE = """def f(x, y):
    return x + y


def g(x):
    return x * 3


def h(x):
    return x - 1
"""
BUGS = (("x + y", "x - y"), ("* 3", "* 2"), ("x - 1", "x + 1"))
TARGETS = ("f", "g", "h")
TASK = Task("/p/s.py", SOURCE, TARGETS, (), "/p", "/usr/bin/python3")


def _report(source: str) -> TestReport:
    """One check for each bug."""
    return TestReport(
        tuple(
            CheckResult(f"t{index}", Outcome.PASS if right in source else Outcome.FAIL)
            for index, (_, right) in enumerate(BUGS)
        )
    )


def _program(*mended: int) -> Program:
    source = SOURCE
    for index in mended:
        source = source.replace(*BUGS[index])
    return program_of(source, TARGETS)


def _tree(*found: tuple[int, Program]) -> Tree:
    """The programs found, each at the node that it refines; ids count from 1."""
    tree = Tree(_program(), _report(SOURCE), ("operators",))
    for above, program in found:
        arm = tree.arm(above, "operators")
        assert arm is not None
        refinement = Refinement(Proposal(program, "operators"), _report(program.source))
        tree.tell(tree.ask(arm, 1).id, [refinement])
    return tree


def test_the_later_of_two_gains_is_joined_with_the_earlier() -> None:
    tree = _tree((0, _program(0)), (0, _program(1)))
    assert list(joined(tree, tree.node(2))) == [_program(0, 1)]
    assert list(joined(tree, tree.node(1))) == []
    assert list(joined(tree, tree.root)) == []


def test_three_bugs_come_together_in_two_steps() -> None:
    tree = _tree((0, _program(0)), (0, _program(1)), (0, _program(2)), (3, _program(2, 1)))
    assert list(joined(tree, tree.node(3))) == [_program(0, 2), _program(1, 2)]
    assert list(joined(tree, tree.node(4))) == [_program(0, 1, 2)]


def test_what_gained_nothing_or_the_same_is_not_joined() -> None:
    other = program_of(SOURCE.replace("* 3", "* 4"), TARGETS)
    again = program_of(SOURCE.replace("x + y", "x - y + 0"), TARGETS)
    tree = _tree((0, _program(0)), (0, other), (0, again))
    assert list(joined(tree, tree.node(2))) == []
    assert list(joined(tree, tree.node(3))) == []


def test_only_a_few_are_joined() -> None:
    many = [
        program_of(_program(0).source.replace("f(x,", f"f(x, *{a},"), TARGETS) for a in "abcdefg"
    ]
    tree = _tree(*((0, each) for each in many), (0, _program(1)))
    assert len(list(joined(tree, tree.node(8)))) == MOST


def test_it_comes_first_among_the_proposals() -> None:
    tree = _tree((0, _program(0)), (0, _program(1)))
    proposals = EditProposer().propose(TASK, tree, tree.node(2), 0, 30)
    assert proposals[0].program == _program(0, 1)
    assert len({each.program.key for each in proposals if each.program}) == 30
