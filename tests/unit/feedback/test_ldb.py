"""A trace as feedback: its text, its limits, the question about all blocks and what is made of the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coderepair.errors import PolicyError
from coderepair.feedback import build
from coderepair.feedback.kinds import Sources
from coderepair.model import CheckResult, Failure, Feedback, Outcome, Program, Task, TestReport
from coderepair.policy.scripted import ScriptedPolicy
from coderepair.prompt import edit_dialect
from coderepair.prompt.verdicts import REQUEST, Verdict, annotated, parse
from coderepair.propose.verdicts import Verdicts
from coderepair.search.tree import Tree
from coderepair.trace.record import Trace, Visit
from coderepair.trace.text import TRACE_CHARS, entries

SOURCE = "LIMIT = 3\n\n\ndef f(xs):\n    t = 0\n    for x in xs:\n        t -= x\n    return t\n"
VISITS = (
    Visit(1, "f", 0, 0, (5,), (("xs", "[2]"),), (("t", "0"),)),
    Visit(2, "f", 0, 1, (6,), (("xs", "[2]"), ("t", "0")), (("x", "2"),)),
    Visit(9, "f", 0, 3, (8,), (("xs", "[2]"), ("t", "-2"), ("x", "2")), (), "-2"),
)
TRACE = Trace("t", "block", VISITS, 9)


def test_a_trace_in_words() -> None:
    assert entries(TRACE, SOURCE, "f") == (
        "line 5: xs=[2] -> t=0\n    t = 0",
        "line 6: xs=[2] -> x=2\n    for x in xs:",
        "line 8: (6 later) t=-2 -> returns -2\n    return t",
    )


def test_other_functions_errors_and_calls_without_end() -> None:
    visit = Visit(1, "g", 0, 0, (1, 2), (("a", "1"),), (), "", "KeyError", 2)
    (text,) = entries(Trace("t", "block", (visit,), 1, endless=True), "def g(a): \\\n    a[1]", "f")
    assert text.startswith("g, line 1 of the file: a=1 -> raises KeyError\n")
    assert text.endswith("the call was stopped here: it does not end")


def test_a_trace_is_bounded() -> None:
    """Row B12: a token cap whatever the values are."""
    long = tuple(replace(VISITS[0], number=n, after=(("t", "9" * 100),) * 6) for n in range(1, 31))
    found = entries(Trace("t", "line", long, 30), SOURCE, "f")
    assert sum(map(len, found)) <= TRACE_CHARS
    assert found[0].startswith("line 5: xs=[2]") and 2 < len(found) < 30


def test_the_slot_of_the_edit_dialect() -> None:
    """Its entries have one line each, with the number that the line is shown under."""
    function = "\n".join(SOURCE.split("\n")[3:8])
    feedback = Feedback("f", function, first_line=4, trace=entries(TRACE, SOURCE, "f"))
    prompt = edit_dialect.render(feedback, edit_dialect.ALL_SLOTS)
    assert (
        "<|trace|><|2|>xs=[2] -> t=0<|3|>xs=[2] -> x=2<|5|>(6 later) t=-2 -> returns -2<|" in prompt
    )
    assert "-> t=0" not in edit_dialect.render(feedback)


def test_without_a_runner_the_feedback_is_the_plain_one() -> None:
    """Row B14."""
    task = Task("/p/m.py", SOURCE, ("f",), (), "/p", "python")
    failing = CheckResult("t", Outcome.FAIL, failure=Failure("assertion", "", "f([2])", "2", "-2"))
    tree = Tree(Program(SOURCE, ((11, len(SOURCE) - 1),)), TestReport((failing,)), ("chat",))
    plain = build(task, tree, tree.root)
    sources = Sources()
    assert build(task, tree, tree.root, ("failures", "ldb"), sources) == plain
    assert sources.traces == {(tree.root.program.key, "t"): None}  # type: ignore[union-attr]


REPLIES = {
    '{"block": "BLOCK-1", "correct": true, "explanation": "fine"}\n'
    '{"block": "BLOCK-2", "correct": false, "explanation": "x  is\\nadded"}': [
        Verdict(1, True, "fine"),
        Verdict(2, False, "x is added"),
    ],
    '```json\n[{"block": 2, "correct": "False", "explanation": ""}]\n```': [Verdict(2, False)],
    'Sure! {"block": "[BLOCK-1]", "correct": false}': [Verdict(1, False)],
    '{"block": "BLOCK-1", "correct": true} {"block": "BLOCK-1", "correct": false}': [
        Verdict(1, False)
    ],
    '{"block": "BLOCK-7", "correct": false} {"block": "x", "correct": true} {"correct": true}': [],
    '{"block": "BLOCK-1"} {"block": "BLOCK-1", "correct": tru': [],
    "": [],
}  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES)
def test_verdicts_are_read(reply: str) -> None:
    """Row B13: one query for all blocks; the verdicts are parsed, whatever is around them."""
    assert list(parse(reply, 3)) == REPLIES[reply]


def test_verdicts_are_used() -> None:
    """Row B13."""
    said = parse('{"block": "BLOCK-2", "correct": false, "explanation": "too small"}', 2)
    assert annotated(["one", "two"], said) == ("one", "two\n    judged wrong: too small")


FEEDBACK = Feedback("f", SOURCE, trace=("line 5: a=1 -> a=2", "line 6: a=2 -> a=3"))
SAID = '{"block": "BLOCK-1", "correct": false, "explanation": "a is 1"}'


def test_one_query_for_all_blocks_of_a_program() -> None:
    """Row B13: asked at temperature 0, once."""
    policy = ScriptedPolicy([SAID])
    verdicts = Verdicts(policy, seed=3)
    first, again = verdicts.added(FEEDBACK), verdicts.added(FEEDBACK)
    assert first.feedback.trace[0].endswith("judged wrong: a is 1")
    assert again.feedback == first.feedback
    assert (first.calls, again.calls, again.tokens) == (1, 0, 0) and first.tokens > 0
    (request,) = policy.requests
    assert (request.n, request.temperature, request.seed) == (1, 0.0, 3)
    text = request.messages[1].content
    assert text.endswith(REQUEST) and "[BLOCK-1] line 5: a=1" in text and "[BLOCK-2]" in text


def test_without_a_trace_or_room_nothing_is_asked() -> None:
    """Row B14."""
    policy = ScriptedPolicy([], context=100)
    verdicts = Verdicts(policy, seed=0)
    assert verdicts.added(replace(FEEDBACK, trace=())).calls == 0
    assert verdicts.added(FEEDBACK).feedback == FEEDBACK
    assert not policy.requests


def test_a_model_that_fails_is_an_error() -> None:
    with pytest.raises(PolicyError, match="gone"):
        Verdicts(ScriptedPolicy([PolicyError("gone")]), seed=0).added(FEEDBACK)
