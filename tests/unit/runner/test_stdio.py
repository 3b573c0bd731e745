"""What a program wrote against what it should have written."""

from __future__ import annotations

import pytest

from coderepair.runner.stdio import Case, equal, judged

CASE = Case("a", "3\n", "1 2\n3\n")


@pytest.mark.parametrize(
    ("got", "same"),
    [
        ("1 2\n3\n", True),
        ("1 2  \r\n3\n\n\n", True),
        ("1 2\n3", True),
        ("1  2\n3\n", False),
        ("1 2 3\n", False),
        ("\n1 2\n3\n", False),
        ("", False),
    ],
)
def test_white_space_at_ends_does_not_count(got: str, same: bool) -> None:
    assert equal(got, CASE.output) is same
    (event,) = judged([CASE], {"events": [["o", 0, got, 0.1, None]]})["events"]
    assert (event[3] == "pass") is same


def test_nearer_outputs_are_nearer() -> None:
    outputs = ["1 2\n4\n", "9 9\n9\n", "words\n"]
    answer = judged([CASE], {"events": [["o", 0, text, 0.1, None] for text in outputs]})
    near = [event[4] for event in answer["events"]]
    assert near[0] > near[1] > near[2] >= 0


def test_verdicts_of_the_program_itself_do_not_count() -> None:
    forged = [
        ["c", 0, 1, "pass", 0.0, None, 0.1, None],
        ["n", 0, "ok", None, 0.1, None],
        ["n", 0, "skip", None, 0.1, None],
        ["o", 5, "1 2\n3\n", 0.1, None],
        ["o", 0, 7, 0.1, None],
        ["o"],
        [],
        "nonsense",
    ]
    assert judged([CASE], {"events": forged, "shared": 1})["events"] == []


def test_a_second_guess_does_not_mend_the_first() -> None:
    from coderepair.runner.reports import TestNode, report

    guesses = [["o", 0, text, 0.1, None] for text in ("no", "1 2\n3\n")]
    for order in (guesses, guesses[::-1]):
        answer = judged([CASE], {"events": [*order, ["end"]], "end": "exit 0", "seconds": 0.1})
        found = report((TestNode("a", ("a",)),), answer, frozenset())
        assert not found.solved
        assert found.integrity == "two-process"
