"""The evidence about a bug: which edits mend it, and what model and ranker say of them."""

from __future__ import annotations

import json
from dataclasses import asdict

from coderepair_training.judge import BATCH, repairs
from coderepair_training.outcomes import collect
from coderepair_training.pools import WrongProgram

from coderepair.propose.ranking import default_ranker

REFERENCE = '''def count_up(n):
    """The numbers from 1 to n."""
    found = []
    for i in range(1, n + 1):
        found.append(i)
    return found
'''
BUGGY = REFERENCE.replace("n + 1", "n")
TESTS = ("assert count_up(3) == [1, 2, 3]", "assert count_up(0) == []")
BUG = WrongProgram("p#0", "p", "bank", "train", "", BUGGY, REFERENCE, "", TESTS)


def test_the_judge_survives_what_hangs_dies_or_swallows_the_alarm() -> None:
    hang = "while True:\n    try:\n        pass\n    except BaseException:\n        pass\n"
    programs = [
        REFERENCE,
        BUGGY,
        "import os\nos._exit(0)",
        REFERENCE,
        hang,
        "x = 3 ** 10 ** 9",
        "def count_up(n:",
        "raise SystemExit",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        REFERENCE,
    ]
    assert repairs(programs, "", TESTS) == [each == REFERENCE for each in programs]


def test_a_batch_is_no_limit() -> None:
    many = [REFERENCE, BUGGY] * BATCH
    assert repairs(many, "", TESTS) == [True, False] * BATCH


def test_setup_runs_before_the_tests() -> None:
    assert repairs([REFERENCE], "want = [1]", ("assert count_up(1) == want",)) == [True]


def test_outcomes_names_the_edits_that_mend() -> None:
    found = collect(BUG, None, default_ranker(), 300)
    assert found is not None
    mending = [edit for edit in found.edits if edit.solves]
    assert mending
    assert len(mending) < len(found.edits) / 4
    assert any("range(1, n + 1)" in edit.reply for edit in mending)
    assert "count_up(3)" in found.prompt
    scores = [edit.linear for edit in found.edits]
    assert scores == sorted(scores, reverse=True)
    json.dumps(asdict(found))


def test_no_evidence_of_a_program_that_passes() -> None:
    passing = WrongProgram("p#1", "p", "bank", "train", "", REFERENCE + "\n", REFERENCE, "", TESTS)
    assert collect(passing, None, default_ranker(), 10) is None
