"""Functions that share a name: which of them may change."""

from __future__ import annotations

import pytest

from coderepair.edit.regions import program_of, region_text
from coderepair.errors import EditError

PROPERTY = """\
class Box:
    @property
    def size(self):
        return self._size

    @size.setter
    def size(self, value):
        self._size = value
"""
TWICE = """\
def f(x):
    return 1


def f(x):
    return 2
"""
EITHER = """\
try:
    import fast

    def f(x):
        return fast.f(x)
except ImportError:

    def f(x):
        return x
"""


def regions(source: str, *targets: str) -> list[str]:
    program = program_of(source, targets)
    return [region_text(program, index) for index in range(len(program.regions))]


def test_getter_and_setter_may_both_change() -> None:
    getter, setter = regions(PROPERTY, "Box.size")
    assert getter.startswith("    @property\n") and getter.endswith("return self._size")
    assert setter.startswith("    @size.setter\n") and setter.endswith("self._size = value")


def test_the_last_of_plain_definitions_counts() -> None:
    assert regions(TWICE, "f") == ["def f(x):\n    return 2"]


def test_definitions_for_different_cases_count_all() -> None:
    assert [text.split()[-1] for text in regions(EITHER, "f")] == ["fast.f(x)", "x"]


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(EditError, match="no function g"):
        program_of(TWICE, ("g",))
