"""Kinds of feedback that are chosen by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coderepair.config import FEEDBACK
from coderepair.feedback import build
from coderepair.feedback.kinds import KINDS, Sources
from coderepair.model import CheckResult, Failure, Outcome, Program, Task, TestFile, TestReport
from coderepair.search.tree import Tree

SOURCE = "def f(x):\n    return x + 2\n"
TASK = Task("/p/m.py", SOURCE, ("f",), (TestFile("/p/test_m.py", "0"),), "python", "/p")
FAILURE = Failure("assertion", "assert 3 == 2", "f(1)", "2", "3")
REPORT = TestReport((CheckResult("test_f", Outcome.FAIL, failure=FAILURE),))


def tree() -> Tree:
    return Tree(Program(SOURCE, ((0, len(SOURCE)),)), REPORT, ("chat",))


def test_settings_name_the_kinds_that_there_are() -> None:
    assert set(FEEDBACK) == set(KINDS)


def test_an_unknown_kind_is_an_error() -> None:
    grown = tree()
    with pytest.raises(KeyError, match="gossip"):
        build(TASK, grown, grown.root, ("failures", "gossip"))


def test_random_feedback_says_nothing_of_the_task() -> None:
    """Row D12: the same number of failures, none of them the task's, the same ones each time."""
    grown = tree()
    plain = build(TASK, grown, grown.root)
    control = build(TASK, grown, grown.root, ("random",), Sources(seed=3))
    assert len(control.failures) == len(plain.failures) == 1
    assert not {f.failure.call for f in control.failures if f.failure} & {"f(1)"}
    assert control == build(TASK, grown, grown.root, ("random",), Sources(seed=3))
    others = {build(TASK, grown, grown.root, ("random",), Sources(seed=s)) for s in range(20)}
    assert len(others) > 1
    assert replace(control, failures=(), passing=()) == replace(plain, failures=(), passing=())
