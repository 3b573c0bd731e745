"""How large a change is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.edit.size import changed_tokens

WORDS = st.lists(st.sampled_from(["a", "b", "+", "("]), max_size=8)


@pytest.mark.parametrize(
    ("before", "after", "size"),
    [
        ("x = 1\n", "x   =  1  \n\n", 0),
        ("x = y\n", "x = z\n", 2),
        ("f(xs)\n", "f(xs[1:])\n", 4),
        ("a\nb\nc\n", "c\na\nb\n", 2),
        ("", "if x: return", 4),
    ],
)
def test_words_and_signs_are_counted_and_white_space_is_not(
    before: str, after: str, size: int
) -> None:
    assert changed_tokens(before, after) == size


@given(WORDS, WORDS, WORDS)
def test_it_is_a_distance(one: list[str], two: list[str], three: list[str]) -> None:
    a, b, c = (" ".join(words) for words in (one, two, three))
    assert changed_tokens(a, b) == changed_tokens(b, a)
    assert (changed_tokens(a, b) == 0) == (one == two)
    assert changed_tokens(a, c) <= changed_tokens(a, b) + changed_tokens(b, c)
    assert changed_tokens(a, b) <= len(one) + len(two)
