"""The run log: one folder a run, its events as JSON Lines, each line written as it happens.

    <runs_dir>/<run id>/log.jsonl      the events (`coderepair.compact`)
    <runs_dir>/<run id>/undo/          the user's file as it was before a fix was written

A process killed at any moment leaves at most a torn last line, which readers ignore and whoever
resumes cuts off. Nothing written is ever changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, TypeVar

from coderepair.codec import from_json
from coderepair.compact import Packer, Unpacker
from coderepair.config import Settings
from coderepair.errors import StoreError, UsageError
from coderepair.events import Event, Finished, RunStarted

LOG = "log.jsonl"

_E = TypeVar("_E")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as a list shows it."""

    run_id: str
    started: RunStarted
    finished: Finished | None
    """None if it was cut, or is still going on."""
    folder: Path


@dataclass(frozen=True, slots=True)
class Undo:
    """A file as it was before a fix was written into it."""

    path: str
    """Absolute path of the file."""
    sha256_after: str
    """Hash of the bytes that the fix left; with other bytes there, nothing may be taken back."""
    before: bytes


def new_run_id(now: float | None = None) -> str:
    """`20261120-084211-3fa9c1`: local time and a random part."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return f"{stamp}-{secrets.token_hex(3)}"


class RunLog:
    """The log of one run, open for appending. Every event is handed to the system at once."""

    def __init__(self, folder: Path) -> None:
        """Opens the log of a run, new or cut, and takes up where it ends. Raises `StoreError`."""
        self._packer = Packer()
        self._path = folder / LOG
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = self._path.open("ab")
        except OSError as error:
            raise _unwritable(self._path, error) from None
        try:
            _lock(self._file, self._path)
            self._file.truncate(self._take_up())
        except StoreError:
            self._file.close()
            raise
        except OSError as error:
            self._file.close()
            raise _unwritable(self._path, error) from None

    def _take_up(self) -> int:
        """Reads what is there, as later entries lean on it; returns the bytes of its whole lines."""
        whole = 0
        for size, event in _read(self._path):
            self._packer.pack(event)
            whole += size
        return whole

    def append(self, event: Event) -> None:
        """Raises `StoreError`, for instance when the disk is full."""
        line = json.dumps(self._packer.pack(event), separators=(",", ":")) + "\n"
        try:
            self._file.write(line.encode("ascii"))
            self._file.flush()
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def close(self) -> None:
        # What a full disk did not take was complained of by `append`.
        with contextlib.suppress(OSError):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load(folder: Path) -> list[Event]:
    """All events of a run; a torn last line is left out. Raises `StoreError`."""
    return [event for _, event in _read(folder / LOG)]


def runs(runs_dir: Path) -> list[RunSummary]:
    """All runs, the newest first; folders that hold no readable run are passed over."""
    if not runs_dir.is_dir():
        return []
    found = []
    for folder in runs_dir.iterdir():
        try:
            summary = summarise(folder)
        except StoreError:
            continue
        found.append(summary)
    return sorted(found, key=lambda run: (run.started.created, run.run_id), reverse=True)


def summarise(folder: Path) -> RunSummary:
    """First and last event of a run, without reading what is between. Raises `StoreError`."""
    path = folder / LOG
    try:
        with path.open("rb") as file:
            first = file.readline()
            file.seek(max(len(first), path.stat().st_size - 4096))
            last = file.read().splitlines(keepends=True)[-1:]
    except OSError as error:
        raise StoreError(f"the run log {path} cannot be read: {error.strerror}") from None
    started = _parse(path, 1, first, Unpacker())
    if not isinstance(started, RunStarted):
        raise StoreError(f"{path} is no run log: it does not begin with the start of a run")
    return RunSummary(folder.name, started, _as_finished(last), folder)


def find(runs_dir: Path, name: str) -> Path:
    """Folder of the run whose id is `name` or begins with it; `last` is the newest.

    Raises `UsageError` if there is none or more than one.
    """
    if name == "last":
        newest = runs(runs_dir)[:1]
        if not newest:
            raise UsageError(f"there are no runs in {runs_dir}")
        return newest[0].folder
    folders = sorted(runs_dir.iterdir()) if runs_dir.is_dir() else []
    matches = [each for each in folders if name and each.name.startswith(name)]
    exact = [each for each in matches if each.name == name]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    what = "more than one run begins" if matches else "there is no run that begins"
    raise UsageError(f"{what} with {name!r}; see `coderepair runs list`")


def keep_undo(folder: Path, undo: Undo) -> None:
    """Keeps what a write is about to replace. Raises `StoreError`."""
    try:
        place = folder / "undo"
        place.mkdir(parents=True, exist_ok=True)
        (place / "before").write_bytes(undo.before)
        about = {"path": undo.path, "sha256_after": undo.sha256_after}
        _replace(place / "about.json", json.dumps(about).encode("ascii"))
    except OSError as error:
        raise _unwritable(folder, error) from None


def load_undo(folder: Path) -> Undo | None:
    """What can be taken back of a run; None if it wrote nothing. Raises `StoreError`."""
    place = folder / "undo"
    if not (place / "about.json").exists():
        return None
    try:
        about = json.loads((place / "about.json").read_bytes())
        return Undo(about["path"], about["sha256_after"], (place / "before").read_bytes())
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"the undo copy in {place} cannot be read: {error}") from None


def _read(path: Path) -> Iterator[tuple[int, Event]]:
    """Size in bytes and event of each whole line."""
    if not path.exists():
        return
    unpacker = Unpacker()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                yield len(line), _parse(path, number, line, unpacker)


def _parse(path: Path, number: int, line: bytes, unpacker: Unpacker) -> Event:
    try:
        return unpacker.unpack(json.loads(line))
    except ValueError as error:
        raise StoreError(f"{path}: line {number} is damaged ({error}); start a new run") from None


def _as_finished(lines: list[bytes]) -> Finished | None:
    try:
        entry = json.loads(lines[-1])
        return from_json(Finished, entry) if entry.pop("event") == "Finished" else None
    except (IndexError, ValueError, AttributeError, KeyError):
        return None


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def _lock(file: BinaryIO, path: Path) -> None:
    """One writer at a time, where the system has such locks; they end with the process."""
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreError(f"the run {path.parent.name} is in use by another process") from None


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the run log {path} cannot be written: {error.strerror or error}; "
        "choose another folder with the setting runs_dir"
    )


def first(events: Sequence[Event], kind: type[_E]) -> _E:
    """The first event of a kind that every run has. Raises `StoreError`."""
    for event in events:
        if isinstance(event, kind):
            return event
    raise StoreError(f"the run was cut before its {kind.__name__}; start a new run")


def logged_settings(started: RunStarted) -> Settings:
    """The settings that a run was started with. Raises `StoreError`."""
    try:
        return from_json(Settings, dict(started.settings))
    except ValueError as error:
        raise StoreError(f"the settings of run {started.run_id} cannot be read: {error}") from None
