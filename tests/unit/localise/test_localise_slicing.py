"""Reaching definitions and backward slices."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coderepair.edit.regions import FunctionNode
from coderepair.localise.definitions import Flow, flow_of
from coderepair.localise.slicing import backward, weights


def flow(source: str) -> Flow:
    function = ast.parse(textwrap.dedent(source).strip()).body[0]
    assert isinstance(function, FunctionNode)
    return flow_of(function)


def sliced(source: str, line: int) -> set[int]:
    return set(backward(flow(source), [line], frozenset()))


CASES = {
    "a later definition hides an earlier one": (
        """
        def f(a):
            x = 1
            x = a
            return x
        """,
        4, {1, 3, 4},
    ),
    "both ways of a branch": (
        """
        def f(a):
            if a:
                x = 1
            else:
                x = 2
            y = 3
            return x
        """,
        7, {1, 2, 3, 5, 7},
    ),
    "around a loop": (
        """
        def f(xs):
            last = None
            out = 0
            for x in xs:
                if last is not None:
                    out = x
                last = x
            return out
        """,
        8, {1, 2, 3, 4, 5, 6, 7, 8},
    ),
    "past a break": (
        """
        def f(xs):
            x = 0
            while True:
                x = 1
                break
            return x
        """,
        6, {1, 3, 4, 6},
    ),
    "changes in place": (
        """
        def f(xs):
            out = []
            seen = set()
            for x in xs:
                out.append(x)
                seen.add(x)
            return out
        """,
        7, {1, 2, 4, 5, 7},
    ),
    "an early return decides": (
        """
        def f(a, b):
            if a < 0:
                return 0
            c = b
            return c
        """,
        5, {1, 2, 4, 5},
    ),
    "a handler sees the body's definitions": (
        """
        def f(a):
            x = 0
            try:
                x = int(a)
            except ValueError:
                pass
            return x
        """,
        7, {1, 2, 3, 4, 7},
    ),
    "with, match and walrus": (
        """
        def f(a):
            with a as b:
                match b:
                    case [first, *rest]:
                        x = first
                    case _:
                        x = None
            if (y := x):
                return y
        """,
        9, {1, 2, 3, 5, 7, 8, 9},
    ),
    "a nested function uses what it mentions": (
        """
        def f(a):
            k = a
            z = 1
            def g(x):
                return x + k
            return g(1)
        """,
        6, {1, 2, 4, 6},
    ),
    "an augmented assignment keeps the old value": (
        """
        def f(a):
            t = 1
            t += a
            return t
        """,
        4, {1, 2, 3, 4},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_slices(name: str) -> None:
    source, line, expected = CASES[name]
    assert sliced(source, line) == expected


def test_ends_are_returns_with_a_value_and_yields() -> None:
    assert flow("def f(a):\n    if a:\n        return\n    yield a\n    return a").ends == {4, 5}


def test_what_was_not_executed_is_left_out() -> None:
    source, line, _ = CASES["both ways of a branch"]
    assert set(backward(flow(source), [line], frozenset({1, 2, 3, 7}))) == {1, 2, 3, 7}


NAMES = st.sampled_from("abc")
EXPRESSIONS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=2).map(" or ".join),
    st.lists(NAMES, min_size=1, max_size=2).map(" and ".join),
)


def joined(parts: list[list[str]]) -> list[str]:
    return [line for part in parts for line in part]


def block(depth: int) -> st.SearchStrategy[list[str]]:
    simple = st.tuples(NAMES, EXPRESSIONS).map(lambda pair: [f"{pair[0]} = {pair[1]}"])
    if not depth:
        return st.lists(simple, min_size=1, max_size=3).map(joined)

    def compound(header: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
        return st.tuples(header, block(depth - 1)).map(
            lambda pair: [pair[0], *(f"    {line}" for line in pair[1])]
        )

    branches = compound(EXPRESSIONS.map("if {}:".format))
    loops = compound(st.tuples(NAMES, NAMES).map(lambda pair: f"for {pair[0]} in {pair[1]}:"))
    part = st.one_of(simple, branches, loops)
    return st.lists(part, min_size=1, max_size=4).map(joined)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(block(2), st.data())
def test_laws_of_slices(lines: list[str], data: st.DataObject) -> None:
    """A slice holds its criterion, lies in the function, is closed, and grows with its criterion."""
    source = "def f(a, b, c):\n" + "\n".join(f"    {line}" for line in [*lines, "return a"])
    graph = flow(source)
    last = len(lines) + 2
    line = data.draw(st.integers(2, last))
    found = backward(graph, [line], frozenset())
    assert line in found
    assert set(found) <= set(range(1, last + 1))
    assert all(0.0 < weight <= 1.0 for weight in weights(found).values())
    for each in found:
        assert graph.data.get(each, set()) | graph.control.get(each, set()) <= set(found)
    assert set(found) <= set(backward(graph, [line, last], frozenset()))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(block(2))
def test_what_the_slice_leaves_out_does_not_change_the_value(lines: list[str]) -> None:
    """Weiser's definition: without the other assignments the function returns the same."""
    source = "def f(a, b, c):\n" + "\n".join(f"    {line}" for line in [*lines, "return a"])
    kept = backward(flow(source), [len(lines) + 2], frozenset())
    texts = source.split("\n")
    thinned = [
        text
        if number in kept or text.rstrip().endswith(":")
        else text[: -len(text.lstrip())] + "pass"
        for number, text in enumerate(texts, 1)
    ]
    assert outcome(source) == outcome("\n".join(thinned))


def outcome(source: str) -> object:
    """What `f` returns for nested tuples, which every loop comes to the end of."""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    return namespace["f"]((((),),), (), (((),), ()))  # type: ignore[operator]
