"""From a new text to the smallest edits of whole lines, in the client's units."""

from __future__ import annotations

import difflib
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from coderepair.textfile import TextFile
from coderepair_lsp.workspace import split_lines


def with_newlines(raw: str, new: str) -> str:
    """`new` (with `\\n`) in the newline style of `raw`; lines that stay keep theirs."""
    data = raw.encode("utf-8", "surrogatepass")
    return TextFile(Path(), data, "utf-8").edited(new).decode("utf-8", "surrogatepass")


def text_edits(raw: str, new: str, codec: PositionCodec) -> list[types.TextEdit]:
    """Edits that turn the document's text `raw` into `new`, which has `\\n` newlines."""
    old, wanted = split_lines(raw), split_lines(with_newlines(raw, new))
    head = _common(old, wanted)
    tail = _common(old[head:][::-1], wanted[head:][::-1])
    left, right = old[head : len(old) - tail], wanted[head : len(wanted) - tail]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    return [
        types.TextEdit(
            types.Range(_line_start(old, head + a, codec), _line_start(old, head + b, codec)),
            "".join(right[c:d]),
        )
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    ]


def workspace_edit(
    uri: str, version: int | None, edits: list[types.TextEdit], *, versioned: bool
) -> types.WorkspaceEdit:
    """The edits of one document; with its version where the client takes that (`documentChanges`)."""
    if not versioned:
        return types.WorkspaceEdit(changes={uri: edits})
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, list(edits))])


def _common(left: list[str], right: list[str]) -> int:
    shorter = min(len(left), len(right))
    return next((i for i in range(shorter) if left[i] != right[i]), shorter)


def _line_start(lines: list[str], index: int, codec: PositionCodec) -> types.Position:
    """Where line `index` begins; behind the last line, where the text ends."""
    if index < len(lines) or not lines or lines[-1].endswith(("\n", "\r")):
        return types.Position(index, 0)
    return types.Position(len(lines) - 1, codec.client_num_units(lines[-1]))
