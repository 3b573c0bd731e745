"""The ranker and the features it adds up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest
from operator_cases import context_of, failing

from coderepair.errors import EngineError
from coderepair.propose import ranking
from coderepair.propose.evidence import Evidence
from coderepair.propose.features import FeatureMaker
from coderepair.propose.operators import Edit, FunctionContext, Scope, enumerate_edits
from coderepair.propose.plain_features import BUCKETS, PlainFeatures, place, places
from coderepair.propose.ranking import (
    NODE_TOLL,
    SITE_TOLL,
    Ranker,
    default_ranker,
    pack,
    unpack,
)
from coderepair.propose.relations import symptoms

LARGEST = """
def largest(xs):
    '''The largest element.'''
    best = xs[0]
    for x in xs[1:]:
        if x < best:
            best = x
    return best
"""
FAILURES = (failing("largest([1, 3, 2])", "3", "1"), failing("largest([4, 5])", "5", "4"))


def _ranked(ranker: Ranker, text: str = LARGEST) -> list[tuple[str, float]]:
    context = context_of(text, *FAILURES)
    scope = Scope(context)
    ranked = ranker.rank(context, scope, enumerate_edits(context, scope))
    return [(item.edit.apply(context.text), item.score) for item in ranked]


def test_the_shipped_ranker_puts_a_plain_slip_first() -> None:
    texts = [text for text, _ in _ranked(default_ranker())]
    wanted = context_of(LARGEST).text.replace("x < best", "x > best")
    assert wanted in texts[:5]


def test_ranking_keeps_every_edit_and_spreads_the_first() -> None:
    context = context_of(LARGEST, *FAILURES)
    scope = Scope(context)
    edits = enumerate_edits(context, scope)
    ranked = default_ranker().rank(context, scope, edits)
    assert sorted(map(id, edits)) == sorted(id(item.edit) for item in ranked)
    lines = {context.line(item.edit.anchor) for item in ranked[:20]}
    assert len(lines) >= 3


def test_equal_scores_keep_the_order_of_enumeration_within_a_node() -> None:
    context = context_of("def f(a):\n    return a")
    scope = Scope(context)
    edits = enumerate_edits(context, scope)
    ranked = Ranker([0.0] * BUCKETS).rank(context, scope, edits)
    node = ranked[0].edit.anchor
    mine = [item.edit for item in ranked if item.edit.anchor is node]
    assert mine == [edit for edit in edits if edit.anchor is node]


def test_features_are_places_and_depend_on_the_evidence() -> None:
    context, other = (
        context_of(LARGEST, *FAILURES),
        context_of(LARGEST, failing("largest([1])", "[]", "1")),
    )
    edit = enumerate_edits(context)[0]
    twin = enumerate_edits(other)[0]
    assert edit.replacements == twin.replacements
    plain = PlainFeatures(places)
    first = FeatureMaker(context, Scope(context), plain).of(edit)
    second = FeatureMaker(other, Scope(other), plain).of(twin)
    assert all(0 <= place < BUCKETS for place in first)
    assert set(first) & set(second)
    assert set(first) != set(second)


def test_a_score_is_the_sum_of_the_weights_of_the_features_less_the_tolls() -> None:
    weights = [((spot * 40503) % 2048 - 1024) / 1024 for spot in range(BUCKETS)]
    ranker = Ranker(weights)
    for text in (LARGEST, "def shout(words):\n    return ' '.join(w.upper() for w in words[1:])"):
        context = context_of(text, *FAILURES)
        scope = Scope(context)
        ranked = ranker.rank(context, scope, enumerate_edits(context, scope))
        maker = FeatureMaker(context, scope, PlainFeatures(places))
        sums = [sum(weights[spot] for spot in maker.of(edit)) for edit, _ in ranked]
        tolls = _tolls(context, [item.edit for item in ranked])
        assert [score for _, score in ranked] == pytest.approx(
            [score - toll for score, toll in zip(sums, tolls, strict=True)]
        )
        scores = [score for _, score in ranked]
        assert scores == sorted(scores, reverse=True)


def _tolls(context: FunctionContext, edits: list[Edit]) -> list[float]:
    """What each edit pays for those of its statement and of its node that rank before it."""
    found: list[float] = []
    sites, nodes = Counter[int](), Counter[int]()
    for edit in edits:
        whole = edit.anchor is context.function
        statement = edit.anchor if whole else context.statement_of(edit.anchor)
        found.append(SITE_TOLL * sites[id(statement)] + NODE_TOLL * nodes[id(edit.anchor)])
        sites[id(statement)] += 1
        nodes[id(edit.anchor)] += 1
    return found


def test_features_of_a_plain_slip() -> None:
    context = context_of(LARGEST, *FAILURES)
    scope = Scope(context)
    found = {
        edit.new: set(FeatureMaker(context, scope, PlainFeatures(places)).of(edit))
        for edit in enumerate_edits(context, scope)
        if edit.kind == "compare" and edit.sites == 1
    }
    wanted = ("compare", "- <", "k- compare <", "sites 1", "@ is Compare", "s+ all:smaller >")
    assert {place(text) for text in (*wanted, "k> compare < > >", "+ >")} <= found[">"]
    assert place("+ >=") in found[">="] - found[">"]


def test_features_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_ranking import _ranked, default_ranker\n"
        "many = 'def f(one, two, three, four):\\n    return one + two - three * four'\n"
        "found = [_ranked(default_ranker()), _ranked(default_ranker(), many)]\n"
        "print(__import__('zlib').crc32(repr(found).encode()))"
    )
    folder = os.path.dirname(__file__)  # noqa: PTH120
    seen = {
        subprocess.run(
            [sys.executable, "-c", program, folder],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_weights_survive_packing() -> None:
    weights = [0.0] * BUCKETS
    weights[3], weights[70], weights[-1] = 1.5, -2.25, 1e9
    again = unpack(pack(weights))
    assert again[:4] == [0.0, 0.0, 0.0, 1.5]
    assert again[70] == -2.25
    assert again[-1] == 32767 / ranking.SCALE


def test_a_wrong_number_of_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="2 weights"):
        Ranker([0.0, 1.0])


def test_damaged_weights_are_one_line_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_WEIGHTS", "missing.bin")
    default_ranker.cache_clear()
    with pytest.raises(EngineError, match="install coderepair again"):
        default_ranker()
    default_ranker.cache_clear()


@pytest.mark.parametrize(
    ("expected", "got", "wanted"),
    [
        ("3", "4", {"all:bigger", "all:off by one"}),
        ("-3", "3", {"all:negated"}),
        ("[1, 2]", "[2, 1]", {"all:reversed", "all:permuted"}),
        ("[1, 2, 3]", "[1, 2]", {"all:prefix", "all:subset", "all:length off by one"}),
        ("'Ab'", "'ab'", {"all:case"}),
        ("True", "False", {"all:flag False"}),
        ("[]", "None", {"all:got NoneType"}),
        ("(1, 2)", "[1, 2]", {"all:container", "all:got list"}),
        ("{'a': 1}", "{'b': 1}", {"all:other keys", "all:same size"}),
        ("2.5", "2.52", {"all:rounding"}),
        ("<object>", "1", {"all:assertion"}),
    ],
)
def test_symptoms(expected: str, got: str, wanted: set[str]) -> None:
    assert wanted <= set(symptoms((failing("f()", expected, got),)))


def test_symptoms_of_several_checks_say_which_are_shared() -> None:
    found = symptoms((failing("f()", "3", "4"), failing("f()", "9", "7")))
    assert "off by one" in found
    assert "all:wants int" in found
    assert symptoms(()) == ()


def test_edits_that_put_the_same_values_there_wait_for_others() -> None:
    context = context_of(LARGEST, *FAILURES)
    scope = Scope(context)
    edits = enumerate_edits(context, scope)
    ranker = default_ranker()
    unknown = dict.fromkeys(edits, Evidence("may", "all"))
    usual = [item.edit for item in ranker.ordered(context, scope, edits, unknown)]
    twins = set(usual[:12:2])
    alike = {edit: known._replace(alike=edit in twins or None) for edit, known in unknown.items()}
    found = [item.edit for item in ranker.ordered(context, scope, edits, alike)]
    assert [edit for edit in found if edit in twins] == usual[:12:2]
    assert usual[0] == found[0]
    assert found.index(usual[10]) > usual.index(usual[10])
    assert set(found) == set(usual)


def test_edits_that_mend_nothing_by_themselves_come_last() -> None:
    context = context_of(LARGEST, *FAILURES)
    scope = Scope(context)
    edits = enumerate_edits(context, scope)[:40]
    evidence = {
        edit: Evidence("may" if number % 2 else ("same", "misses")[number % 4 // 2], "all")
        for number, edit in enumerate(edits)
    }
    ranker = Ranker([0.0] * BUCKETS)
    found = [evidence[item.edit].idle for item in ranker.ordered(context, scope, edits, evidence)]
    assert found[:5] == [False] * 5
    assert found[-5:] == [True] * 5
    assert Counter(found) == {True: 20, False: 20}
