"""What speaks for or against a patch, and the choice that follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coderepair.runner.calling import Call
from coderepair.trust.behaviour import crashes, differing, distinct, groups, kept
from coderepair.trust.choice import WEIGHTS, Traits, chances, ordered
from coderepair.trust.special import constants, signs

ORIGINAL = '''\
def price(n):
    """Price of n tickets; from 10 on the eleventh is free."""
    return n * 3
'''
CALLS = [Call("price", "(17,)"), Call("price", "(0,)"), Call("price", "(10,)")]


def patched(line: str) -> str:
    return ORIGINAL.replace("    return n * 3", f"    {line}")


@pytest.mark.parametrize(
    ("line", "special"),
    [
        ("return 48 if n == 17 else n * 3", ("n == 17",)),
        ("return 48 if n in (17, 99) else n * 3", ("n in (17, 99)",)),
        ("return n * 3 if n != 17 else 48", ("n != 17",)),
        ("return 0 if n == 0 else n * 3", ()),
        ("return n * 3 - 3 if n > 10 else n * 3", ()),
        ("return n * 4", ()),
        ("return n * 3 if n < 5 else 15", ()),
    ],
)
def test_a_condition_with_a_value_that_only_a_test_has_is_special(
    line: str, special: tuple[str, ...]
) -> None:
    assert signs(ORIGINAL, patched(line), CALLS).special == special


def test_new_conditions_and_constants_are_counted() -> None:
    found = signs(ORIGINAL, patched("return n * 3 if n < 5 else 15"), CALLS)
    assert (found.conditions, found.constants) == (1, ("15", "5"))
    same = signs(ORIGINAL, ORIGINAL, CALLS)
    assert (same.conditions, same.constants) == (0, ())


def test_a_text_that_does_not_parse_has_no_signs() -> None:
    assert signs(ORIGINAL, "def (", CALLS).special == ()


def test_constants_of_what_changed_come_first() -> None:
    found = constants([patched("return n * 3 if n < 5 else 15")], "def g():\n    return 99\n")
    assert [n for n in found[int] if n in (5, 15, 99)] == [15, 5, 99]


def test_programs_are_grouped_by_what_is_known_of_them() -> None:
    outcomes = [("1", "2"), ("1", "3"), ("1", ""), ("True", "2"), ("!KeyError", "2")]
    assert groups(outcomes) == [[0, 2, 3], [1], [4]]
    assert differing(outcomes[0], outcomes[4]) == [0]


def test_new_exceptions_and_kept_values_are_shares_of_what_is_known() -> None:
    original = ("1", "2", "!KeyError", "")
    mine = ("1", "!IndexError", "!KeyError", "5")
    assert crashes(mine, original) == pytest.approx(1 / 3)
    assert kept(mine, original) == pytest.approx(2 / 3)
    assert crashes(("",), ("",)) == kept(("",), ("",)) == 0.0
    assert distinct(("1", "1", "!KeyError", "")) == pytest.approx(2 / 3)
    assert distinct(("",)) == distinct(()) == 0.0


NEUTRAL = Traits(0, 0, 1, 0, 0, 0, 0, 0.5, 0.5)


def test_chances_add_up_and_fall_with_every_bad_sign() -> None:
    worse = [
        replace(NEUTRAL, later=1.0),
        replace(NEUTRAL, place=2.0),
        replace(NEUTRAL, size=3.0),
        replace(NEUTRAL, special=1.0),
        replace(NEUTRAL, constants=2.0),
        replace(NEUTRAL, crashes=0.5),
    ]
    found = chances([NEUTRAL, *worse])
    assert sum(found) == pytest.approx(1.0)
    assert all(found[0] > each for each in found[1:])


def test_agreement_outweighs_a_single_program_that_is_a_little_likelier() -> None:
    lone, other = NEUTRAL, replace(NEUTRAL, place=0.3 / -WEIGHTS.place)
    found = chances([lone, other, other])
    assert found[0] > found[1]
    assert ordered([[0], [1, 2]], found) == [[1, 2], [0]]
    assert ordered([[0], [1]], chances([lone, other])) == [[0], [1]]


def test_the_first_program_leads_those_that_do_the_same() -> None:
    assert ordered([[0, 1, 2]], [0.2, 0.3, 0.5]) == [[0, 2, 1]]
    assert ordered([[0], [1, 2]], [0.2, 0.3, 0.5]) == [[2, 1], [0]]
