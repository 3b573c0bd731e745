"""A source file as the user keeps it: encoding, byte order mark and newline style, byte for byte.

Inside coderepair a program is text with `\\n` newlines; this module is the one place that turns a
file into that text and an edited text back into bytes, changing no line that was not edited.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from coderepair.errors import EngineError, UsageError

MAX_BYTES = 1024 * 1024
"""Largest file that is read, in bytes; larger ones are refused."""

_NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class TextFile:
    """Bytes of a Python source file with their encoding."""

    path: Path
    data: bytes
    encoding: str
    """As `tokenize.detect_encoding` names it; `utf-8-sig` stands for a byte order mark."""

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def source(self) -> str:
        """The text with `\\n` newlines and without the byte order mark."""
        return _NEWLINE.sub("\n", self.data.decode(self.encoding))

    def edited(self, source: str) -> bytes:
        """The bytes of the file once its text is `source`.

        Lines that stay keep their newline; new lines take the one that most lines have.
        Raises `EngineError` if the encoding lacks a character of `source`.
        """
        try:
            return self._with_newlines(source).encode(self.encoding)
        except UnicodeEncodeError as error:
            raise EngineError(
                f"{self.path}: the repair has {error.object[error.start]!r}, "
                f"which the file's encoding {self.encoding} lacks"
            ) from None

    def _with_newlines(self, source: str) -> str:
        old = _split(self.data.decode(self.encoding))
        new = _split(source)
        common = _commonest([newline for _, newline in old])
        kept = _kept_newlines(old, [text for text, _ in new])
        return "".join(
            text + (newline and (kept.get(index) or common))
            for index, (text, newline) in enumerate(new)
        )


def read(path: Path) -> TextFile:
    """The file at `path`. Raises `UsageError` if it is missing, no file, empty, too big or no text."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name one Python file")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                f"{path} has {size / 1e6:.1f} MB; files above {MAX_BYTES / 1e6:.1f} MB are refused: "
                "move the function into a module of its own"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return from_bytes(path, data)


def from_bytes(path: Path, data: bytes) -> TextFile:
    """`data` as if it had been read from `path`. Raises `UsageError` as `read` does."""
    if not data.strip():
        raise UsageError(f"{path} is empty; there is no function in it to repair")
    if b"\0" in data:
        raise UsageError(f"{path} is not Python source: it holds null bytes")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise UsageError(
            f"{path} is not UTF-8 and declares no other encoding; "
            "convert it, or add a line such as '# -*- coding: latin-1 -*-' at its top"
        ) from None
    return TextFile(path, data, encoding)


def _split(text: str) -> list[tuple[str, str]]:
    """Lines as (text, newline); only the last one may lack a newline."""
    lines: list[tuple[str, str]] = []
    position = 0
    for match in _NEWLINE.finditer(text):
        lines.append((text[position : match.start()], match.group()))
        position = match.end()
    if position < len(text):
        lines.append((text[position:], ""))
    return lines


def _kept_newlines(old: list[tuple[str, str]], new: list[str]) -> dict[int, str]:
    """Newline of the old line that stands for each new line, by the new line's index."""
    texts = [text for text, _ in old]
    shorter = min(len(texts), len(new))
    head = next((i for i in range(shorter) if texts[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if texts[-1 - i] != new[-1 - i]), shorter - head)
    kept = {i: old[i][1] for i in range(head)}
    kept |= {len(new) - 1 - i: old[-1 - i][1] for i in range(tail)}
    matcher = difflib.SequenceMatcher(
        None, texts[head : len(texts) - tail], new[head : len(new) - tail], autojunk=False
    )
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and last - first == end - start):
            for offset in range(end - start):
                kept[head + start + offset] = old[head + first + offset][1]
    return kept


def _commonest(newlines: list[str]) -> str:
    return max(("\n", "\r\n", "\r"), key=newlines.count)
