"""The results file: one JSON line a measured record, appended and flushed, so a cut run goes on.

Each row says by its fingerprint under which conditions it was measured. A run that finds its row
there does not measure it again; a last line that was cut off is dropped.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from coderepair.errors import UsageError

Key = tuple[str, str, int]
"""Fingerprint of the conditions, task id, seed."""


_LINE_START = '{"fingerprint": "'


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one record under one setting and seed."""

    fingerprint: str
    setting: str
    suite: str
    task_id: str
    problem_id: str
    bug_type: str
    seed: int
    version: str
    """Version of the code, with its commit where that is known."""
    status: str
    """How the repair ended (`coderepair.model.Status`)."""
    solved: bool = False
    """Every check that the tool saw passes."""
    verified: bool = False
    """And plain pytest in a fresh process agrees."""
    correct: bool = False
    """Solved, and every check that it did not see passes too."""
    solved_at: int | None = None
    """Candidate evaluations up to and with the one that solved it, 1-based."""
    solved_seconds: float | None = None
    """Wall seconds from the start to that evaluation."""
    evaluations: int = 0
    calls: int = 0
    """Model calls."""
    tokens: int = 0
    seconds: float = 0.0
    """Wall seconds to the end of the repair: set-up, search, minimisation, verification."""
    cpu_seconds: float = 0.0
    """Processor seconds of the same, all processes together: comparable on a busy machine too."""
    stopped_by: str = ""
    edits: int = 0
    """Refinements on the path from the failing program to the solution."""
    error: str = ""
    changed: int | None = None
    """Words and signs that the repair changes (`coderepair.edit.size`), if it is solved."""
    reference_changed: int | None = None
    """Those that the reference changes, if there is one."""

    @property
    def key(self) -> Key:
        return self.fingerprint, self.task_id, self.seed


class ResultsFile:
    """Rows in a file that one benchmark at a time may write. Used as a context manager."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file. Raises `UsageError` if it is no results file or in use."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("a+", encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise UsageError(f"{path} is in use by another benchmark; give another --out") from None
        try:
            self.rows = self._load(path)
        except UsageError:
            self._file.close()
            raise

    def append(self, row: Row) -> None:
        """Writes a row through to the disk."""
        self._file.write(json.dumps(dataclasses.asdict(row)) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.rows[row.key] = row

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _load(self, path: Path) -> dict[Key, Row]:
        self._file.seek(0)
        try:
            text = self._file.read()
        except UnicodeDecodeError:
            raise UsageError(f"{path} is no results file of a benchmark") from None
        end = text.rfind("\n") + 1
        rows: dict[Key, Row] = {}
        for number, line in enumerate(text[:end].splitlines(), 1):
            try:
                row = Row(**json.loads(line))
            except (ValueError, TypeError):
                raise UsageError(f"{path}, line {number}: no result of a benchmark") from None
            rows[row.key] = row
        self._drop_cut_line(path, text, end)
        return rows

    def _drop_cut_line(self, path: Path, text: str, end: int) -> None:
        cut = text[end:]
        if not cut:
            return
        if cut[: len(_LINE_START)] != _LINE_START[: len(cut)]:
            raise UsageError(f"{path} is no results file of a benchmark")
        self._file.truncate(len(text[:end].encode()))
