"""What a generated test says, and from which calls it begins."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.edit.regions import FunctionNode
from coderepair.errors import UsageError
from coderepair.runner.calling import Call
from coderepair.runner.child.made_calls import shown
from coderepair.task import pin_tests
from coderepair.testgen.cases import HEADER, Case, claimed, is_generated, observed, render
from coderepair.testgen.known import call_of, calls_in, known
from coderepair.testgen.mutants import fewest, mutants
from coderepair.testgen.starts import MOST, from_signature

CALL = Call("f", "([1],)")
NONE: frozenset[str] = frozenset()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def signature(text: str) -> FunctionNode:
    (node,) = ast.parse(f"def f({text}): pass").body
    assert isinstance(node, FunctionNode)
    return node


@pytest.mark.parametrize(
    ("outcome", "body"),
    [
        ("3", ("assert f([1]) == 3",)),
        ("True", ("assert f([1]) is True",)),
        ("None; ([1],)", ("assert f([1]) is None",)),
        ("None; ([],)", ("args = ([1],)", "f(*args)", "assert args == ([],)")),
        ("0.333333333", ("assert f([1]) == pytest.approx(0.333333333)",)),
        ("!ValueError", ("with pytest.raises(ValueError):", "    f([1])")),
        ("!IndexError", ()),
        ("!timeout", ()),
        ("", ()),
        ("<generator object>", ()),
        ("'aaa... (0123456789ab)", ()),
    ],
)
def test_what_was_observed_becomes_a_claim(outcome: str, body: tuple[str, ...]) -> None:
    assert observed(CALL, outcome, frozenset({"ValueError"})) == body


@given(VALUES)
def test_a_claim_holds_for_the_value_it_was_made_of(value: object) -> None:
    for line in observed(CALL, shown(value), NONE) if value is not None else claimed(CALL, "None"):
        exec(line, {"f": lambda _: value})


def test_a_file_of_generated_tests_says_what_each_is_and_that_they_prove_nothing(
    tmp_path: Path,
) -> None:
    cases = [
        Case("test_f_1", CALL, ("assert f([1]) == 1",), "docstring example"),
        Case("test_f_2", CALL, ("with pytest.raises(ValueError):", "    f([1])")),
    ]
    path = tmp_path / "test_it.py"
    path.write_text(render("pkg.mod", cases))
    text = path.read_text()
    assert text.startswith(HEADER)
    assert "import pytest\n\nfrom pkg.mod import f\n" in text
    assert (
        "def test_f_1():\n    # known intent: docstring example\n    assert f([1]) == 1\n" in text
    )
    assert "def test_f_2():\n    # observed behaviour\n    with pytest.raises" in text
    ast.parse(text)
    assert is_generated(path)
    with pytest.raises(UsageError, match="proves nothing"):
        pin_tests([f"{path}::test_f_1"])


def test_generated_tests_in_a_folder_are_passed_over_and_count_once_read(tmp_path: Path) -> None:
    generated, own = tmp_path / "test_made.py", tmp_path / "test_own.py"
    generated.write_text(render("m", [Case("test_f_1", CALL, ("assert f([1]) == 1",))]))
    own.write_text("def test_it(): pass\n")
    assert [test.path for test in pin_tests([tmp_path])] == [str(own)]
    generated.write_text(generated.read_text().replace(HEADER, ""))
    assert len(pin_tests([tmp_path])) == 2
    assert not is_generated(tmp_path / "none.py")


def test_examples_and_asserts_are_known_intent() -> None:
    examples = [
        ">>> f(1)",
        "2",
        ">>> f(0)",
        "Traceback (most recent call last):",
        "...",
        "ValueError",
    ]
    lines = [
        "def f(x):",
        '    """F.',
        "",
        *(f"    {line}" for line in [*examples, ">>> f(3)"]),
        '    """',
    ]
    source = "\n".join(lines) + "\n"
    asserts = ["f(5, k='a') == [6]", "f(x) == 1", "f(1) == 9"]
    tests = {"test_m.py": "\n".join(f"assert {each}" for each in asserts)}
    found = known("/x/m.py", source, tests)
    assert found == {
        Call("f", "(1,)"): ("2", "docstring example"),
        Call("f", "(3,)"): ("None", "docstring example"),
        Call("f", "(5,)", "{'k': 'a'}"): ("[6]", "an assert of test_m.py"),
    }


def test_calls_with_anything_but_literals_are_left_out() -> None:
    text = "f(1)\nf(y)\nm.f(2)\nf(*[1])\nf(**{})\ng([f(-3)])\n"
    assert list(calls_in([text, "def ("])) == [Call("f", "(1,)"), Call("f", "(-3,)")]
    assert call_of(ast.parse("1 + 1").body[0]) is None


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ("n: int", "(3,)"),
        ("n: 'int'", "(3,)"),
        ("xs: list[int], k: int = 2", "([3, 0, 1, -2, 10], 2)"),
        ("t: tuple[int, str]", "((3, 'abc'),)"),
        ("t: typing.Optional[str]", "(None,)"),
        ("d: dict[str, int] | None", "({'abc': 3, '': 0, 'a b': 1, 'Hello, World': -2},)"),
        ("x, /, y: bool", "(3, True)"),
        ("xs: Sequence[int]", "([3, 0, 1, -2, 10],)"),
        ("", "()"),
    ],
)
def test_first_calls_follow_the_signature(parameters: str, call: str) -> None:
    found = from_signature(signature(parameters))
    assert Call("f", call) in found
    assert len(found) == len(set(found)) <= MOST


def test_a_function_that_needs_names_is_not_guessed_at() -> None:
    assert from_signature(signature("*, key")) == []
    assert from_signature(signature("x, *, key=1")) != []


def test_mutants_are_small_changes_and_the_same_for_a_seed() -> None:
    source = "import os\n\ndef f(x):\n    return x + 1\n\ndef g():\n    return 2\n"
    found = mutants(source, "f", 0)
    assert found == mutants(source, "f", 0)
    assert len({each.source for each in found}) == len(found) > 10
    assert all(each.source.endswith("def g():\n    return 2\n") for each in found)
    assert source not in {each.source for each in found}


SETS = st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.integers(0, 9)), min_size=1)


@given(SETS, st.integers(1, 6))
def test_the_fewest_notice_all_that_any_does(
    noticing: dict[str, frozenset[int]], most: int
) -> None:
    found = fewest(noticing, sorted(noticing), most)
    assert len(found) <= most
    everything = frozenset[int]().union(*noticing.values())
    seen = frozenset[int]().union(*(noticing[name] for name in found))
    assert len(found) == most or seen == everything
    for place, name in enumerate(found):
        before = frozenset[int]().union(*(noticing[other] for other in found[:place]))
        assert noticing[name] - before
