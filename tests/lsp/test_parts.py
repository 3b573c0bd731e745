"""Parts of the server that need no process."""

from __future__ import annotations

import re

import pytest
from coderepair_lsp import options
from coderepair_lsp.edits import text_edits
from coderepair_lsp.places import Hunk, hunk_between
from coderepair_lsp.workspace import Document, split_lines
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from tests.lsp.client import applied

CODEC = PositionCodec(types.PositionEncodingKind.Utf16)
LINES = st.lists(st.sampled_from(["a", "b\f", "", "\U0001f600 = 1", "\u2028x", "  y"]), max_size=8)


def change(text: str, new: str) -> str:
    for edit in reversed(text_edits(text, new, CODEC)):
        plain = {
            "range": {
                name: {"line": position.line, "character": position.character}
                for name, position in (("start", edit.range.start), ("end", edit.range.end))
            },
            "newText": edit.new_text,
        }
        text = applied(text, plain)
    return text


@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_edits_turn_the_old_text_into_the_new_one(
    old: list[str], new: list[str], newline: str, old_ends: bool, new_ends: bool
) -> None:
    before = newline.join(old) + newline * old_ends
    after = "\n".join(new) + "\n" * new_ends
    assert change(before, after).replace("\r\n", "\n") == after


def test_edits_touch_only_what_differs() -> None:
    old = "".join(f"line {number}\r\n" for number in range(100))
    (edit,) = text_edits(old, old.replace("\r\n", "\n").replace("line 50\n", "changed\n"), CODEC)
    assert (edit.range.start.line, edit.range.end.line) == (50, 51)
    assert edit.new_text == "changed\r\n"


def test_the_end_of_a_last_line_counts_utf_16_units() -> None:
    (edit,) = text_edits("x\n'\U0001f600'", "x\ny", CODEC)
    assert edit.range.end == types.Position(1, 4)


@given(st.text(st.sampled_from("ab\n\r\f\u2028\v\x1c"), max_size=20))
def test_lines_are_those_of_the_protocol(text: str) -> None:
    expected = re.split(r"\r\n|\n|\r", text)
    if not expected[-1]:
        del expected[-1]
    assert "".join(split_lines(text)) == text
    assert [line.rstrip("\r\n") for line in split_lines(text)] == expected


def test_an_edit_below_a_form_feed_lands_where_it_should() -> None:
    document = Document("file:///a.py", "a = 1\n\f\nb = 2\n", 1, position_codec=CODEC)
    where = types.Range(types.Position(2, 4), types.Position(2, 5))
    document.apply_change(types.TextDocumentContentChangePartial(range=where, text="3"))
    assert document.source == "a = 1\n\f\nb = 3\n"


@pytest.mark.parametrize(("line", "expected"), [(0, 0), (2, 2), (3, 3), (4, 4), (5, 4), (9, 8)])
def test_lines_move_with_an_edit_above_them(line: int, expected: int) -> None:
    assert Hunk(2, 5, 2).moved(line) == expected


@given(LINES, LINES)
def test_the_hunk_between_two_texts_is_where_they_differ(old: list[str], new: list[str]) -> None:
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    hunk = hunk_between(before, after)
    left, right = split_lines(before), split_lines(after)
    assert left[: hunk.first] == right[: hunk.first]
    assert left[hunk.end :] == right[hunk.first + hunk.count :]


def test_client_settings_become_settings_of_the_core() -> None:
    found = options.settings(
        {
            "maxCandidates": 7,
            "interpreter": "/usr/bin/python3",
            "model": "",
            "proposers": ["operators"],
            "codeLens": False,
            "tests": ["tests/*.py"],
            "trace": {"server": "off"},
        }
    )
    assert found.flags == {
        "max_candidates": 7,
        "python": "/usr/bin/python3",
        "proposers": ("operators",),
    }
    assert not found.code_lens
    assert found.tests == ("tests/*.py",)


def test_a_client_that_sends_no_options_is_trusted_and_has_no_commands() -> None:
    found = options.start(None)
    assert found.trusted
    assert not found.client_commands
    assert not options.start({"trusted": False}).trusted
