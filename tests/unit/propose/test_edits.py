"""The proposer of edit operators, on tasks of its own and without a runner."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from operator_cases import failing

from coderepair.edit.regions import program_of
from coderepair.model import (
    CheckResult,
    Node,
    Outcome,
    Program,
    Proposal,
    Refinement,
    Task,
    TestReport,
)
from coderepair.policy.scripted import ScriptedPolicy
from coderepair.propose import calibration
from coderepair.propose.edits import EditProposer, compiles
from coderepair.search.tree import Tree

SOURCE = '''import math


class Box:
    def area(self, w, h):
        """Width times height."""
        return w + h   # keep me


def double(n):
    return n * 3
'''
TASK = Task("/p/box.py", SOURCE, ("Box.area", "double"), (), "/p", "/usr/bin/python3")
REPORT = TestReport(
    (failing("Box().area(2, 5)", "10", "7"), CheckResult("ok", Outcome.PASS)), seconds=0.1
)


def _tree(task: Task = TASK, report: TestReport = REPORT) -> Tree:
    return Tree(program_of(task.source, task.targets), report, ("operators",))


def test_the_mend_is_among_the_first_and_keeps_the_rest() -> None:
    tree = _tree()
    proposals = EditProposer().propose(TASK, tree, tree.root, 0, 30)
    wanted = SOURCE.replace("w + h", "w * h")
    found = [p for p in proposals if p.program is not None and p.program.source == wanted]
    assert len(found) == 1
    assert found[0].description == "line 7: '+' -> '*'"
    assert found[0].proposer == "operators"


def test_every_proposal_parses_and_none_repeats() -> None:
    tree = _tree()
    proposals = EditProposer().propose(TASK, tree, tree.root, 0, 10_000)
    programs = [p.program for p in proposals if p.program is not None]
    assert len(programs) == len(proposals) < 10_000
    assert len({program.key for program in programs}) == len(programs)
    for program in programs:
        ast.parse(program.source)
        assert program.source.startswith("import math\n\n\nclass Box:\n")
        assert len(program.regions) == 2


def test_both_targets_are_in_scope_the_failing_one_first() -> None:
    tree = _tree()
    proposals = EditProposer().propose(TASK, tree, tree.root, 0, 10_000)
    lines = [int(p.description.split(":")[0].removeprefix("line ")) for p in proposals]
    assert lines[0] == 7
    assert sum(line in (5, 6, 7) for line in lines[:20]) > 10
    assert 11 in lines


@pytest.mark.parametrize("target", TASK.targets)
def test_each_function_keeps_the_order_that_it_has_alone(target: str) -> None:
    alone = replace(TASK, targets=(target,))
    both, one = _tree(), _tree(alone)
    wanted = [p.description for p in EditProposer().propose(alone, one, one.root, 0, 10_000)]
    every = [p.description for p in EditProposer().propose(TASK, both, both.root, 0, 10_000)]
    assert [words for words in every if words in set(wanted)] == wanted
    assert every != sorted(every, key=lambda words: words not in set(wanted))


def test_a_program_on_the_way_begins_with_the_function_that_still_fails() -> None:
    tree = _tree()
    better = program_of(SOURCE.replace("w + h", "w * h"), TASK.targets)
    report = TestReport((failing("double(2)", "4", "6"), CheckResult("ok", Outcome.PASS)))
    node = Node(1, 0, 1, better, report)
    proposals = EditProposer().propose(TASK, tree, node, 0, 10_000)
    lines = [int(p.description.split(":")[0].removeprefix("line ")) for p in proposals]
    assert all(line >= 10 for line in lines[:100])
    assert any(line < 10 for line in lines)
    programs = {p.program.key for p in proposals if p.program is not None}
    assert len(programs) == len(proposals)


def test_ranks_are_the_same_whatever_is_asked_first() -> None:
    tree, proposer = _tree(), EditProposer()
    late = proposer.propose(TASK, tree, tree.root, 7, 3)
    early = proposer.propose(TASK, tree, tree.root, 0, 10)
    assert early[7:] == late
    assert EditProposer().propose(TASK, tree, tree.root, 0, 10) == early


def test_nothing_to_refine_gives_nothing() -> None:
    tree, broken = _tree(), Program("def f(:\n    pass")
    proposer = EditProposer()
    assert proposer.propose(TASK, tree, Node(5, None, 0, None, None), 0, 4) == []
    assert proposer.propose(TASK, tree, Node(6, 0, 1, broken, REPORT), 0, 4) == []


def test_the_test_file_lends_its_calls(tmp_path: Path) -> None:
    from coderepair.model import TestFile

    test = tmp_path / "test_x.py"
    test.write_text("def test_f():\n    assert f('a-b') == ['a', 'b']\n")
    source = "def f(x):\n    return list(x)\n"
    task = Task("/p/x.py", source, ("f",), (TestFile(str(test), ""),), "/p", "/usr/bin/python3")
    tree = _tree(task, TestReport((CheckResult("t", Outcome.FAIL),)))
    found = {
        p.program.source
        for p in EditProposer().propose(task, tree, tree.root, 0, 9999)
        if p.program
    }
    assert "def f(x):\n    return list(x.lower())\n" in found
    assert "def f(x):\n    return x.split()\n" not in found or len(found) > 100


def test_a_model_orders_the_first_tier_anew() -> None:
    class Fond(ScriptedPolicy):
        def score(self, _prompt: str, continuations: list[str]) -> list[float]:  # type: ignore[override]
            return [0.0 if "w - h" in text else -1000.0 for text in continuations]

    tree = _tree()
    plain = [p.description for p in EditProposer().propose(TASK, tree, tree.root, 0, 48)]
    fused = [p.description for p in EditProposer(Fond([])).propose(TASK, tree, tree.root, 0, 48)]
    wanted = "line 7: '+' -> '-'"
    assert wanted in plain
    assert plain.index(wanted) > 0
    assert fused.index(wanted) == 0


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("def f():\n    return 1", True),
        ("    def f(self):\n        return self", True),
        ("def f():\n    break", False),
        ("def f(:", False),
        ("def f():\n    return 1[0]", False),
    ],
)
def test_compiles(text: str, good: bool) -> None:
    assert compiles(text) is good


def test_chances_fall_with_rank_and_follow_the_relation() -> None:
    tree = _tree()
    root = [calibration.chance(tree, tree.root, rank) for rank in range(300)]
    assert all(0.0 < value <= 1.0 for value in root)
    assert root == sorted(root, reverse=True)
    program = Program(SOURCE + "\n")
    passed = TestReport(
        (failing(), CheckResult("ok", Outcome.PASS), CheckResult("more", Outcome.PASS))
    )
    better = Node(1, 0, 1, program, passed)
    worse = Node(2, 0, 1, program, TestReport((failing(), failing())))
    equal = Node(3, 0, 1, program, REPORT)
    values = [calibration.chance(tree, node, 0) for node in (tree.root, better, equal, worse)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 4
    assert calibration.chance(tree, Node(4, None, 0, None, None), 0) == 0.0


def _checks(passed: int, checks: int = 6) -> TestReport:
    outcomes = [Outcome.PASS] * passed + [Outcome.FAIL] * (checks - passed)
    return TestReport(tuple(CheckResult(f"c{i}", each) for i, each in enumerate(outcomes)))


def _grown(*passed: int, rank: int = 0) -> tuple[Tree, Node]:
    """A chain of programs that pass so many checks, each `rank` edits down the list of the last."""
    tree = _tree(report=_checks(1))
    node = tree.root
    for count in passed:
        arm = tree.arm(node.id, "operators")
        assert arm is not None
        expansion = tree.ask(arm, rank + 1)
        useless = Refinement(Proposal(None, "operators"))
        program = Program(f"x = {tree.drawn}\n")
        mine = Refinement(Proposal(program, "operators"), _checks(count))
        (node,) = tree.tell(expansion.id, [*[useless] * rank, mine])
    return tree, node


def _chance(tree: Tree, node: Node) -> float:
    return calibration.chance(tree, node, 0)


def test_a_node_is_worth_more_the_earlier_its_edit_stood() -> None:
    for passed in (0, 1, 2):
        early, late = _grown(passed), _grown(passed, rank=20)
        assert _chance(*early) > 1.5 * _chance(*late)


def test_a_node_is_worth_more_the_more_of_the_failing_checks_it_mends() -> None:
    values = [_chance(*_grown(passed, rank=5)) for passed in (1, 2, 3, 4, 5)]
    assert values == sorted(values)
    assert values[-1] > 3 * values[1]


def test_all_edits_on_the_way_have_to_belong_to_the_repair() -> None:
    for second in (3, 4):
        assert _chance(*_grown(2, second, rank=9)) < _chance(*_grown(second, rank=9))
        assert _chance(*_grown(1, second, rank=9)) < _chance(*_grown(2, second, rank=9))


def test_a_node_that_breaks_what_passed_trades_and_is_worth_less() -> None:
    def checks(*outcomes: Outcome) -> TestReport:
        return TestReport(tuple(CheckResult(f"c{i}", each) for i, each in enumerate(outcomes)))

    fail, ok = Outcome.FAIL, Outcome.PASS
    tree = _tree(report=checks(ok, fail, fail))
    program = Program(SOURCE + "\n")
    gains = Node(1, 0, 1, program, checks(ok, ok, fail))
    trades = Node(2, 0, 1, program, checks(fail, ok, ok))
    assert calibration.relation(tree, gains) == "gains"
    assert calibration.relation(tree, trades) == "trades"
    assert calibration.chance(tree, gains, 0) > calibration.chance(tree, trades, 0)
