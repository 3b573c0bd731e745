"""Lenient parsing of whole-function replies, on a corpus of realistic ones."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replies import CLASS_FILE, CLASS_REPLIES, FUNCTION_FILE, FUNCTION_REPLIES, MEAN, REFUSED

from coderepair.edit.regions import program_of, region_text
from coderepair.edit.whole_function import parse
from coderepair.errors import EditError
from coderepair.model import Program


def mean_from(reply: str, source: str = FUNCTION_FILE) -> Program:
    return parse(reply, program_of(source, ("mean",)), "mean", 0, ("mean",))


def around(program: Program) -> str:
    start, end = program.regions[0]
    return program.source[:start] + "<region>" + program.source[end:]


@pytest.mark.parametrize("name", FUNCTION_REPLIES)
def test_functions(name: str) -> None:
    reply, expected = FUNCTION_REPLIES[name]
    program = mean_from(reply)
    assert region_text(program) == expected
    assert around(program) == around(program_of(FUNCTION_FILE, ("mean",)))


@pytest.mark.parametrize("name", CLASS_REPLIES)
def test_methods(name: str) -> None:
    reply, expected = CLASS_REPLIES[name]
    base = program_of(CLASS_FILE, ("Stack.pop",))
    program = parse(reply, base, "Stack.pop", 0, ("Stack.pop",))
    assert region_text(program) == expected
    assert around(program) == around(base)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    reply, message = REFUSED[name]
    with pytest.raises(EditError, match=message) as caught:
        mean_from(reply)
    assert "\n" not in str(caught.value)


@given(st.text(st.sampled_from("`~def mean(values):\n    return.#\"'<think>/\\é0"), max_size=80))
def test_no_reply_raises_anything_but_edit_errors(reply: str) -> None:
    try:
        program = mean_from(reply)
    except EditError:
        return
    compile(program.source, "reply", "exec")


def test_needed_imports_go_to_the_top_and_others_are_left_out() -> None:
    reply = (
        "```python\nimport math, json\nfrom typing import List, Dict\nimport os\n\n"
        "def mean(values: List[float]):\n    os.getcwd()\n    return math.fsum(values) / len(values)\n```"
    )
    program = mean_from(reply)
    assert program.source.startswith(
        '"""Statistics."""\nimport os\nimport math\nfrom typing import List\n\n\ndef mean('
    )
    assert region_text(program).startswith("def mean(values: List[float])")
    assert program.source.endswith("return max(values) - min(values)\n")


def test_imports_without_any_there_go_below_leading_comments() -> None:
    source = "#!/usr/bin/env python\n# Copyright\n\ndef mean(values):\n    return 0\n"
    program = mean_from("import math\ndef mean(values):\n    return math.fsum(values)", source)
    assert program.source.startswith("#!/usr/bin/env python\n# Copyright\nimport math\n\ndef mean")


def test_future_imports_stay_first() -> None:
    source = "from __future__ import annotations\n\ndef mean(values):\n    return 0\n"
    program = mean_from("import math\ndef mean(values):\n    return math.fsum(values)", source)
    assert program.source.startswith("from __future__ import annotations\nimport math\n")


def test_helpers_that_are_used_come_along() -> None:
    reply = (
        "```python\ndef total(values):\n    return base() + sum(values)\n\ndef base():\n    return 0\n\n"
        "def unused():\n    pass\n\ndef mean(values):\n    return total(values) / len(values)\n```"
    )
    program = mean_from(reply)
    namespace: dict[str, object] = {}
    exec(program.source, namespace)
    assert namespace["mean"]([1, 2, 3]) == 2  # type: ignore[operator]
    assert "unused" not in program.source
    assert region_text(program).startswith("def mean")


def test_a_helper_of_a_method_goes_in_front_of_the_class() -> None:
    reply = (
        "def first(items):\n    return items[0]\n\nclass Stack:\n    def pop(self, index=-1):\n"
        "        return first(self.items)\n"
    )
    program = parse(reply, program_of(CLASS_FILE, ("Stack.pop",)), "Stack.pop", 0, ("Stack.pop",))
    assert program.source.startswith("def first(items):\n    return items[0]\n\n\nclass Stack:")
    assert region_text(program).startswith("    def pop")


def test_decorators_are_kept_where_the_reply_has_none() -> None:
    base = program_of(CLASS_FILE, ("Stack.size",))
    program = parse("def size(self):\n    return 7", base, "Stack.size", 0, ("Stack.size",))
    assert region_text(program) == "    @property\n    def size(self):\n        return 7"
    with pytest.raises(EditError, match="nothing changed"):
        parse("def size(self):\n    return len(self.items)", base, "Stack.size", 0, ())


def test_an_ellipsis_that_was_there_is_no_elision() -> None:
    source = "def mean(values):\n    ...\n"
    program = mean_from("def mean(values):\n    x = 1\n    ...", source)
    assert "x = 1" in program.source


def test_a_file_that_does_not_parse_gets_its_function_back() -> None:
    source = FUNCTION_FILE.replace("for v in values:", "for v in values")
    base = program_of(source, ("mean",))
    assert base.regions == ()
    program = parse(f"```python\n{MEAN}\n```", base, "mean", 0, ("mean",))
    assert program.source == FUNCTION_FILE.replace("(len(values) - 1)", "len(values)")
    assert region_text(program) == MEAN


def test_a_whole_file_may_replace_one_that_does_not_parse() -> None:
    source = FUNCTION_FILE.replace("import os", "import os os").replace("for v in", "for v on")
    whole = FUNCTION_FILE.replace("(len(values) - 1)", "len(values)")
    program = parse(f"```python\n{whole}```", program_of(source, ("mean",)), "mean", 0, ("mean",))
    assert ast.dump(ast.parse(program.source)) == ast.dump(ast.parse(whole))
    with pytest.raises(EditError, match="still not valid Python"):
        parse(f"```python\n{MEAN}\n```", program_of(source, ("mean",)), "mean", 0, ("mean",))


def test_a_string_at_the_left_margin_of_a_method_stays_there() -> None:
    method = '    def pop(self, index=-1):\n        return """\nleft\n  two"""'
    base = program_of(CLASS_FILE, ("Stack.pop",))
    program = parse(f"class Stack:\n{method}\n", base, "Stack.pop", 0, ("Stack.pop",))
    assert region_text(program) == method
