"""Files that Python cannot parse: what is wrong is found by what the parser says."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coderepair.edit.syntax import compile_error, parsed, readable

FIRST = 3
"""The right text has to be among so many."""
CASES = {
    "colon": ("def f(x)\n    return x\n", "def f(x):\n    return x\n"),
    "colon behind a comment": ("if x  # why\n    y = 1\n", "if x:  # why\n    y = 1\n"),
    "closer": ("y = f(g(x)\nz = 1\n", "y = f(g(x))\nz = 1\n"),
    "closer before a colon": ("if f(x:\n    y = 1\n", "if f(x):\n    y = 1\n"),
    "opener in a word": (
        "n = 3\nfor i in rangen):\n    print(i)\n",
        "n = 3\nfor i in range(n):\n    print(i)\n",
    ),
    "closer too many": ("y = f(x))\n", "y = f(x)\n"),
    "wrong closer": ("y = [1, 2)\n", "y = [1, 2]\n"),
    "quote": ("y = f('a)\n", "y = f('a')\n"),
    "quotes of two kinds": ("y = 'a\"\n", "y = 'a'\n"),
    "comparison": ("if x = 1:\n    y = 2\n", "if x == 1:\n    y = 2\n"),
    "comma": ("y = [1, 2 3]\n", "y = [1, 2, 3]\n"),
    "print": ("print 'a', 1\n", "print('a', 1)\n"),
    "exceptions": (
        "try:\n    f()\nexcept A, B:\n    g()\n",
        "try:\n    f()\nexcept (A, B):\n    g()\n",
    ),
    "typographic quotes": ("y = \u201ca\u201d\n", 'y = "a"\n'),
    "zeros": ("y = 007\n", "y = 7\n"),
    "async": ("def f():\n    await g()\n", "async def f():\n    await g()\n"),
    "block not indented": ("def f(x):\nreturn x\n", "def f(x):\n    return x\n"),
    "long block not indented": (
        "for x in y:\nf(x)\nif x:\n    g(x)\n\n\nh()\n",
        "for x in y:\n    f(x)\n    if x:\n        g(x)\n\n\nh()\n",
    ),
    "line too far right": ("x = 1\n    y = 2\n", "x = 1\ny = 2\n"),
    "line between two levels": (
        "def f():\n    if x:\n        y = 1\n      return y\n",
        "def f():\n    if x:\n        y = 1\n    return y\n",
    ),
    "return outside": ("def f():\n    y = 1\nreturn y\n", "def f():\n    y = 1\n    return y\n"),
    "tabs and spaces": (
        "def f():\n        x = 1\n\treturn x\n",
        "def f():\n        x = 1\n        return x\n",
    ),
    "misspelt keyword": ("def f(x):\n    retrun x\n", "def f(x):\n    return x\n"),
    "misspelt header": ("whlie x:\n    f()\n", "while x:\n    f()\n"),
    "else if": (
        "if x:\n    y = 1\nelse if z:\n    y = 2\n",
        "if x:\n    y = 1\nelif z:\n    y = 2\n",
    ),
    "and of other languages": ("y = a && b\n", "y = a and b\n"),
    "not of other languages": ("y = !a\n", "y = not a\n"),
    "increment": ("x = 0\nx++\n", "x = 0\nx += 1\n"),
    "function": ("function f(x):\n    return x\n", "def f(x):\n    return x\n"),
    "word too many": ("y = = 1\n", "y = 1\n"),
    "two errors": (
        "def f(x)\n    return x\n\n\ndef g(y):\n    retrun y\n",
        "def f(x):\n    return x\n\n\ndef g(y):\n    return y\n",
    ),
}


def _shape(text: str) -> list[tuple[int, str]]:
    """Indentation and signs of each line, whatever the spaces within it."""
    lines = text.split("\n")
    return [(len(line) - len(line.lstrip()), "".join(line.split())) for line in lines]


@pytest.mark.parametrize("name", CASES)
def test_what_was_meant_comes_first(name: str) -> None:
    broken, wanted = CASES[name]
    assert compile_error(broken) is not None
    found = list(islice(parsed(broken), FIRST))
    assert _shape(wanted) in map(_shape, found)


def test_a_file_that_parses_is_left_as_it_is() -> None:
    source = "def f(x):\n    return x\n"
    assert list(parsed(source)) == [source]
    assert readable(source) == source


def test_what_cannot_be_mended_stays() -> None:
    hopeless = "}{ " * 40
    assert list(parsed(hopeless)) == []
    assert readable(hopeless) == hopeless


@settings(max_examples=20, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from(
            ["def f(x):", "    return x", "  if x", "else:", "y = (1", "z = 'a", ")", "\tx ++", ""]
        ),
        max_size=6,
    )
)
def test_every_text_compiles_and_none_comes_twice(lines: list[str]) -> None:
    found = list(islice(parsed("\n".join(lines)), 20))
    assert all(compile_error(text) is None for text in found)
    assert len(set(found)) == len(found)
