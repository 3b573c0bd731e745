"""What is shown about a node: which function, which failures, what of the file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coderepair.edit.regions import program_of
from coderepair.feedback import build, build_for_edits, build_rewrite
from coderepair.feedback.context import MAX_CHARS, definitions_used, imports
from coderepair.feedback.failures import MAX_FAILURES, failing, passing
from coderepair.feedback.static import findings
from coderepair.feedback.stub import stub
from coderepair.feedback.target import Target, locate
from coderepair.model import (
    CheckResult,
    Failure,
    Node,
    Outcome,
    Proposal,
    Refinement,
    Task,
    TestReport,
)
from coderepair.search.tree import Tree

SOURCE = '''\
import math
from os import path

LIMIT = 3
UNUSED = 4


def double(x: int) -> int:
    """Doubles.

    At length.
    """
    return x * 2


class Box(object):
    kind = "box"

    def __init__(self, n):
        self.n = n

    def other(self):
        return 1

    def grow(self, x):
        if x > LIMIT:
            return double(x)
        return self.other()


def first(x):
    return x
'''
TARGETS = ("Box.grow", "first")


def task(source: str = SOURCE, targets: tuple[str, ...] = TARGETS) -> Task:
    return Task("/x/m.py", source, targets, (), "/x", "/usr/bin/python", statement="Grows.")


def failed(name: str, line: int = 0, exception: str = "") -> CheckResult:
    failure = Failure("assertion", call=f"{name}()", expected="1", exception=exception, line=line)
    return CheckResult(name, Outcome.FAIL, failure=failure)


def tree_of(*checks: CheckResult, source: str = SOURCE, rewrite: bool = False) -> Tree:
    program = program_of(source, TARGETS)
    return Tree(program, TestReport(checks), ("chat",), rewrite=rewrite)


PASSED = CheckResult("ok", Outcome.PASS)


def test_the_first_target_is_shown_with_all_that_is_known() -> None:
    tree = tree_of(PASSED, failed("t"))
    feedback = build(task(), tree, tree.root)
    assert feedback.target == "Box.grow"
    assert feedback.function.startswith("def grow(self, x):\n    if x > LIMIT:")
    assert feedback.first_line == 25
    assert SOURCE.split("\n")[feedback.first_line - 1] == "    def grow(self, x):"
    assert (feedback.statement, feedback.passing) == ("Grows.", ("ok",))
    assert [check.id for check in feedback.failures] == ["t"]


def test_the_target_in_which_a_check_ended_comes_first() -> None:
    tree = tree_of(failed("t", line=32))
    assert build(task(), tree, tree.root).target == "first"
    assert locate(task(), program_of(SOURCE, TARGETS), None).name == "Box.grow"


def test_targets_keep_their_names_whatever_their_order_in_the_file() -> None:
    swapped = task(targets=("first", "Box.grow"))
    program = program_of(SOURCE, swapped.targets)
    assert locate(swapped, program, None) == Target("first", 1, 31)


def test_failures_of_different_kinds_come_first_and_are_bounded() -> None:
    checks = [failed(f"a{i}", line=3) for i in range(9)] + [
        failed("b", line=4),
        failed("c", 3, "E"),
    ]
    shown = failing(TestReport((PASSED, *checks)))
    assert [check.id for check in shown[:3]] == ["a0", "b", "c"]
    assert len(shown) == MAX_FAILURES


def test_checks_that_were_not_run_are_shown_only_where_nothing_else_is() -> None:
    missed = CheckResult("m", Outcome.NOT_RUN)
    assert failing(TestReport((missed, failed("a")))) == (failed("a"),)
    assert failing(TestReport((missed,))) == (missed,)
    assert failing(None) == passing(None) == ()


def test_siblings_that_were_tried_the_nearest_first() -> None:
    tree = tree_of(failed("a"), failed("b"))
    (arm,) = tree.arms()
    refinements = []
    for index, passes in enumerate((0, 1, 0)):
        program = program_of(SOURCE.replace("LIMIT:", f"LIMIT + {index}:"), TARGETS)
        checks = (CheckResult("a", Outcome.PASS), failed("b"))[: 1 + passes] if passes else ()
        report = TestReport(checks or (failed("a"), failed("b")))
        refinements.append(Refinement(Proposal(program, "chat", f"change {index}"), report))
    tree.tell(tree.ask(arm, 3).id, refinements)
    assert build(task(), tree, tree.root).tried == ("change 1", "change 0", "change 2")


def test_definitions_that_the_method_uses() -> None:
    program = program_of(SOURCE, TARGETS)
    assert definitions_used(program, locate(task(), program, None)) == (
        "LIMIT = 3\n"
        "def double(x: int) -> int: ...  # Doubles.\n"
        "class Box(object):\n"
        "    kind = 'box'\n"
        "    def __init__(self, n): ...\n"
        "        self.n = n\n"
        "    def other(self): ..."
    )
    assert definitions_used(program, Target("first", 1, 31)) == ""
    assert imports(SOURCE) == "import math\nfrom os import path"


def test_the_context_is_bounded_by_whole_lines() -> None:
    many = "\n".join(f"NAME{i} = {i}" for i in range(500))
    names = " + ".join(f"NAME{i}" for i in range(500))
    source = f"{many}\ndef first(x):\n    return {names}\n"
    program = program_of(source, ("first",))
    text = definitions_used(program, Target("first", 0, 501))
    assert MAX_CHARS - 30 < len(text) <= MAX_CHARS
    assert text.split("\n")[-1].split(" = ")[0] in source


def test_the_rewrite_arm_sees_no_body_and_no_outcome_of_it() -> None:
    tree = tree_of(PASSED, failed("t"), rewrite=True)
    feedback = build(task(), tree, tree.node(1))
    assert feedback == build_rewrite(task(), tree)
    assert feedback.function == "def grow(self, x):\n    ..."
    assert (feedback.tried, feedback.passing) == ((), ())
    assert feedback.failures == (failed("t"),)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ('@d\ndef f(a,\n      b):\n    """Doc\n    more"""\n    return 1\n',
         '@d\ndef f(a,\n      b):\n    """Doc\n    more"""\n    ...'),
        ("def f(a): return 1", "def f(a):\n    ..."),
        ("def f(é): return é", "def f(é):\n    ..."),
        ("async def f():\n  await g()", "async def f():\n  ..."),
        ("def f(:", "def f(:"),
        ("x = 1", "x = 1"),
    ],
)  # fmt: skip
def test_stubs(function: str, expected: str) -> None:
    assert stub(function) == expected


def test_edit_models_see_only_what_they_were_trained_on() -> None:
    tree = tree_of(PASSED, failed("t"))
    full, shown = build(task(), tree, tree.root), build_for_edits(task(), tree, tree.root)
    assert full.context
    assert full.passing
    assert shown == replace(full, context="", passing=())


def test_a_file_that_does_not_parse() -> None:
    source = SOURCE.replace("if x > LIMIT:", "if x > LIMIT")
    tree = tree_of(failed("t"), source=source)
    feedback = build(task(source), tree, tree.root)
    assert (feedback.target, feedback.function, feedback.context) == ("Box.grow", source, "")
    assert feedback.static == ("line 26: expected ':'",)


def test_static_findings_of_a_good_program_and_of_none() -> None:
    tree = tree_of(failed("t"))
    assert findings(task(), tree.root) == ()
    assert findings(task(), Node(1, None, 0, None, None)) == ()


def test_it_is_deterministic() -> None:
    tree = tree_of(PASSED, failed("t", 27))
    assert build(task(), tree, tree.root) == build(task(), tree, tree.root)


def test_once_some_checks_pass_the_functions_of_the_others_go_first() -> None:
    traced = replace(
        task(),
        reached=(("a", ("Box.grow",)), ("b", ("Box.grow", "first")), ("c", ("first",))),
    )
    program = program_of(SOURCE, TARGETS)

    def chosen(*failing: str) -> str:
        checks = tuple(CheckResult(name, Outcome.FAIL) for name in failing)
        return locate(traced, program, TestReport((*checks, PASSED))).name

    assert chosen("a", "b", "c") == "Box.grow"
    assert chosen("c") == "first"
    assert chosen("b", "c") == "first"
    assert chosen("a") == "Box.grow"
    assert chosen("d") == "Box.grow"


def test_getter_and_setter_are_told_apart_by_the_line_of_the_failure() -> None:
    source = (
        "class Box:\n    @property\n    def size(self):\n        return self._size\n\n"
        "    @size.setter\n    def size(self, value):\n        self._size = value\n"
    )
    targets = ("Box.size",)
    program = program_of(source, targets)
    for line, region in ((4, 0), (8, 1)):
        report = TestReport((failed("t", line=line),))
        assert locate(task(source, targets), program, report).region == region
