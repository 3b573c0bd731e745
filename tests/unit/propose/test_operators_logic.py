"""Families that add missing logic, on small before / after pairs: one line changes or some are added."""

from __future__ import annotations

import pytest
from operator_cases import context_of, one_liners, results, syntax

from coderepair.propose.operators import Family, Scope
from coderepair.propose.operators.choices import choices
from coderepair.propose.operators.conditions import conditions
from coderepair.propose.operators.flow import flow
from coderepair.propose.operators.flush import flush
from coderepair.propose.operators.idioms import idioms
from coderepair.propose.operators.inserts import inserts
from coderepair.propose.operators.mirrors import mirrors
from coderepair.propose.operators.relevance import relevant

STREAK = """
    def longest(marks: list[str], limit: int) -> dict[str, int]:
        best = 0
        current = 0
        state = "off"
        found: dict[str, int] = {}
        angle = limit % 360
        rows = []
        for mark in marks:
            position = mark.find("#")
            if mark == "x":
                current += 1
                state = "on"
            head = mark[:position]
            found[head] = current
            rows.append(head)
        return found
"""
SLOTS = """
    def free(busy: list[tuple[int, int]], closing: int) -> list[tuple[int, int]]:
        slots = []
        begin = 0
        for start, end in busy:
            if begin < start:
                slots.append((begin, start))
            begin = end
        return slots
"""
GRID = """
    def cells(grid: list[list[int]]) -> list[int]:
        cells = []
        for row in grid:
            cells += row
        return cells
"""
TOTAL = """
    def add(text: str) -> int:
        total = number = 0
        for char in text:
            if char == "+":
                total += 2 * number
                number = 0
        return total
"""

ADDED: list[tuple[Family, str, str, str]] = [
    (flow, STREAK, "head = ", "if position != -1:\n    head = "),
    (flow, STREAK, "position = ", "if not mark:\n    continue\nposition = "),
    (flow, STREAK, "rows = []", "if angle < 0:\n    angle += 360\nrows = []"),
    (flow, STREAK, "rows = []", "if angle > 360:\n    angle = 360\nrows = []"),
    (flow, STREAK, "rows = []", "angle = max(angle, 0)\nrows = []"),
    (flow, STREAK, "head = ", "else:\n    current = 0\nhead = "),
    (flow, STREAK, "position = ", "if mark in rows:\n    continue\nposition = "),
    (flow, STREAK, "return found", "if not found:\n    return {}\nreturn found"),
    (flow, GRID, "cells = []", "if not grid or not grid[0]:\n    return []\ncells = []"),
    (inserts, STREAK, "position = ", "mark = mark.strip()\nposition = "),
    (inserts, STREAK, "return found", "rows.sort()\nreturn found"),
    (conditions, STREAK, 'mark == "x"', 'mark == "x" and state == \'off\''),
    (choices, STREAK, "found[head] = current", "found[head] = max(found[head], current)"),
    (flush, STREAK, "return found", "if head:\n    rows.append(head)\nreturn found"),
    (flush, STREAK, "return found", "rows.append(head)\nreturn found"),
    (mirrors, SLOTS, "return slots", "if begin < closing:\n    slots.append((begin, closing))\nreturn slots"),
    (flush, TOTAL, "return total", "return total + 2 * number"),
]  # fmt: skip


def _with(text: str, old: str, new: str) -> str:
    """The text with a piece of its last such line replaced, each new line at that line's level."""
    lines = text.split("\n")
    at = max(index for index, line in enumerate(lines) if old in line)
    prefix = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at] = lines[at].replace(old, new.replace("\n", f"\n{prefix}"))
    return syntax("\n".join(lines))


def _reached(family: Family, text: str) -> set[str]:
    return {syntax(result) for result in results(context_of(text), family)}


@pytest.mark.parametrize(("family", "before", "old", "new"), ADDED)
def test_adds(family: Family, before: str, old: str, new: str) -> None:
    assert _with(before, old, new) in _reached(family, before)


CHANGED: list[tuple[Family, str, str]] = [
    (choices, "a / b", "a / b if b else 0.0"),
    (choices, "sum(xs) / len(xs)", "sum(xs) / len(xs) if xs else 0"),
    (choices, 'f"{a}/{b}"', 'f"{a}/{b}" if a else str(b)'),
    (choices, "int(s)", "int(s or '0')"),
    (choices, "[a for a in xs]", "[a for a in zip(*xs)]"),
    (choices, "sum(a for a, b in xs)", "sum(b * a for a, b in xs)"),
    (choices, "[a for a in xs]", "{a for a in xs}"),
    (idioms, "a // b", "-(-a // b)"),
    (idioms, "(a + c) // b", "(a + c + b - 1) // b"),
    (idioms, "s.split()", "[x.strip() for x in s.split()]"),
    (idioms, "set(xs)", "{x.lower() for x in xs}"),
]


@pytest.mark.parametrize(("family", "before", "after"), CHANGED)
def test_changes(family: Family, before: str, after: str) -> None:
    assert after in one_liners(before, family)


def test_a_raise_comes_where_the_docstring_speaks_of_one() -> None:
    text = """
        def first(xs: list[int]) -> int:
            \"\"\"The first; {}.\"\"\"
            kept = sorted(xs)
            return kept[0]
    """
    guard = "if not xs:\n    raise ValueError\nkept = sorted(xs)"
    for said, found in (("raises ValueError if there is none", True), ("of all", False)):
        before = text.replace("{}", said)
        assert (_with(before, "kept = sorted(xs)", guard) in _reached(flow, before)) is found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("d.setdefault(k, v)", "d[k] = v"),
        ("k = v + 1", "k += 1"),
        ("return f(d, k)", "f(d, k)"),
    ],
)
def test_statements_in_other_words(before: str, after: str) -> None:
    text = f"\ndef f(d, k, v):\n    {before}\n"
    assert syntax(text.replace(before, after)) in _reached(idioms, text)


def test_the_largest_by_value() -> None:
    text = "\ndef f(d: dict[str, int]) -> str:\n    return max(d)\n"
    assert _with(text, "max(d)", "max(d, key=d.get)") in _reached(idioms, text)


def test_recursion_over_what_is_below() -> None:
    text = "\ndef ok(tree):\n    parts = tree[1:]\n    return True\n"
    assert _with(text, "True", "all(ok(x) for x in parts)") in _reached(idioms, text)


def test_types_of_what_loops_bind() -> None:
    context = context_of("""
        def f(text: str, of: dict[str, list[int]], ys: list[float]):
            words = text.split()
            for place, word in enumerate(words):
                pass
            for key, numbers in of.items():
                pass
            for y, line in zip(ys, text.splitlines()):
                pass
    """)
    found = Scope(context).types
    kinds = {n: found.get(n) for n in ("word", "place", "key", "numbers", "y", "line")}
    assert kinds == {
        "word": "str", "place": "int", "key": "str", "numbers": "list", "y": "float", "line": "str",
    }  # fmt: skip


def test_relevant_conditions_are_about_the_given_names() -> None:
    context = context_of(STREAK)
    loop = context.statements[6]
    tests = relevant(Scope(context), ["mark", "rows"], loop)
    assert {"mark", "not mark", "mark in rows", "mark not in rows", "mark == 'x'"} <= set(tests)
    assert not any("angle" in test or "limit" in test for test in tests)
    assert len(tests) == len(set(tests))
