"""Bug injection: what comes out is Python, wrong in one place, and otherwise the text that went in."""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from random import Random

import pytest
from coderepair_training.mutation import MUTATORS, BugClass, inject
from coderepair_training.syntax import FunctionText

SOURCE = '''import math

LIMIT = 3


def running(values: list[int], start: int = 0, *, skip=None) -> list[int]:
    """Sums so far, of the values that are not skipped."""
    total = start  # a comment that must stay
    result = []
    for index, value in enumerate(values):
        if skip is not None and value == skip:
            continue
        if value < 0 or not index % 7:
            total -= abs(value) + 1
        elif value > 100:
            return sorted(result)[1:]
        else:
            total += value * 2
        result.append(max(total, start))
    name = "total".upper()
    return [x - 1 for x in result if x != LIMIT] or [len(name), math.floor(2.5)]
'''


def test_mutants_parse_and_differ_and_keep_the_text_around() -> None:
    for seed in range(300):
        injection = inject(SOURCE, Random(seed), 1)
        assert injection is not None
        assert ast.dump(ast.parse(injection.source)) != ast.dump(ast.parse(SOURCE))
        assert injection.before_last == SOURCE
        kept = difflib.SequenceMatcher(
            None, SOURCE.splitlines(), injection.source.splitlines(), autojunk=False
        )
        assert kept.ratio() > 0.8
        assert injection.source.startswith(SOURCE[: SOURCE.index("    total = start")])


def test_every_class_is_injected_in_about_its_published_share() -> None:
    drawn = Counter(
        injection.classes[0]
        for seed in range(600)
        if (injection := inject(SOURCE, Random(seed), 1)) is not None
    )
    assert set(drawn) == set(BugClass)
    assert drawn[BugClass.VALUE] > drawn[BugClass.FUNCTION] * 2
    assert 0.12 < drawn[BugClass.MISSING] / drawn.total() < 0.3


def test_same_seed_gives_the_same_bug() -> None:
    assert inject(SOURCE, Random(5), 2) == inject(SOURCE, Random(5), 2)


def test_several_bugs_go_through_a_program_with_fewer() -> None:
    injection = inject(SOURCE, Random(1), 3)
    assert injection is not None and len(injection.classes) == 3
    assert injection.before_last not in (SOURCE, injection.source)


@pytest.mark.parametrize(
    ("bug_class", "before", "after"),
    [
        (BugClass.OPERATOR, "return a < b", "return a <= b"),
        (BugClass.VALUE, "return a + 1", "return a + 2"),
        (BugClass.VARIABLE, "return a + a", "return b + a"),
        (BugClass.FUNCTION, "return min(a, b)", "return max(a, b)"),
        (BugClass.MISSING, "return abs(a - b) * 2", "return (a - b) * 2"),
        (BugClass.MISSING, "return [x for x in a if x > b]", "return [x for x in a]"),
        (BugClass.MISSING, "return a > 0 and b > 0", "return a > 0"),
        (BugClass.EXCESS, "return range(a, b)", "return range(a, b + 1)"),
    ],
)
def test_typical_mistake_is_among_the_mutants(bug_class: BugClass, before: str, after: str) -> None:
    source = f"def f(a, b):\n    {before}\n"
    found = {splice.apply(source) for splice in MUTATORS[bug_class](FunctionText(source))}
    assert f"def f(a, b):\n    {after}\n" in found


def test_missing_logic_drops_statements_guards_and_branches() -> None:
    source = "def f(a):\n    if a:\n        return 1\n    b = 2\n    b += 1\n    return b\n"
    found = {splice.apply(source) for splice in MUTATORS[BugClass.MISSING](FunctionText(source))}
    assert source.replace("    if a:\n        return 1\n", "") in found
    assert source.replace("    b += 1\n", "") in found
    assert source.replace("    if a:\n        return 1\n", "    return 1\n") in found


def test_columns_count_characters_not_bytes() -> None:
    source = 'def f(a):\n    return "é" + a if a < 3 else "ö"\n'
    mutants = {splice.apply(source) for splice in MUTATORS[BugClass.OPERATOR](FunctionText(source))}
    assert source.replace("a < 3", "a <= 3") in mutants


def test_text_that_is_no_python_cannot_be_mutated() -> None:
    assert inject("def f(:", Random(0)) is None
    assert inject("x = 1", Random(0)) is None
