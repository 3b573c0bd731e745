"""Patches that `git apply` and `patch -p1` take, computed on bytes.

Working on bytes keeps carriage returns, missing final newlines and every encoding as they are.
"""

from __future__ import annotations

import difflib
from pathlib import Path

_NO_NEWLINE = b"\\ No newline at end of file\n"


def between(old: str, new: str, path: str) -> str:
    """The patch from one text of the file at `path` to another."""
    before, after = (text.encode("utf-8", "surrogatepass") for text in (old, new))
    return unified(before, after, shown_path(Path(path))).decode("utf-8", "surrogatepass")


def unified(old: bytes, new: bytes, path: str, context: int = 3) -> bytes:
    """The patch that turns `old` into `new`; empty if they are equal. `path` as `shown_path` gives it."""
    if old == new:
        return b""
    before, after = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(old),
        _lines(new),
        n=context,
    )
    body = [_ended(line) for line in lines][2:]
    header = f"diff --git {before} {after}\n--- {_tabbed(before)}\n+++ {_tabbed(after)}\n"
    return header.encode("utf-8", "surrogateescape") + b"".join(body)


def shown_path(path: Path, cwd: Path | None = None) -> str:
    """`path` relative to its git work tree, else to the working directory, else its name.

    A patch with a `diff --git` line is read by git as relative to the top of the work tree.
    """
    path = path.absolute()
    for folder in path.parents:
        if (folder / ".git").exists():
            return path.relative_to(folder).as_posix()
    cwd = (cwd or Path.cwd()).absolute()
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else path.name


def _lines(data: bytes) -> list[bytes]:
    """Lines ended by `\\n` alone, as git counts them; a lone carriage return ends none."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n" + _NO_NEWLINE


def _quoted(path: str) -> str:
    """`path` in git's C quoting where it holds a quote, a backslash or a control character."""
    if not any(char in '"\\' or char < " " or char == "\x7f" for char in path):
        return path
    escaped = "".join(
        "\\" + char
        if char in '"\\'
        else f"\\{ord(char):03o}"
        if char < " " or char == "\x7f"
        else char
        for char in path
    )
    return f'"{escaped}"'


def _tabbed(path: str) -> str:
    """A tab ends a file name with spaces, so that `patch` does not take the rest for a date."""
    return f"{path}\t" if " " in path else path
