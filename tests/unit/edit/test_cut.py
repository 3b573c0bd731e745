"""Cutting functions out of text that Python cannot parse."""

from __future__ import annotations

from coderepair.edit.cut import cut_functions

GOOD = "def f(x):\n    return (x +\n            1)"


def test_prose_on_both_sides() -> None:
    text = f"The fix: it's easy.\n\n{GOOD}\n\nThat's it, isn't it? (see above"
    assert [each.rstrip() for each in cut_functions(text, "f")] == [GOOD]


def test_broken_code_in_front() -> None:
    assert GOOD in cut_functions(f"x = = 3\nprint 'a'\n{GOOD}\n", "f")


def test_decorators_and_indentation_belong_to_it() -> None:
    method = "    @property\n    def f(self):\n        return 1"
    found = cut_functions(f"class A(:\n{method}\n", "f")
    assert [each.rstrip() for each in found] == [method]


def test_other_names_and_no_functions() -> None:
    assert cut_functions(GOOD, "g") == []
    assert cut_functions("", "f") == []
    assert cut_functions("nothing here ``` at all", "f") == []


def test_every_definition_in_order_and_async_ones() -> None:
    text = f"{GOOD}\n\n???\n\nasync def f(x):\n    return 2\n"
    found = cut_functions(text, "f")
    assert found[0].startswith("def f")
    assert found[1].startswith("async def f")


def test_text_that_is_not_ascii() -> None:
    text = "Grüße – “fix”:\n\ndef f(x):\n    return 'é'\n\nGrüße"
    assert [each.rstrip() for each in cut_functions(text, "f")] == ["def f(x):\n    return 'é'"]
