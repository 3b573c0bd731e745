"""Row C5: a chat model's reply with static errors is sent back, at most three rounds, and not tested."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.edit.regions import program_of
from coderepair.model import (
    ROOT,
    CheckResult,
    Failure,
    Outcome,
    Proposal,
    Task,
    TestFile,
    TestReport,
)
from coderepair.policy.scripted import ScriptedPolicy
from coderepair.propose.model import ChatProposer
from coderepair.propose.static_rounds import MAX_ROUNDS
from coderepair.search.tree import Tree

SOURCE = "from tax import RATE\n\n\ndef price(x):\n    return x + RATE\n"
FAILURE = Failure("assertion", "assert 0 == 1", "price(1)", "1.2", "1.2")
REPORT = TestReport((CheckResult("test_price", Outcome.FAIL, failure=FAILURE),))
WRONG = "```python\ndef price(x):\n    return add_taxes(x)\n```"
WORSE = "```python\ndef price(x):\n    return add_taxes(y)\n```"
RIGHT = "```python\ndef price(x):\n    return x * (1 + RATE)\n```"


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    (root / "tax.py").write_text('RATE = 0.2\n\n\ndef add_tax(x):\n    """Adds the tax."""\n')
    (root / "shop.py").write_text(SOURCE)
    tests = (TestFile(str(root / "test_shop.py"), "0"),)
    return Task(str(root / "shop.py"), SOURCE, ("price",), tests, str(root), sys.executable)


def grown(task: Task) -> Tree:
    return Tree(program_of(task.source, task.targets), REPORT, ("chat",))


def asked(task: Task, policy: ScriptedPolicy, pulls: int, k: int = 1) -> list[list[Proposal]]:
    tree = grown(task)
    proposer = ChatProposer(policy, feedback=("failures", "cocogen"))
    return [proposer.propose(task, tree, tree.root, pull * k, k) for pull in range(pulls)]


def test_a_reply_with_errors_is_sent_back_with_what_the_project_has(task: Task) -> None:
    policy = ScriptedPolicy([WRONG, RIGHT])
    first, second = asked(task, policy, 2)
    assert first[0].program is None
    assert first[0].error == "line 5: E0602 undefined-variable: undefined name 'add_taxes'"
    assert (first[0].calls, second[0].calls) == (1, 1)
    assert second[0].program is not None and "1 + RATE" in second[0].program.source
    system, question, reply, reason = policy.requests[1].messages
    assert (system, question) == policy.requests[0].messages
    assert reply.content == WRONG
    assert "line 2: E0602 undefined-variable: undefined name 'add_taxes'" in reason.content
    assert "from tax import add_tax; def add_tax(x)  # Adds the tax." in reason.content


def test_after_three_rounds_the_tests_decide(task: Task) -> None:
    policy = ScriptedPolicy([WRONG] * 4)
    pulls = asked(task, policy, MAX_ROUNDS + 1)
    assert [proposals[0].program is None for proposals in pulls] == [True, True, False, True]
    assert [len(request.messages) for request in policy.requests] == [2, 4, 6, 2]


def test_the_reply_with_the_fewest_errors_is_gone_on_with(task: Task) -> None:
    policy = ScriptedPolicy([WORSE, WRONG, RIGHT, RIGHT, RIGHT, RIGHT])
    first, second = asked(task, policy, 2, k=3)
    assert [each.program is None for each in first] == [True, True, False]
    assert policy.requests[1].messages[2].content == WRONG
    assert all(each.program is not None for each in second)


def test_errors_that_the_program_had_before_are_no_reason(task: Task) -> None:
    """What a static analysis says of the user's own lines may be wrong."""
    task = replace(task, source=SOURCE.replace("x + RATE", "add_taxes(x + RATE)"))
    (found,) = asked(task, ScriptedPolicy([WRONG]), 1)
    assert found[0].program is not None


def test_without_cocogen_nothing_is_looked_at(task: Task) -> None:
    tree = grown(task)
    proposer = ChatProposer(ScriptedPolicy([WRONG]))
    assert proposer.propose(task, tree, tree.root, 0, 1)[0].program is not None


def test_a_conversation_that_does_not_fit_is_begun_anew(task: Task) -> None:
    whole = ScriptedPolicy([WRONG, WRONG])
    asked(task, whole, 2)
    one, two = (whole.count_tokens(request.messages) for request in whole.requests)
    policy = ScriptedPolicy(
        [WRONG, WRONG], context=one + whole.requests[0].max_tokens + (two - one) // 2
    )
    asked(task, policy, 2)
    assert [len(request.messages) for request in policy.requests] == [2, 2]


def test_the_prompt_tells_errors_and_definitions_of_the_project(task: Task) -> None:
    task = replace(task, source=SOURCE.replace("x + RATE", "add_taxes(x + RATE)"))
    policy = ScriptedPolicy([RIGHT])
    asked(task, policy, 1)
    prompt = policy.requests[0].messages[1].content
    assert (
        "Static analysis says:\n- line 2: E0602 undefined-variable: undefined name 'add_taxes'"
        in prompt
    )
    assert "The project also has:\n```python\nfrom tax import add_tax; def add_tax(x)" in prompt


def test_each_node_has_a_conversation_of_its_own(task: Task) -> None:
    """That about the rewrite is not gone on with about the user's program."""
    tree = Tree(program_of(task.source, task.targets), REPORT, ("chat",), rewrite=True)
    policy = ScriptedPolicy([WRONG, RIGHT])
    proposer = ChatProposer(policy, feedback=("failures", "cocogen"))
    proposer.propose(task, tree, tree.node(ROOT + 1), 0, 1)
    proposer.propose(task, tree, tree.root, 0, 1)
    assert [len(request.messages) for request in policy.requests] == [2, 2]
