"""Each family of expression edits on small before / after pairs."""

from __future__ import annotations

import pytest
from operator_cases import context_of, failing, one_liners, results

from coderepair.propose.operators import Family
from coderepair.propose.operators.calls import calls
from coderepair.propose.operators.conditions import conditions
from coderepair.propose.operators.constants import constants
from coderepair.propose.operators.ingredients import ingredients
from coderepair.propose.operators.names import names
from coderepair.propose.operators.slices import slices
from coderepair.propose.operators.strings import strings
from coderepair.propose.operators.symbols import symbols
from coderepair.propose.operators.wraps import wraps

CASES: list[tuple[Family, str, str]] = [
    (symbols, "a < b", "a <= b"),
    (symbols, "a <b", "a >=b"),
    (symbols, "a in xs", "a not in xs"),
    (symbols, "a in xs", "xs in a"),
    (symbols, "a is None", "a is not None"),
    (symbols, "a < b < c", "a < b"),
    (symbols, "a < b < c", "a < b <= c"),
    (symbols, "a + b", "a - b"),
    (symbols, "a + b", "a"),
    (symbols, "a / b", "b / a"),
    (symbols, "a - b", "b - a"),
    (symbols, "a + b * c", "(a + b) * c"),
    (symbols, "a - b - c", "a - (b - c)"),
    (symbols, "(a + b) * c", "(a - b) * c"),
    (symbols, "a * b + c", "a + b + c"),
    (symbols, "a and b", "a or b"),
    (symbols, "a and b and c", "a and c"),
    (symbols, "a and b or c", "a and (b or c)"),
    (symbols, "not a", "a"),
    (symbols, "a == b", "not a == b"),
    (symbols, "a - b", "-(a - b)"),
    (symbols, "-a", "a"),
    (constants, "a + 1", "a + 2"),
    (constants, "a + 1", "a + 0"),
    (constants, "a + 10", "a + 1"),
    (constants, "a == 'x'", "a == 'X'"),
    (constants, "a + 'x'", "a + ''"),
    (constants, "True", "False"),
    (constants, "None", "[]"),
    (constants, "[]", "{}"),
    (constants, "set()", "[]"),
    (names, "a - b", "a - c"),
    (names, "min(xs)", "max(xs)"),
    (names, "any(xs)", "all(xs)"),
    (names, "s.lower()", "s.upper()"),
    (names, "s.startswith(a)", "s.endswith(a)"),
    (names, "d.keys()", "d.values()"),
    (calls, "max(a, b)", "max(b, a)"),
    (calls, "s.replace(a, b)", "s.replace(b, a)"),
    (calls, "sorted(xs)", "sorted(xs, reverse=True)"),
    (calls, "sorted(xs, reverse=True)", "sorted(xs)"),
    (calls, "range(a)", "range(1, a)"),
    (calls, "range(a)", "range(a + 1)"),
    (calls, "range(1, a)", "range(1, a + 1)"),
    (calls, "range(a, b)", "range(a, b, -1)"),
    (calls, "d.get(a)", "d.get(a, 0)"),
    (calls, "sorted(xs, key=lambda x: x[0])", "sorted(xs, key=lambda x: x[1])"),
    (calls, "sorted(xs, key=lambda x: (a, x), reverse=True)", "sorted(xs, key=lambda x: (-a, x))"),
    (calls, "(a, b)", "(b, a)"),
    (calls, "[a, b, c]", "[a, c]"),
    (calls, "{a: b for a, b in d}", "{b: a for a, b in d}"),
    (calls, "s.join(xs)", "xs.join(s)"),
    (wraps, "a", "abs(a)"),
    (wraps, "a", "a + 1"),
    (wraps, "a + b", "(a + b) // 2"),
    (wraps, "xs", "sorted(xs)"),
    (wraps, "s", "s.lower()"),
    (wraps, "xs", "xs[::-1]"),
    (wraps, "xs", "xs[a]"),
    (wraps, "abs(a)", "a"),
    (wraps, "s.strip()", "s"),
    (wraps, "xs[0]", "xs"),
    (wraps, "a if b else c", "a"),
    (slices, "xs[a]", "xs[a + 1]"),
    (slices, "xs[a + 1]", "xs[a]"),
    (slices, "xs[0]", "xs[-1]"),
    (slices, "xs[1:]", "xs[:1]"),
    (slices, "xs[1:]", "xs[2:]"),
    (slices, "xs[:a]", "xs[:a + 1]"),
    (slices, "xs[a:b]", "xs[a:]"),
    (slices, "xs[a:-a]", "xs[a:len(xs) - a]"),
    (slices, "xs[::-1]", "xs[:]"),
    (slices, "xs[a][b]", "xs[b][a]"),
    (conditions, "a if b < c else a", "a if b >= c else a"),
    (conditions, "a if b else c", "a if not b else c"),
    (conditions, "[x for x in xs]", "[x for x in xs if x > 0]"),
    (conditions, "[x for x in xs if x]", "[x for x in xs]"),
    (ingredients, "(a + 1) * len(xs)", "(a + 1) * (a + 1)"),
    (strings, "f'{a}-{b}'", "f'{b}-{b}'"),
    (strings, "f'{a // 3}'", "f'{a // 3 + 1}'"),
    (strings, "f'{a}'", "f'{a:.2f}'"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "before", "after"), CASES)
def test_reaches(family: Family, before: str, after: str) -> None:
    assert after in one_liners(before, family)


def test_operands_get_the_parentheses_they_need() -> None:
    assert "(a or b).lower()" in one_liners("a or b", wraps)
    assert "-(a + b)" in one_liners("a + b", symbols)
    assert "c * (a + b)" in one_liners("c * max(a + b)", wraps)
    assert "(a, b)[0]" in one_liners("(a, b)", wraps) | one_liners("(a, b)[1]", slices)


def test_strings_come_from_the_docstring_and_numbers_from_the_checks() -> None:
    context = context_of(
        '''
        def f(n):
            """Says 'fizz' for multiples of 7."""
            if n % 3 == 0:
                return "buzz"
            return 0
        ''',
        failing("f(1)", "41", "0"),
    )
    found = results(context, constants)
    assert any("return 'fizz'" in text for text in found)
    assert any("n % 7 ==" in text for text in found)
    assert any("return 41" in text for text in found)


def test_names_that_nothing_binds_are_assigned() -> None:
    context = context_of("def f(m):\n    s = m.start()\n    s = m.end()\n    return s, e")
    assert "def f(m):\n    s = m.start()\n    e = m.end()\n    return s, e" in results(
        context, names
    )


def test_columns_count_characters_not_bytes() -> None:
    context = context_of("def f(a, b):\n    return 'äöü€' * a + 'ß' if a < b else 'ü'")
    assert "def f(a, b):\n    return 'äöü€' * a + 'ß' if a <= b else 'ü'" in results(
        context, symbols
    )


def test_annotations_decorators_and_docstrings_stay() -> None:
    context = context_of(
        '''
        @cache(1)
        def f(a: list[1]) -> tuple[2]:
            """Text 3."""
            return a[4]
        '''
    )
    for text in results(context):
        assert "@cache(1)" in text
        assert '"""Text 3."""' in text
        assert "-> tuple[2]:" in text
