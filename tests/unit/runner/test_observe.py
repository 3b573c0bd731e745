"""What a run tells of edits that were not run, and that it is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.edit.regions import program_of, region_text, replace_region
from coderepair.model import CheckResult, Observations, Outcome, Program, Site, Task, TestReport
from coderepair.propose.edits import compiles
from coderepair.propose.evidence import gather, keeps, mends
from coderepair.propose.operators import Edit, FunctionContext, Scope, Surroundings, enumerate_edits
from coderepair.propose.sites import Sites, Spot
from coderepair.runner.child.sameness import fingerprint, same
from tests.projects import LIMITS, Project

CLAMP = """\
def clamp(x, low, high):
    if x < low:
        return high
    return min(x, high)
"""
CLAMP_TESTS = """
from solution import clamp

def test_below():
    assert clamp(-1, 0, 5) == 0

def test_above():
    assert clamp(9, 0, 5) == 5

def test_inside():
    assert clamp(3, 0, 5) == 3
"""
SPANS = '''\
def spans(xs, gap):
    """Runs of numbers that lie at most `gap` apart, as [first, last]."""
    found = []
    for x in sorted(xs):
        if found and x - found[-1][1] < gap:
            found[-1][1] = x
        else:
            found.append([x, x])
    return found
'''
SPANS_TESTS = """
from solution import spans

def test_cases():
    assert spans([], 2) == []
    assert spans([1], 2) == [[1, 1]]
    assert spans([3, 1, 9], 2) == [[1, 3], [9, 9]]
    assert spans([1, 2, 3], 1) == [[1, 3]]
"""
DEPTH = """\
def depth(tree):
    best = 0
    for child in tree:
        best = max(best, depth(child))
    return best
"""
DEPTH_TESTS = """
import unittest
from solution import depth

class TestDepth(unittest.TestCase):
    def test_flat(self):
        self.assertEqual(depth([]), 1)
    def test_deep(self):
        self.assertEqual(depth([[], [[]]]), 3)
"""


atoms = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 0.5, float("nan"), float("nan")])
    | st.sampled_from("ab")
)
values = st.recursive(atoms, lambda below: st.lists(below, max_size=3) | st.tuples(below, below))


def _task(project: Project, source: str, tests: str) -> Task:
    project.write("solution.py", source)
    project.write("test_solution.py", tests)
    return project.task("test_solution.py")


def _whole(source: str) -> Program:
    return program_of(source, (source[4 : source.index("(")],))


def _context(program: Program) -> FunctionContext:
    return FunctionContext(region_text(program), Surroundings())


def _letters(project: Project, tests: str, source: str, edits: list[Edit]) -> list[dict[str, str]]:
    """For each edit its letter in each check, by the last part of the check's id."""
    task, program = _task(project, source, tests), _whole(source)
    sites = Sites(_context(program))
    spots = [sites.place(edit) for edit in edits]
    told = project.runner.observe(task, program, sites.sites(), LIMITS)
    return [
        {check.rpartition("::")[2]: _letter(told, check, spot) for check in told}
        for spot in spots
        if spot is not None
    ]


def _letter(told: Observations, check: str, spot: Spot) -> str:
    letter = told[check].get(spot.site, "")[spot.alternative :][:1] or "="
    return letter if letter.isascii() else "d"


def _edit(source: str, old: str, new: str) -> Edit:
    """`old` becomes `new`, without the words that both begin with."""
    context = _context(_whole(source))
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if len(set(pair)) > 1), len(old)
    )
    shared = old.rfind(" ", 0, same) + 1
    start, end = context.text.index(old) + shared, context.text.index(old) + len(old)
    return Edit("test", context.function, ((start, end, new[shared:]),), old, new)


def test_a_returned_value_is_compared_with_the_expected_one(project: Project) -> None:
    changes = [
        ("return high", "return low"),
        ("return high", "return x"),
        ("return min(x, high)", "return max(x, high)"),
        ("if x < low", "if x <= low"),
        ("if x < low", "if x < y"),
    ]
    edits = [_edit(CLAMP, old, new) for old, new in changes]
    assert _letters(project, CLAMP_TESTS, CLAMP, edits) == [
        {"test_below": "x", "test_above": "=", "test_inside": "="},
        {"test_below": "m", "test_above": "=", "test_inside": "="},
        {"test_below": "=", "test_above": "o", "test_inside": "o"},
        {"test_below": "=", "test_above": "=", "test_inside": "="},
        {"test_below": "r", "test_above": "r", "test_inside": "r"},
    ]


def test_an_inserted_guard_counts_where_it_would_be_entered(project: Project) -> None:
    context = _context(_whole(CLAMP))
    at = context.text.index("    if")
    guards = ["    if x > high:\n        return high\n", "    if low == 0:\n        return low\n"]
    edits = [Edit("test", context.function, ((at, at, text),), "", text) for text in guards]
    assert _letters(project, CLAMP_TESTS, CLAMP, edits) == [
        {"test_below": "=", "test_above": "=", "test_inside": "="},
        {"test_below": "x", "test_above": "o", "test_inside": "o"},
    ]


def test_sites_inside_a_recursion_do_not_decide_the_check(project: Project) -> None:
    (letters,) = _letters(
        project, DEPTH_TESTS, DEPTH, [_edit(DEPTH, "return best", "return best + 1")]
    )
    assert letters == {"test_flat": "x", "test_deep": "d"}


@pytest.mark.parametrize(
    ("source", "tests"), [(CLAMP, CLAMP_TESTS), (SPANS, SPANS_TESTS), (DEPTH, DEPTH_TESTS)]
)
def test_what_was_told_comes_true_when_the_edits_are_run(
    project: Project, source: str, tests: str
) -> None:
    task, program = _task(project, source, tests), _whole(source)
    context = _context(program)
    sites = Sites(context)
    placed = [
        (edit, spot)
        for edit in enumerate_edits(context, Scope(context))
        if (spot := sites.place(edit)) is not None and compiles(edit.apply(context.text))
    ]
    told = project.runner.observe(task, program, sites.sites(), LIMITS)
    some = placed[:: max(1, len(placed) // 120)]
    programs = [replace_region(program, 0, edit.apply(context.text)) for edit, _ in some]
    before, *after = project.runner.run(task, [program, *programs], LIMITS)
    seen = set()
    for (edit, spot), report in zip(some, after, strict=True):
        for was, now in zip(before.checks, report.checks, strict=True):
            letter = _letter(told, was.id, spot)
            seen.add(letter)
            told_true = _agrees(letter, was, now)
            assert told_true, f"{edit.kind} {edit.old!r} -> {edit.new!r}: {letter} in {was.id}"
    assert len(some) > 50
    assert {"=", "r"} < seen


def _agrees(letter: str, was: CheckResult, now: CheckResult) -> bool:
    passed, passes = was.outcome is Outcome.PASS, now.outcome is Outcome.PASS
    if letter == "=":
        return passed == passes
    if letter == "x":
        return passes
    return not passes if letter in ("m", "r") or (letter == "o" and passed) else True


def test_an_observed_program_that_hangs_or_breaks_tells_what_it_can(project: Project) -> None:
    hangs = CLAMP.replace("    return min", "    while x > high:\n        pass\n    return min")
    edit = _edit(hangs, "x > high", "x > low")
    (letters,) = _letters(project, CLAMP_TESTS, hangs, [edit])
    assert letters["test_inside"] == "d"
    assert letters.get("test_above", "=") == "="


def test_a_site_that_is_not_in_the_program_is_never_visited(project: Project) -> None:
    task, program = _task(project, CLAMP, CLAMP_TESTS), _whole(CLAMP)
    site = Site((90, 0, 90, 5, "Name"), "at", "value", "x", (("y", ""),))
    told = project.runner.observe(task, program, [site], LIMITS)
    assert len(told) == 3
    assert not any(told.values())


@pytest.mark.parametrize(
    ("letters", "words"),
    [("xx", "all"), ("x=", "some"), ("dd", "may"), ("d=", "may some"), ("do", "may"),
     ("==", "same"), ("=r", "misses"), ("mm", "misses"), ("??", "unknown")],
)  # fmt: skip
def test_what_an_edit_does_to_failing_checks(letters: str, words: str) -> None:
    assert mends(letters) == words


@pytest.mark.parametrize(
    ("letters", "words"),
    [("", "none"), ("==", "all"), ("=d", "changes few"), ("ddd=", "changes most"),
     ("=or=", "breaks few"), ("oo=", "breaks most"), ("??", "unknown")],
)  # fmt: skip
def test_what_an_edit_does_to_passing_checks(letters: str, words: str) -> None:
    assert keeps(letters) == words


def test_evidence_of_edits(project: Project) -> None:
    task, program = _task(project, CLAMP, CLAMP_TESTS), _whole(CLAMP)
    (report,) = project.runner.run(task, [program], LIMITS)
    good, idle = _edit(CLAMP, "return high", "return low"), _edit(CLAMP, "x < low", "x <= low")

    def observe(sites: object) -> Observations:
        return project.runner.observe(task, program, sites, LIMITS)  # type: ignore[arg-type]

    found = gather(observe, report, _context(program), [good, idle])
    assert {edit: known[:2] for edit, known in found.items()} == {
        good: ("all", "all"),
        idle: ("same", "all"),
    }
    assert [found[edit].idle for edit in (good, idle)] == [False, True]
    assert gather(observe, TestReport(()), _context(program), [good]) == {}


def _alike(project: Project, source: str, tests: str, *edits: tuple[str, str]) -> list[Hashable]:
    """Which of some edits put the same values there."""
    task, program = _task(project, source, tests), _whole(source)
    (report,) = project.runner.run(task, [program], LIMITS)
    listed = [_edit(source, *each) for each in edits]
    observe = partial(project.runner.observe, task, program, limits=LIMITS)
    found = gather(observe, report, _context(program), listed)
    return [found[edit].alike for edit in listed]


def test_edits_with_the_same_values_are_alike(project: Project) -> None:
    plus, other, more, bool_ = _alike(
        project, SPANS, SPANS_TESTS,
        ("x - found[-1][1] < gap", "x - found[-1][1] < gap + 1"),
        ("x - found[-1][1] < gap", "x - found[-1][1] <= gap"),
        ("x - found[-1][1] < gap", "x - found[-1][1] < gap + 9"),
        ("[-1][1] = x", "[-1][1] = x > 0"),
    )  # fmt: skip
    assert plus == other is not None
    assert len({plus, more, bool_}) == 3


def test_values_are_followed_beyond_the_first_difference(project: Project) -> None:
    source = "def total(xs):\n    sum_ = 0\n    for x in xs:\n        sum_ += x\n    return sum_\n"
    tests = "from solution import total\n\ndef test():\n    assert total([2, 2, 5]) == 33\n"
    twice, squared, power = _alike(
        project, source, tests, ("+= x", "+= x + x"), ("+= x", "+= x * x"), ("+= x", "+= x ** 2")
    )
    assert squared == power != twice


def test_guards_are_alike_only_if_they_leave_alike(project: Project) -> None:
    source = SPANS.replace("        if found and", "        pass\n        if found and")
    at = source.index("        pass\n")
    guards = [
        f"if {condition}:\n            {word}\n"
        for condition, word in (("x > 3", "continue"), ("x >= 4", "continue"), ("x > 3", "break"))
    ]
    context = _context(_whole(source))
    edits = [
        Edit("insert.skip", context.function, ((at, at, f"        {guard}"),), "", guard)
        for guard in guards
    ]
    task, program = _task(project, source, SPANS_TESTS), _whole(source)
    (report,) = project.runner.run(task, [program], LIMITS)
    observe = partial(project.runner.observe, task, program, limits=LIMITS)
    found = gather(observe, report, context, edits)
    one, two, three = (found[edit].alike for edit in edits)
    assert one == two
    assert one != three


@given(values, values)
def test_fingerprints_are_those_of_values_that_are_the_same(one: object, other: object) -> None:
    prints = fingerprint(one), fingerprint(other)
    if None not in prints:
        assert (prints[0] == prints[1]) == same(one, other)


def test_large_deep_and_foreign_values_have_no_fingerprint() -> None:
    for value in (list(range(21)), "x" * 401, [[[[[]]]]], Counter("a"), object()):
        assert fingerprint(value) is None
