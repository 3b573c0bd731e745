"""Open documents: their text as the core takes it, and which of them cannot be repaired."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument, Workspace

from coderepair.textfile import MAX_BYTES

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$")
_NEWLINE = re.compile(r"\r\n|\r")


def split_lines(text: str) -> list[str]:
    """Lines with their ends, as the protocol counts them: a form feed or U+2028 ends none."""
    return [match.group() for match in _LINE.finditer(text)]


class Document(TextDocument):
    """An open document whose lines are those of the protocol, so that edits land where they should."""

    @property
    def lines(self) -> list[str]:
        return split_lines(self.source)


class Documents(Workspace):
    """The documents of the workspace."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Document:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )


def uri_of(path: str) -> str:
    """The URI of an absolute path."""
    uri: str | None = from_fs_path(path)
    assert uri is not None
    return uri


def path_of(uri: str) -> str:
    """The path behind a file URI, empty for other schemes."""
    return (to_fs_path(uri) or "") if uri.startswith("file:") else ""


def opened(workspace: Workspace, uri: str) -> TextDocument | None:
    """The document if the editor has it open."""
    document = workspace.get_text_document(uri)
    return document if document.version is not None else None


def raw_text(workspace: Workspace, uri: str) -> str | None:
    """The text as the editor has it, else as the disk has it; None if there is none."""
    document = opened(workspace, uri)
    if document is not None:
        return str(document.source)
    return disk_text(path_of(uri))


def disk_text(path: str) -> str | None:
    """The text of a file as the disk has it; None if it cannot be read as text."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except (OSError, ValueError):
        return None


def normal(text: str) -> str:
    """The text with `\\n` newlines and no byte order mark, as the core keeps programs."""
    return _NEWLINE.sub("\n", text).removeprefix("\ufeff")


def digest(text: str | None) -> str:
    """Hash of the text, empty if there is none; newline style counts for nothing."""
    return (
        "" if text is None else hashlib.sha256(normal(text).encode("utf-8", "replace")).hexdigest()
    )


def buffers(workspace: Workspace) -> dict[str, str]:
    """Text of every open Python file by its path."""
    return {
        path_of(document.uri): normal(document.source)
        for document in workspace.text_documents.values()
        if path_of(document.uri).endswith(".py") and len(document.source) <= MAX_BYTES
    }


def refusal(workspace: Workspace, uri: str) -> str:
    """Why this document cannot be checked or repaired, in one line; empty if it can."""
    if uri.startswith("vscode-notebook-cell:") or uri.endswith(".ipynb"):
        return "notebook cells cannot be repaired; move the function into a .py file with tests"
    path = path_of(uri)
    if not path:
        return "only files on disk can be repaired; save this one, so that its tests can import it"
    if not path.endswith((".py", ".pyi")):
        return f"{Path(path).name} is no Python file"
    if not Path(path).is_file():
        return f"{path} is not on disk; save it, so that its tests can import it"
    document = opened(workspace, uri)
    if document is not None and len(document.source) > MAX_BYTES:
        megabytes = len(document.source) / 1e6
        return f"{Path(path).name} has {megabytes:.1f} MB; files above 1 MB are refused"
    return ""
