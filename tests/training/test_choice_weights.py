"""Weights of the choice among programs that pass, from bugs whose right answer is known."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("torch")

from coderepair_training import choice
from coderepair_training.choice import bug_of, fit, told
from coderepair_training.rivals import Rival, Rivals, chosen, collect, load, outcomes

from coderepair.bench.suites import Record
from coderepair.propose.ranking import default_ranker
from coderepair.runner.calling import Call
from coderepair.trust.choice import Traits

pytestmark = pytest.mark.train

WRONG = "def last(xs):\n    return xs[len(xs)]\n"
RIGHT = "def last(xs):\n    return xs[-1]\n"
RECORD = Record(
    "t", "p", "last", WRONG, RIGHT, ("assert last([4, 7]) == 7",), ("assert last([1, 2, 3]) == 3",)
)


def test_rivals_of_a_bug_are_judged_by_the_hidden_tests() -> None:
    found = collect(RECORD, default_ranker(), 1, 32)
    assert found is not None
    verdicts = {each.source: each.right for each in found.rivals}
    assert verdicts[RIGHT]
    assert not verdicts["def last(xs):\n    return xs[1]\n"]
    assert found.seen == 1
    assert found.calls[0] == Call("last", "([4, 7],)").told()
    assert all(each.outcomes[0] == "7" for each in found.rivals)
    assert set(found.outcomes[:1]) == {"!IndexError"}


def test_a_bug_without_hidden_tests_or_without_a_failure_tells_nothing() -> None:
    assert collect(RECORD, default_ranker(), 2, 32) is None
    fine = Record("t", "p", "last", RIGHT, RIGHT, RECORD.public, RECORD.private)
    assert collect(fine, default_ranker(), 1, 32) is None


def test_programs_that_hang_or_die_have_outcomes_that_are_not_known() -> None:
    sources = [
        RIGHT,
        "import os\ndef last(xs):\n    os._exit(1)\n",
        "def last(xs):\n    while True: pass\n",
        "def last(xs)",
    ]
    calls = [Call("last", f"([{n}],)") for n in range(4)]
    right, dead, hanging, broken = outcomes(sources, calls)
    assert right == ("0", "1", "2", "3")
    assert dead == broken == ("", "", "", "")
    assert hanging == ("!timeout", "!timeout", "", "")


def made(number: int, *, right_is_small: bool) -> Rivals:
    small, large = "x = 2\n", "x = 2 if y else 3\n"
    rivals = tuple(
        Rival(text, "number", place, 0.0, (text == small) == right_is_small, (str(place),))
        for place, text in enumerate((large, small))
    )
    call = Call("f", "(1,)").told()
    return Rivals(f"b{number}", f"p{number}", "x = 1\n", "x = 2\n", 0, (call,), ("0",), rivals)


def test_the_fit_finds_what_sets_the_right_ones_apart() -> None:
    bugs = [bug_of(made(number, right_is_small=True), 32) for number in range(6)]
    weights = fit(bugs, 0.3)
    assert weights.size < 0
    assert all(bug.chosen(weights) == 1 for bug in bugs)
    assert fit([bug_of(made(0, right_is_small=False), 32)] * 6, 0.3).size > 0
    assert weights == fit(bugs, 0.3)
    text = told("all", [(bug, 1) for bug in bugs])
    assert "first right 0, chosen 6, some right 6 of 6 (6 problems); won 6, lost 0" in text


def test_the_command_reads_what_the_other_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rivals.jsonl"
    rows = [made(number, right_is_small=True) for number in range(6)]
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    assert load(path) == rows
    assert choice.main(["--train", str(path)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(Traits.__name__)


def test_few_bugs_are_taken_of_one_problem() -> None:
    records = [Record(f"t{n}", f"p{n % 2}", "f", "", "", ()) for n in range(10)]
    found = chosen(records, 2, 0)
    assert sorted(each.problem_id for each in found) == ["p0", "p0", "p1", "p1"]
    assert found == chosen(records, 2, 0)
