"""Indentation of new code."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from coderepair.edit.layout import relayout, unit_of

CODE = '''\
@cache
def f(x):
  """Doc.

  More.
  """
  # first
  if x:
      text = """
raw
  kept"""
      return (text +
              "tail")  # why
  else:
      # second
      for i in x: print(i)
  return None'''


def test_levels_strings_comments_and_continuations() -> None:
    assert (
        relayout(CODE, "    ", "  ")
        == '''\
  @cache
  def f(x):
      """Doc.

      More.
      """
      # first
      if x:
          text = """
raw
  kept"""
          return (text +
                  "tail")  # why
      else:
          # second
          for i in x: print(i)
      return None'''
    )


@pytest.mark.parametrize("unit", ["\t", "  ", "    ", "        "])
@pytest.mark.parametrize("prefix", ["", "    ", "\t"])
def test_the_meaning_stays(unit: str, prefix: str) -> None:
    def shape(text: str) -> str:
        return ast.dump(ast.parse(text.replace('"""Doc.', '"""').replace("More.", "")))

    moved = relayout(CODE, unit, prefix)
    wrapped = f"if 1:\n{moved}" if prefix else moved
    body = ast.parse(wrapped).body
    function = body[0].body[0] if prefix else body[0]  # type: ignore[attr-defined]
    expected = ast.parse(CODE).body[0]
    for each in (function, expected):
        each.body[0].value.value = "doc"
    assert ast.dump(function) == ast.dump(expected)
    assert relayout(moved, unit, prefix) == moved


def test_units() -> None:
    assert unit_of("def f():\n  return 1") == "  "
    assert unit_of("def f():\n\treturn 1") == "\t"
    assert unit_of(dedent("    def f():\n        return 1")) == "    "
    assert unit_of("    def f():\n          return 1") == "      "
    assert unit_of("def f(): return 1") == "    "
    assert unit_of("def f(:\n") == "    "


def test_what_cannot_be_read_stays() -> None:
    assert relayout("def f(:\n  x", "    ", "") == "def f(:\n  x"
