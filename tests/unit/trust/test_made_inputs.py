"""Generated calls: of the types seen, near the values seen, the same every time."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.runner.calling import Call
from coderepair.trust.inputs import generated
from coderepair.trust.variants import variants

SCALARS = st.one_of(st.booleans(), st.integers(-50, 50), st.text("ab ", max_size=4))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(SCALARS, inner, max_size=3),
        st.tuples(inner, inner),
        st.sets(SCALARS, max_size=3),
    ),
    max_leaves=8,
)


@given(VALUES)
def test_variants_are_others_of_the_same_type(value: object) -> None:
    found = variants(value, {int: [7]})
    assert all(type(each) is type(value) for each in found)
    texts = [repr(each) for each in found]
    assert repr(value) not in texts
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, [0, 6, 4, -5, 8, 7, 9]),
        ("ab", ["", "a", "b", "ba", "abb"]),
        ([3, 1], [[], [3], [1], [1, 3], [3, 1, 1], [3, 3, 1], [0, 1]]),
        ((1, "a"), [(0, "a"), (1, "")]),
        ({"k": 1}, [{}, {"k": 0}]),
        (True, [False]),
    ],
)
def test_boundaries_are_among_the_variants(value: object, expected: list[object]) -> None:
    found = [repr(each) for each in variants(value, {int: [8]})]
    assert [each for each in expected if repr(each) not in found] == []


def test_none_comes_up_only_where_it_was_seen() -> None:
    assert variants(None, {}) == []
    alone = generated([Call("f", "(1, 2)")], {}, 200, 0)
    assert not any("None" in call.args for call in alone)
    seen = generated([Call("f", "(1, None)"), Call("f", "(2, 3)")], {}, 200, 0)
    assert Call("f", "(2, None)") in seen


def test_arguments_of_one_call_are_put_into_another_of_the_same_shape() -> None:
    seen = [Call("f", "(1, 'a')"), Call("f", "(2, 'b')"), Call("g", "(9, 'z')")]
    found = generated(seen, {}, 300, 0)
    assert {Call("f", "(1, 'b')"), Call("f", "(2, 'a')")} <= set(found)
    assert not any(call.function == "f" and "'z'" in call.args for call in found)


def test_methods_keep_their_objects_and_named_arguments_their_names() -> None:
    call = Call("Stack.pop", "()", "{'count': 2}", ("([1, 2],)", "{}"))
    found = generated([call], {}, 200, 0)
    assert Call("Stack.pop", "()", "{'count': 0}", ("([1, 2],)", "{}")) in found
    assert Call("Stack.pop", "()", "{'count': 2}", ("([],)", "{}")) in found
    assert all(set(ast.literal_eval(each.kwargs)) == {"count"} for each in found)


def test_the_same_calls_are_generated_every_time_and_no_more_than_asked_for() -> None:
    seen = [Call("f", f"({n}, [{n}, 2])") for n in range(5)]
    first = generated(seen, {int: [3]}, 40, seed=1)
    assert first == generated(seen, {int: [3]}, 40, seed=1)
    assert len(first) == len(set(first)) == 40
    assert not set(first) & set(seen)


def test_what_is_no_literal_is_left_out() -> None:
    assert generated([Call("f", "(object(),)")], {}, 40, 0) == []
