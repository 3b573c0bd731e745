"""Each family of statement edits on small before / after pairs."""

from __future__ import annotations

from textwrap import dedent

import pytest
from operator_cases import context_of, failing, results

from coderepair.propose.operators import Family, enumerate_edits
from coderepair.propose.operators.conditions import conditions
from coderepair.propose.operators.imports import imports
from coderepair.propose.operators.inserts import inserts
from coderepair.propose.operators.mirrors import mirrors
from coderepair.propose.operators.statements import statements
from coderepair.propose.operators.symbols import symbols
from coderepair.propose.operators.templates import templates

LOOP = """
    def f(xs):
        total = 0
        for x in xs:
            total += x
            return total
"""
BRANCH = """
    def f(a, b):
        if a > b:
            c = a
        else:
            c = b
        return c
"""
COUNTS = """
    def f(xs, k):
        best = []
        low = 0
        for x in xs:
            if x == k:
                low += 1
                best.append(x)
        return best
"""

CASES: list[tuple[Family, str, str]] = [
    (
        statements,
        LOOP,
        "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total",
    ),
    (statements, LOOP, "def f(xs):\n    for x in xs:\n        total += x\n        return total"),
    (
        statements,
        LOOP,
        "def f(xs):\n    total = 0\n    for x in xs:\n        return total\n        total += x",
    ),
    (
        statements,
        LOOP,
        "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n        break",
    ),
    (
        statements,
        BRANCH,
        "def f(a, b):\n    if a > b:\n        c = b\n    else:\n        c = a\n    return c",
    ),
    (statements, BRANCH, "def f(a, b):\n    if a > b:\n        c = a\n    return c"),
    (statements, BRANCH, "def f(a, b):\n    c = a\n    return c"),
    (statements, BRANCH, "def f(a, b):\n    c = b\n    return c"),
    (
        statements,
        BRANCH,
        "def f(a, b):\n    if a > b:\n        c = a\n    else:\n        pass\n    return c",
    ),
    (
        conditions,
        BRANCH,
        "def f(a, b):\n    if a <= b:\n        c = a\n    else:\n        c = b\n    return c",
    ),
    (
        conditions,
        BRANCH,
        "def f(a, b):\n    if a > b and a > 0:\n        c = a\n    else:\n        c = b\n    return c",
    ),
    (
        symbols,
        LOOP,
        "def f(xs):\n    total = 0\n    for x in xs:\n        total -= x\n        return total",
    ),
    (
        symbols,
        LOOP,
        "def f(xs):\n    total = 0\n    for x in xs:\n        total = x\n        return total",
    ),
    (
        inserts,
        LOOP,
        (
            "def f(xs):\n    if not xs:\n        return 0\n    total = 0\n    for x in xs:\n"
            "        total += x\n        return total"
        ),
    ),
    (
        inserts,
        LOOP,
        "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n        return total\n    return total",
    ),
    (
        mirrors,
        BRANCH,
        "def f(a, b):\n    if a > b:\n        c = a\n    elif a < b:\n        c = b\n    return c",
    ),
]


@pytest.mark.parametrize(("family", "before", "after"), CASES)
def test_reaches(family: Family, before: str, after: str) -> None:
    assert after in {text.rstrip("\n") for text in results(context_of(before), family)}


def _has(found: set[str], *lines: str) -> bool:
    block = "\n".join(lines)
    return any(block in dedent(text) for text in found)


def test_inserts_updates_and_exits() -> None:
    found = results(context_of(COUNTS, failing("f([1, 2], 3)", "[1]")), inserts)
    assert _has(found, "            best.append(x)", "        low += 1") or _has(
        found, "        low += 1", "        if x == k:"
    )
    assert _has(found, "            low += 1", "            break")
    assert _has(found, "    if not xs:", "        return [1]")


def test_mirrors_a_neighbour_with_one_name_changed() -> None:
    context = context_of(
        """
        def f(xs):
            even = 0
            odd = 0
            for x in xs:
                if x % 2 == 0:
                    even += 1
            return even, odd
        """
    )
    found = results(context, mirrors)
    assert _has(found, "            even += 1", "        else:", "            odd += 1")


def test_flushes_after_the_loop() -> None:
    context = context_of(
        """
        def f(words):
            lines = []
            current = ""
            for word in words:
                if len(current) > 3:
                    lines.append(current)
                    current = ""
                current += word
            return lines
        """
    )
    found = results(context, mirrors)
    assert _has(
        found, "        current += word", "    if current:", "        lines.append(current)"
    )


def test_idioms() -> None:
    counted = context_of("def f(xs):\n    d = {}\n    for x in xs:\n        d[x] = 1\n    return d")
    assert _has(results(counted, templates), "        d[x] = d.get(x, 0) + 1")
    grouped = context_of(
        "def f(xs):\n    d = {}\n    for k, v in xs:\n        d[k] = [v]\n    return d"
    )
    assert _has(results(grouped, templates), "        d.setdefault(k, []).append(v)")
    signed = context_of("def f(n):\n    minus = n < 0\n    cents = 100 * n\n    return cents")
    assert _has(results(signed, templates), "    return -cents if minus else cents")


def test_imports_what_is_missing() -> None:
    found = results(context_of("def f(x):\n    return math.sqrt(x)"), imports)
    assert _has(found, "    import math", "    return math.sqrt(x)")
    found = results(context_of("def f(values):\n    return sum(value)"), imports)
    assert _has(found, "    return sum(values)")


def test_a_late_return_keeps_what_it_returned() -> None:
    context = context_of(
        """
        def f(xs):
            count = 0
            for x in xs:
                if x:
                    count += 1
                    return count
            return 0
        """
    )
    assert _has(results(context, statements), "            count += 1", "    return count")


def test_one_change_everywhere() -> None:
    context = context_of("def f(a):\n    if a:\n        return True\n    return False")
    kinds = {edit.kind: edit.apply(context.text) for edit in enumerate_edits(context)}
    assert kinds["flag.exchange"] == "def f(a):\n    if a:\n        return False\n    return True"
    context = context_of("def f(a, b):\n    a = a + 1\n    return a * 1")
    found = {edit.apply(context.text) for edit in enumerate_edits(context)}
    assert "def f(a, b):\n    a = a + 2\n    return a * 2" in found
