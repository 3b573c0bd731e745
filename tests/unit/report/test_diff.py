"""Patches are taken by the real `git apply`, in a repository and outside of one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.report import diff

_LINES = st.lists(
    st.sampled_from([b"a\n", b"b\r\n", b"c\n", b"d\re\n", b"\xff\n", b"\n"]), max_size=9
)
_DATA = st.builds(
    lambda lines, end: b"".join(lines) + end, _LINES, st.sampled_from([b"", b"x", b"y"])
)

CASES = {
    "plain": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "carriage returns": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n"),
    "mixed newlines": (b"a\r\nb\nc\r\n", b"a\r\nB\nc\r\n"),
    "no final newline": (b"a\nb", b"a\nB"),
    "final newline added": (b"a\nb", b"a\nb\n"),
    "final newline lost": (b"a\nb\n", b"a\nb"),
    "latin-1": (b"# coding: latin-1\n'\xe9'\nx\n", b"# coding: latin-1\n'\xe9'\ny\n"),
    "byte order mark": (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfa\nc\n"),
    "far apart": (b"a\n" + b"x\n" * 20 + b"b\n", b"A\n" + b"x\n" * 20 + b"B\n"),
}
NAMES = ["solution.py", "two words.py", "qu\"ote.py", "caf\u00e9.py", "back\\slash.py"]  # fmt: skip


def _git(folder: Path, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)


def _applies(folder: Path, where: Path, path: Path, old: bytes, new: bytes) -> None:
    path.write_bytes(old)
    patch = diff.unified(old, new, diff.shown_path(path, where))
    done = _git(where, "apply", "-", data=patch)
    assert done.returncode == 0, (done.stderr, patch)
    assert path.read_bytes() == new


@pytest.mark.parametrize("case", CASES)
def test_git_apply_outside_a_repository(tmp_path: Path, case: str) -> None:
    old, new = CASES[case]
    _applies(tmp_path, tmp_path, tmp_path / "solution.py", old, new)


@pytest.mark.parametrize("name", NAMES)
def test_git_apply_in_a_repository_from_its_folder(tmp_path: Path, name: str) -> None:
    assert _git(tmp_path, "init", "-q").returncode == 0
    folder = tmp_path / "src" / "pkg"
    folder.mkdir(parents=True)
    for where in (tmp_path, folder):
        _applies(tmp_path, where, folder / name, b"a\r\nb", b"a\r\nc")


@given(_DATA, _DATA)
def test_git_apply_takes_any_change(
    tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes
) -> None:
    if old == new or not old or not new:
        return
    folder = tmp_path_factory.mktemp("apply")
    _applies(folder, folder, folder / "solution.py", old, new)


def test_equal_files_have_an_empty_patch() -> None:
    assert diff.unified(b"a\n", b"a\n", "a.py") == b""


def test_the_patch_is_as_git_writes_it() -> None:
    patch = diff.unified(b"a\nb\nc", b"a\nx\nc", "src/my file.py")
    assert patch == (
        b"diff --git a/src/my file.py b/src/my file.py\n"
        b"--- a/src/my file.py\t\n+++ b/src/my file.py\t\n"
        b"@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n\\ No newline at end of file\n"
    )
