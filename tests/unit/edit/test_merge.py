"""Three-way merge: both edits are there, neither is invented, and what overlaps is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coderepair.edit.merge import merge
from coderepair.edit.regions import program_of
from coderepair.model import Program

FILE = "A = 1\n\n\ndef f(x, y):\n    return x + y\n\n\ndef g(x):\n    return x * 3\n"
BASE = program_of(FILE, ("f", "g"))
WORDS = st.lists(st.sampled_from(["a", "b", " ", "+", "\n"]), max_size=12)


def _with(old: str, new: str, base: Program = BASE) -> Program:
    return program_of(base.source.replace(old, new, 1), ("f", "g"))


def test_edits_of_two_functions_come_together() -> None:
    both = merge(BASE, _with("x + y", "x - y"), _with("* 3", "* 2"))
    assert both == _with("* 3", "* 2", _with("x + y", "x - y"))


def test_edits_of_one_line_come_together() -> None:
    both = merge(BASE, _with("return x", "return -x"), _with("+ y", "+ y + 1"))
    assert both == _with("x + y", "-x + y + 1")


def test_edits_of_one_place_are_refused() -> None:
    assert merge(BASE, _with("x + y", "x - y"), _with("x + y", "x * y")) is None
    assert merge(BASE, _with("+ y", "+ y + 1"), _with("+ y", "+ y + 2")) is None


def test_programs_with_other_regions_are_refused() -> None:
    assert merge(BASE, BASE, program_of(FILE, ("f",))) is None


@given(base=WORDS, ours=WORDS, theirs=WORDS)
def test_laws(base: list[str], ours: list[str], theirs: list[str]) -> None:
    a, b, c = (Program("".join(words)) for words in (base, ours, theirs))
    assert merge(a, b, b) == merge(a, a, b) == merge(a, b, a) == b
    assert merge(a, b, c) == merge(a, c, b)


@given(left=WORDS, right=WORDS, ours=WORDS, theirs=WORDS)
def test_changes_apart_are_both_kept(
    left: list[str], right: list[str], ours: list[str], theirs: list[str]
) -> None:
    def program(first: list[str], second: list[str]) -> Program:
        return Program("".join(first) + " MIDDLE of it all " + "".join(second))

    both = merge(program(left, right), program(ours, right), program(left, theirs))
    assert both == program(ours, theirs)
