"""The codec of the border: all data comes back as it was, nothing else goes through, and nonsense is refused."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.runner.child import values
from coderepair.runner.child.values import MALFORMED, Decoder, Encoder, Uncrossable, dumps, loads

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.complex_numbers(allow_nan=False),
    st.text(st.characters()),
    st.text(st.characters(categories=["Cs"]), max_size=4),
    st.binary(),
    st.fractions(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.timedeltas(),
    st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([-2, 1, 3])),
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner), max_leaves=5)
DATA = st.recursive(
    st.one_of(SCALARS, st.binary().map(bytearray)),
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(HASHABLE, inner),
        st.lists(inner).map(collections.deque),
        st.dictionaries(HASHABLE, inner).map(collections.OrderedDict),
        st.sets(HASHABLE),
        st.frozensets(HASHABLE),
    ),
    max_leaves=20,
)
TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.builds(
            lambda tag, rest: [tag, *rest],
            st.sampled_from("ldsBqCODtfbcirS.nFMyYT@IN?"),
            st.lists(inner, max_size=4),
        ),
        st.dictionaries(st.text(max_size=2), inner, max_size=2),
    ),
    max_leaves=15,
)


def crossed(value: Any) -> Any:
    return Decoder().decode(loads(dumps(Encoder().encode(value))))


def same(a: Any, b: Any) -> bool:
    """Equal, of the same exact types, nan and signs of zero included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (a != a and b != b) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(same, a.items(), b.items()))
    if isinstance(a, list | tuple | collections.deque):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, set | frozenset):
        return len(a) == len(b) and sorted(map(repr, a)) == sorted(map(repr, b))
    return bool(a == b)


@given(DATA)
def test_data_comes_back_as_it_was(value: Any) -> None:
    assert same(crossed(value), value)


@pytest.mark.parametrize(
    "value",
    [
        collections.Counter("abba"),
        collections.defaultdict(list, {1: [2]}),
        collections.deque([1, 2], 2),
        "\ud83d\ude00",
        -0.0,
        math.nan,
        10**5000,
        -(2**200),
        Ellipsis,
        NotImplemented,
        slice(1, None, 2),
        int,
        type(None),
        fractions.Fraction(1, 3),
        decimal.Decimal("1.10"),
        datetime.date(2026, 2, 28),
        {(1, "a"): {frozenset([1])}},
    ],
    ids=range(17),
)
def test_each_kind_of_data(value: Any) -> None:
    assert same(crossed(value), value)


def test_aliases_and_cycles_survive() -> None:
    inner: list[Any] = [1]
    loop: dict[str, Any] = {"a": inner, "b": inner}
    loop["self"] = loop
    found = crossed(loop)
    assert found["self"] is found
    assert found["a"] is found["b"]
    assert found["a"] == [1]


class Odd(int):
    pass


class Thing:
    pass


@pytest.mark.parametrize(
    "value",
    [
        Odd(1),
        Thing(),
        len,
        lambda: 1,
        iter([1]),
        Thing,
        ValueError("x"),
        datetime.datetime(2026, 1, 1),
        [Thing()],
    ],
)
def test_what_is_no_data_does_not_cross(value: Any) -> None:
    with pytest.raises(Uncrossable):
        Encoder().encode(value)


def test_depth_and_size_are_bounded() -> None:
    deep: list[Any] = []
    for _ in range(values.DEPTH + 1):
        deep = [deep]
    with pytest.raises(Uncrossable, match="deeply"):
        Encoder().encode(deep)
    with pytest.raises(Uncrossable, match="elements"):
        Encoder().encode([0] * (values.ITEMS + 1))
    with pytest.raises(Uncrossable, match="MB"):
        dumps("x" * (values.MAX_MESSAGE + 1))


@given(TREES)
def test_trees_that_nobody_wrote_are_values_or_refused(tree: Any) -> None:
    try:
        value = Decoder().decode(tree)
    except MALFORMED:
        return
    assert type(value).__module__ in ("builtins", "collections", "fractions", "decimal", "datetime")


@given(st.binary())
def test_bytes_that_nobody_wrote_are_trees_or_refused(data: bytes) -> None:
    try:
        loads(data)
    except MALFORMED:
        return


@pytest.mark.parametrize(
    "text",
    [
        "9" * 5000,
        "[" * 100_000,
        "-" + "9" * 21,
        '"\\',
        '{"a": 1}',
        '["@", 0]',
        '["@", -1]',
        '["zz"]',
        "[]",
    ],
)
def test_hostile_texts_are_refused_at_once(text: str) -> None:
    with pytest.raises(MALFORMED):
        Decoder().decode(loads(text.encode()))


@given(st.lists(st.one_of(st.integers(), st.lists(st.integers())), max_size=6), st.randoms())
def test_what_a_call_changed_is_changed_here_too(argument: list[Any], rng: Any) -> None:
    encoder = Encoder()
    there = Decoder()
    copy = there.decode(loads(dumps(encoder.encode(argument))))
    copy.append(copy)
    rng.shuffle(copy)
    back = Encoder(there.met)
    changes = loads(dumps([back.content(each) for each in list(back.met)]))
    result = loads(dumps(back.encode(copy)))
    here = Decoder(encoder.met)
    for value, tree in zip(encoder.met, changes, strict=True):
        here.refill(value, tree)
    assert here.decode(result) is argument
    assert repr(argument) == repr(copy)
