"""`fix --feedback ldb` with a chat model behind an endpoint."""

from __future__ import annotations

import pytest
from real_command import Project

from coderepair.policy.scripted import ScriptedPolicy
from tests.unit.policy.peer import Peer, serving

SOURCE = "def mean(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total / (len(xs) - 1)\n"
TESTS = "from stats import mean\n\n\ndef test_mean():\n    assert mean([2, 4]) == 3\n"
RIGHT = "```python\ndef mean(xs):\n    return sum(xs) / len(xs)\n```"
SAID = '{"block": "BLOCK-4", "correct": false, "explanation": "it divides by one too few"}'
CHAT = (
    "--proposers",
    "chat",
    "--quiet",
    "--samples",
    "1",
    "--seed",
    "0",
    "--rewrite-arm",
    "off",
    "--tests",
    "test_stats.py",
)


def stats(project: Project) -> ScriptedPolicy:
    project.write("stats.py", SOURCE)
    project.write("test_stats.py", TESTS)
    return ScriptedPolicy({"Do not repair": [SAID], "mean": [RIGHT]})


@pytest.mark.parametrize("integrity", ["auto", "shared-process"])
def test_a_trace_a_verdict_and_a_repair(project: Project, integrity: str) -> None:
    """Rows B10, B13: the values are in both prompts, the verdict in the second; both calls count."""
    policy = stats(project)
    with serving(Peer(policy)) as peer:
        asked = ("--endpoint", peer.url, "--feedback", "failures,ldb", "--budget", "3")
        ran = project.fix("stats.py", *CHAT, *asked, "--integrity", integrity, "--write")
    assert ran.code == 0, ran.err
    assert "total / len(xs)" in project.read("stats.py")
    first, second = (request.messages[1].content for request in policy.requests)
    for text in (first, second):
        assert "[BLOCK-1] line 2: xs=[2, 4] -> total=0\n    total = 0\n" in text
        assert "[BLOCK-4] line 4: x=4, total=2 -> total=6\n" in text.replace(
            "total=2, x=4", "x=4, total=2"
        )
        assert "total=6 -> returns 6.0" in text
    assert "judged wrong" not in first
    assert "judged wrong: it divides by one too few" in second


def test_calls_stay_within_the_budget(project: Project) -> None:
    """A pull may take two calls, so one that is left is not enough."""
    policy = stats(project)
    with serving(Peer(policy)) as peer:
        asked = ("--endpoint", peer.url, "--feedback", "ldb", "--budget", "1")
        ran = project.fix("stats.py", *CHAT, *asked)
    assert ran.code == 1
    assert policy.requests == []


def test_levels(project: Project) -> None:
    """Row B11."""
    policy = stats(project)
    with serving(Peer(policy)) as peer:
        asked = ("--endpoint", peer.url, "--feedback", "ldb", "--trace-level", "function")
        ran = project.fix("stats.py", *CHAT, *asked, "--diff")
    assert ran.code == 1, ran.err
    text = policy.requests[0].messages[1].content
    assert "[BLOCK-1] line 2: xs=[2, 4] -> total=6, x=4, returns 6.0\n" in text
    assert "[BLOCK-2]" not in text


def test_a_level_that_is_none(project: Project) -> None:
    stats(project)
    ran = project.fix("stats.py", *CHAT, "--trace-level", "lines")
    assert ran.code == 2
    assert "--trace-level: unknown value lines; did you mean line?" in ran.complaint
