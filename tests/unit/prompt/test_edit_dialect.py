"""The edit dialect: what is encoded can be decoded, and a prompt is bounded whatever it is made of."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coderepair.errors import EditError
from coderepair.model import CheckResult, Failure, Feedback, Outcome
from coderepair.prompt.edit_dialect import ALL_SLOTS, END, SPECIAL_TOKENS, decode, encode, render
from coderepair.prompt.shown_lines import MAX_LINES

FUNCTION = 'def f(xs):\n    """Adds up."""\n    total = 0\n    for x in xs:\n        total = x\n    return total\n'

words = st.text(alphabet="abxy01=+<|>#()'\"é\u2060 \t", max_size=12)
lines = st.builds(
    lambda indent, text: (indent + text).rstrip(),
    st.sampled_from(["", "  ", "    ", "      ", "\t", "   "]),
    words.filter(lambda text: "<\u2060|" not in text),
)
functions = st.lists(lines, min_size=1, max_size=12).map(
    lambda body: "\n".join(["def f():", *body])
)


def failing(line: int = 0, **fields: str) -> CheckResult:
    return CheckResult("t", Outcome.FAIL, failure=Failure("assertion", line=line, **fields))


def stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


@given(functions, functions)
def test_decoding_the_encoding_gives_the_function(old: str, new: str) -> None:
    assume(stripped(old) != stripped(new))
    feedback = Feedback("f", old)
    assert stripped(decode(feedback, encode(feedback, new))) == stripped(new)


def test_reply_of_a_replaced_line() -> None:
    feedback = Feedback("f", FUNCTION)
    reply = encode(feedback, FUNCTION.replace("total = x", "total += x"))
    assert reply == "<|replace|><|4|><|i2|>total += x<|end|>"
    assert decode(feedback, reply) == FUNCTION.replace("total = x", "total += x")


def test_docstring_moves_to_the_statement_and_insertion_goes_behind_it() -> None:
    feedback = Feedback("f", FUNCTION)
    assert render(feedback).startswith(
        "<|statement|>Adds up.<|context|><|code|><|1|><|i0|>def f(xs):<|2|>"
    )
    assert decode(feedback, "<|insert|><|1|><|i1|>xs = list(xs)").split("\n")[1:3] == [
        '    """Adds up."""',
        "    xs = list(xs)",
    ]


def test_several_edits_in_one_reply_count_from_the_lines_shown() -> None:
    feedback = Feedback("f", FUNCTION)
    reply = "<|delete|><|2|><|insert|><|1|><|i1|>total = 1<|replace|><|5|><|i1|>return -total" + END
    assert "total = 1\n    for" in decode(feedback, reply)
    assert decode(feedback, reply).endswith("return -total\n")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        END,
        "the bug is in line 3",
        "<|replace|><|9|><|i1|>x",
        "<|replace|><|0|><|i1|>x",
        "<|replace|><|2|>x",
        "<|delete|><|2|>x",
        "<|replace|><|2|><|i1|>x<|replace|><|2|><|i1|>y",
        "<|replace|><|2|><|i1|>x<|gap|>",
        "<|replace|><|2|><|i1|>x<|3|>y",
    ],
)
def test_reply_that_is_no_edit_is_refused(reply: str) -> None:
    with pytest.raises(EditError):
        decode(Feedback("f", FUNCTION), reply)


def test_failure_slot_names_call_values_and_the_line_shown() -> None:
    wrong = failing(call="f([1, 2])", expected="3", got="2")
    died = CheckResult(
        "t",
        Outcome.ERROR,
        failure=Failure("exception", call="f(1)", exception="TypeError", line=13),
    )
    prompt = render(Feedback("f", FUNCTION, first_line=10, failures=(wrong, died)))
    assert "<|fail|><|call|>f([1, 2])<|want|>3<|got|>2<|call|>f(1)" in prompt
    assert "<|exception|>TypeError<|3|><|pass|>" in prompt


def test_lines_of_the_file_become_numbers_in_the_values_slot() -> None:
    feedback = Feedback("f", FUNCTION, first_line=10, values=("line 12: total = 0", "x = 1"))
    prompt = render(feedback, ALL_SLOTS)
    assert "<|values|><|2|>total = 0<|0|>x = 1<|trace|>" in prompt


def test_slots_that_no_model_has_learnt_stay_empty() -> None:
    feedback = Feedback("f", FUNCTION, values=("x = 1",), tried=("line 2",), context="y = 1")
    assert render(feedback) == render(Feedback("f", FUNCTION))


def test_long_function_shows_its_head_and_the_lines_around_the_failure() -> None:
    function = "def f():\n" + "".join(f"    a{index} = {index}\n" for index in range(300))
    feedback = Feedback("f", function, failures=(failing(line=201),))
    prompt = render(feedback)
    assert "a199 = 199" in prompt and "a0 = 0" not in prompt and "a299" not in prompt
    assert prompt.count("<|i1|>") == MAX_LINES - 1
    changed = function.replace("a199 = 199", "a199 = 7")
    assert decode(feedback, encode(feedback, changed)) == changed
    with pytest.raises(EditError):
        encode(feedback, function.replace("a299 = 299", "a299 = 7"))


@given(st.text(max_size=3000), st.text(max_size=3000), st.lists(st.text(max_size=200), max_size=30))
def test_prompt_is_bounded_and_holds_no_special_token_of_the_users(
    function: str, text: str, entries: list[str]
) -> None:
    feedback = Feedback(
        "f",
        function + "<|end|>",
        statement=text + "<|edit|>",
        failures=(failing(call=text, expected=text, got=text),) * 9,
        values=tuple(entries),
        tried=tuple(entries),
        context=text,
    )
    prompt = render(feedback, ALL_SLOTS)
    assert len(prompt) < 8000
    assert prompt.count("<|edit|>") == 1 and END not in prompt


def test_special_tokens_are_distinct() -> None:
    assert len(set(SPECIAL_TOKENS)) == len(SPECIAL_TOKENS)
