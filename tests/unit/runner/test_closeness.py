"""The value distance: bounded, symmetric, higher the nearer, and cheap however large the values."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.runner.child.closeness import TOP, closeness

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.complex_numbers(),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.integers(), st.text()), inner),
        st.sets(st.integers()),
        st.frozensets(st.text()),
    ),
    max_leaves=20,
)


@given(VALUES, VALUES)
def test_bounded_and_symmetric(a: Any, b: Any) -> None:
    near = closeness(a, b)
    assert 0.0 <= near <= TOP < 1.0
    assert near == pytest.approx(closeness(b, a))


@given(VALUES)
def test_nothing_is_nearer_than_the_value_itself(value: Any) -> None:
    for other in (value, [value], None, 0, "x"):
        assert closeness(value, other) <= max(closeness(value, value), 0.98)


@given(st.one_of(st.integers(), st.text(), st.lists(st.integers()), st.sets(st.integers())))
def test_the_top_is_for_equal_values_alone(value: Any) -> None:
    assert closeness(value, value) == TOP


@pytest.mark.parametrize(
    ("expected", "nearer", "farther"),
    [
        (10, 11, 50),
        (10, 10.5, "10"),
        (-3, -2, 3),
        (True, False, None),
        ("hello world", "hello worle", "h"),
        ("abc", "cba", "xyz"),
        ([1, 2, 3], [1, 2, 4], [7, 8, 9]),
        ([1, 2, 3], [3, 2, 1], [9, 8, 7]),
        ([1, 2, 3, 4], [1, 2, 3], [4]),
        ([1, 2, 3, 4], [2, 3, 4], [9, 9, 9]),
        ([1, 2], (1, 2), {1, 2}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 5}),
        ({1, 2, 3}, {1, 2}, {7}),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], [[9, 9], [9, 9]]),
        ((1, "a"), (1, "b"), (2, "b")),
        (10**400, 10**399, "x"),
        (float("inf"), 1.0, None),
    ],
)
def test_nearer_values_score_higher(expected: Any, nearer: Any, farther: Any) -> None:
    assert TOP > closeness(nearer, expected) > closeness(farther, expected)


def test_objects_of_one_class_are_compared_by_their_attributes() -> None:
    class Point:
        def __init__(self, x: int, y: int) -> None:
            self.x, self.y = x, y

    assert closeness(Point(1, 2), Point(1, 3)) > closeness(Point(1, 2), Point(8, 9)) > 0.0
    assert closeness(Point(1, 2), object()) == 0.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: list(range(2_000_000)),
        lambda: "x" * 20_000_000,
        lambda: {n: n for n in range(500_000)},
        lambda: set(range(500_000)),
        lambda: [[n] * 100 for n in range(20_000)],
        lambda: [[]] * 10_000,
    ],
)
def test_huge_values_cost_little(make: Any) -> None:
    a, b = make(), make()
    b = b + b if isinstance(b, list | str) else b
    begin = time.process_time()
    assert 0.0 <= closeness(a, b) <= TOP
    assert time.process_time() - begin < 0.5


def test_a_value_that_holds_itself() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    other: list[Any] = [2]
    other.append(other)
    assert 0.0 <= closeness(ring, other) <= TOP


def test_values_that_misbehave_are_no_nearer() -> None:
    class Broken:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

    assert closeness([Broken()], [Broken()]) == 0.0
