"""Bytes outside an edit survive it, whatever the encoding and the newlines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair import textfile
from coderepair.errors import EngineError, UsageError

HERE = Path("solution.py")
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=60)


@given(_TEXT)
def test_an_unedited_file_keeps_every_byte(text: str) -> None:
    data = ("#\n" + text).encode()
    file = textfile.from_bytes(HERE, data)
    assert file.edited(file.source) == data


@given(st.lists(st.sampled_from(["a\n", "b\r\n", "c\r", "d\n", "e\r\n"]), min_size=1), st.data())
def test_only_the_edited_line_changes(lines: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(lines) - 1))
    file = textfile.from_bytes(HERE, "".join(lines).encode())
    split = file.source.split("\n")
    split[index] = "edited"
    expected = [*lines[:index], "edited" + lines[index][1:], *lines[index + 1 :]]
    assert file.edited("\n".join(split)) == "".join(expected).encode()


@pytest.mark.parametrize(
    ("before", "source", "after"),
    [
        (b"a\r\nb\r\n", "a\nnew\nb\n", b"a\r\nnew\r\nb\r\n"),
        (b"a\r\nb", "a\nc", b"a\r\nc"),
        (b"\xef\xbb\xbfa\n", "b\n", b"\xef\xbb\xbfb\n"),
        (b"# coding: latin-1\n'\xe9'\n", "# coding: latin-1\n'\xe8'\n", b"# coding: latin-1\n'\xe8'\n"),
        (b"a\x0cb\n", "a\x0cc\n", b"a\x0cc\n"),
        (b"a\n\n\nb\n", "a\nb\n", b"a\nb\n"),
    ],
)  # fmt: skip
def test_encoding_and_newlines_are_kept(before: bytes, source: str, after: bytes) -> None:
    assert textfile.from_bytes(HERE, before).edited(source) == after


def test_the_source_has_plain_newlines_and_no_byte_order_mark() -> None:
    file = textfile.from_bytes(HERE, b"\xef\xbb\xbfa\r\nb\rc\n")
    assert file.source == "a\nb\nc\n"


def test_a_character_that_the_encoding_lacks_is_an_error() -> None:
    file = textfile.from_bytes(HERE, b"# coding: latin-1\nx = 1\n")
    with pytest.raises(EngineError, match=r"solution\.py: .* latin|iso-8859"):
        file.edited("# coding: latin-1\nx = '\u4e2d'\n")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"x = '\xff\xfe'\n", "is not UTF-8"),
        (b"# coding: klingon\n", "is not UTF-8"),
        (b"\xff\xfex\0=\0", "null bytes"),
    ],
)
def test_what_is_no_python_text_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        textfile.from_bytes(HERE, data)


def test_missing_folder_and_huge_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        textfile.read(tmp_path / "none.py")
    with pytest.raises(UsageError, match="is a folder"):
        textfile.read(tmp_path)
    huge = tmp_path / "huge.py"
    huge.write_bytes(b"x = 1\n" * 200_000)
    with pytest.raises(UsageError, match=r"1\.2 MB"):
        textfile.read(huge)
