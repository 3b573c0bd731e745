"""Replaying the chat model of a logged run."""

from __future__ import annotations

from pathlib import Path

import pytest

from coderepair.edit.regions import program_of
from coderepair.errors import PolicyError
from coderepair.events import Asked, Event, RunStarted, Told
from coderepair.model import (
    CheckResult,
    Failure,
    Outcome,
    Proposal,
    Refinement,
    Request,
    Spent,
    Task,
    TestReport,
)
from coderepair.policy.replay import ReplayPolicy
from coderepair.policy.scripted import ScriptedPolicy
from coderepair.propose.model import ChatProposer
from coderepair.search.tree import Tree
from coderepair.store import RunLog

SOURCE = "def total(xs):\n    return len(xs)\n"
TASK = Task("/x/m.py", SOURCE, ("total",), (), "/x", "/usr/bin/python")
REPLIES = [
    "```python\nimport math\ndef total(xs):\n    return math.fsum(xs)\n```",
    "Sorry.",
    "```python\ndef total(xs):\n    return sum(xs)\n```",
]


def tree() -> Tree:
    failure = Failure("assertion", call="total([2])", expected="2", got="1")
    report = TestReport((CheckResult("t", Outcome.FAIL, failure=failure),))
    return Tree(program_of(SOURCE, ("total",)), report, ("chat",))


def pull(policy: ScriptedPolicy | ReplayPolicy, rank: int, k: int) -> list[Proposal]:
    start = tree()
    return ChatProposer(policy).propose(TASK, start, start.root, rank, k)


@pytest.fixture
def logged(tmp_path: Path) -> tuple[Path, list[list[Proposal]]]:
    """A run with two pulls of the chat model and one of the operators between them."""
    policy = ScriptedPolicy(REPLIES)
    pulls = [pull(policy, 0, 2), pull(policy, 2, 1)]
    events: list[Event] = [RunStarted("run", TASK)]
    edits = [Proposal(program_of(SOURCE.replace("len", "max"), ("total",)), "operators")]
    for number, (proposer, made) in enumerate(
        [("chat", pulls[0]), ("operators", edits), ("chat", pulls[1])]
    ):
        refinements = tuple(Refinement(proposal) for proposal in made)
        events.append(Asked(number, 0, proposer, 0, len(made)))
        events.append(Told(number, refinements, Spent(), (-1,) * len(made)))
    with RunLog(tmp_path / "run") as log:
        for event in events:
            log.append(event)
    return tmp_path / "run", pulls


def test_the_same_programs_come_back(logged: tuple[Path, list[list[Proposal]]]) -> None:
    folder, pulls = logged
    replay = ReplayPolicy(folder)
    again = [pull(replay, 0, 2), pull(replay, 2, 1)]
    assert [[p.program for p in made] for made in again] == [
        [p.program for p in made] for made in pulls
    ]
    assert again[0][1].program is None
    assert [p.tokens for p in again[0]] == [p.tokens for p in pulls[0]]


def test_a_search_that_goes_another_way_is_told_so(
    logged: tuple[Path, list[list[Proposal]]],
) -> None:
    replay = ReplayPolicy(logged[0])
    with pytest.raises(PolicyError, match="3 samples are wanted where the log has 2"):
        pull(replay, 0, 3)
    pull(replay, 0, 2)
    pull(replay, 2, 1)
    with pytest.raises(PolicyError, match="no further one"):
        pull(replay, 3, 1)


def test_it_closes_and_cannot_score(logged: tuple[Path, list[list[Proposal]]]) -> None:
    replay = ReplayPolicy(logged[0])
    with pytest.raises(PolicyError, match="no likelihoods"):
        replay.score("a", ["b"])
    replay.close()
    with pytest.raises(PolicyError, match="closed"):
        replay.complete([Request(text="x")])
