"""Every module of a project as a record, kept on disk by the content of its file.

A file is read again only if its bytes have changed; what cannot be read or parsed is left out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections import defaultdict, deque
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from coderepair.environments import cache_home
from coderepair.project.reading import read
from coderepair.project.records import Definition, Module, packed, unpacked

FORMAT = f"1 {sys.version_info[0]}.{sys.version_info[1]}"
"""Of the file on disk; with another one, or another parser, everything is read anew."""
MAX_FILES = 10_000
MAX_BYTES = 2_000_000
"""Of one file: what is larger is data or was generated."""
MAX_TOTAL = 16_000_000
"""Bytes of all files: some 400,000 lines, which take seconds to read anew."""
SKIPPED = frozenset(
    {"node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__"}
)
_SOURCE_FOLDERS = ("src", "lib")


class File(NamedTuple):
    """A file as it was found."""

    path: str
    """Relative to the root, with `/`."""
    time_ns: int
    """When it was changed last."""
    size: int


class Scan(NamedTuple):
    """What lies below a folder."""

    files: tuple[File, ...]
    """In the order of their paths."""
    unread: frozenset[str]
    """Names of files, without suffix, and of folders that are not looked into."""


class ProjectIndex:
    """The modules of a project."""

    def __init__(
        self, root: Path, modules: Mapping[str, Module], unread: frozenset[str] = frozenset()
    ) -> None:
        """`modules` by path relative to `root`; `unread` are names of files and folders left out."""
        self.root = root
        self.modules = modules
        self.unread = unread

    def at(self, path: str) -> Module | None:
        """The module in a file, given by its absolute path."""
        try:
            relative = Path(path).resolve().relative_to(self.root.resolve())
        except (ValueError, OSError):
            return None
        return self.modules.get(relative.as_posix())

    def named(self, name: str) -> list[Module]:
        """Modules that may be imported under a dotted name: those whose path ends so."""
        return self._by_ending.get(name, [])

    def is_package(self, name: str) -> bool:
        """Whether a folder with modules below it may be imported under this name."""
        return name in self._packages

    @cached_property
    def definitions(self) -> list[tuple[Module, Definition]]:
        """Everything that the modules define, by path and line."""
        return [(each, item) for each in self.modules.values() for item in each.definitions]

    @cached_property
    def by_last_name(self) -> Mapping[str, list[tuple[Module, Definition]]]:
        """Definitions by their name without the class."""
        found: defaultdict[str, list[tuple[Module, Definition]]] = defaultdict(list)
        for module, item in self.definitions:
            found[item.last].append((module, item))
        return found

    @cached_property
    def postings(self) -> Mapping[str, list[int]]:
        """Word -> places in `definitions` of those that have it, as often as they have it."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, (_, item) in enumerate(self.definitions):
            for word in item.words:
                found[word].append(number)
        return found

    @cached_property
    def mean_words(self) -> float:
        """Of a definition; at least 1."""
        return max(
            1.0,
            sum(len(item.words) for _, item in self.definitions) / max(1, len(self.definitions)),
        )

    @cached_property
    def _by_ending(self) -> Mapping[str, list[Module]]:
        found: defaultdict[str, list[Module]] = defaultdict(list)
        for path, module in self.modules.items():
            parts = _parts(path)
            for start in range(len(parts)):
                found[".".join(parts[start:])].append(module)
        return found

    @cached_property
    def _packages(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.modules:
            folders = path.split("/")[:-1]
            found.update(
                ".".join(folders[start:end])
                for end in range(1, len(folders) + 1)
                for start in range(end)
            )
        return frozenset(found)


def load(root: Path, folder: Path | None = None) -> ProjectIndex:
    """The index of the project at `root`; `folder` is where indexes are kept (default: the cache)."""
    root = root.resolve()
    kept_at = _place(root, folder or cache_home() / "coderepair" / "index")
    known = _kept(kept_at)
    rows: dict[str, list[Any]] = {}
    modules: dict[str, Module] = {}
    scanned = scan(root)
    for path, _, _ in scanned.files:
        try:
            data = (root / path).read_bytes()
        except OSError:
            continue
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        row = known.get(path)
        if row is None or row[0] != digest:
            row = [digest, _read(data, root, path)]
        rows[path] = row
        with contextlib.suppress(TypeError, ValueError, IndexError):
            if row[1] is not None:
                modules[path] = unpacked(row[1])
    if rows != known:
        _keep(kept_at, rows)
    left_out = {_parts(path)[-1] for path in rows.keys() - modules.keys() if _parts(path)}
    return ProjectIndex(root, modules, scanned.unread | left_out)


def scan(root: Path) -> Scan:
    """The Python files below a folder, without hidden folders, environments and linked folders; at most
    `MAX_FILES` and `MAX_TOTAL` bytes, those near the root first."""
    found: list[File] = []
    unread: set[str] = set()
    folders = deque([(root, "")])
    total = 0
    while folders:
        folder, prefix = folders.popleft()
        try:
            with os.scandir(folder) as listed:
                entries = [each for each in listed if each.name[0] != "."]
            if any(each.name == "pyvenv.cfg" for each in entries):
                unread.add(folder.name)
                continue
            for each in _files_of(entries, prefix):
                total += each.size
                if each.size > MAX_BYTES or total > MAX_TOTAL or len(found) >= MAX_FILES:
                    unread.add(Path(each.path).stem)
                else:
                    found.append(each)
            for name, path in _folders_of(entries):
                if path is None or total > MAX_TOTAL or len(found) >= MAX_FILES:
                    unread.add(name)
                else:
                    folders.append((path, f"{prefix}{name}/"))
        except OSError:
            unread.add(folder.name)
    return Scan(tuple(sorted(found)), frozenset(unread))


def _files_of(entries: list[os.DirEntry[str]], prefix: str) -> list[File]:
    """The Python files of one folder."""
    stats = [
        (each.name, each.stat()) for each in entries if each.name.endswith(".py") and each.is_file()
    ]
    return sorted(File(prefix + name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _folders_of(entries: list[os.DirEntry[str]]) -> list[tuple[str, Path | None]]:
    """The folders in one, without a path where they are not to be read."""
    return sorted(
        (each.name, Path(each.path) if _is_read(each) else None)
        for each in entries
        if each.is_dir()
    )


def _is_read(folder: os.DirEntry[str]) -> bool:
    return folder.name not in SKIPPED and not folder.is_symlink()


def module_name(root: Path, path: str) -> str:
    """Under which name a file is imported: from the folder above its outermost package, or the root."""
    parts = _parts(path)
    folders = path.split("/")[:-1]
    start = len(folders)
    while start > 0 and (root.joinpath(*folders[:start]) / "__init__.py").exists():
        start -= 1
    if start == len(
        folders
    ):  # in no package: a folder below the root, or of sources, is a namespace
        start = 1 if folders[:1] and folders[0] in _SOURCE_FOLDERS else 0
    return ".".join(parts[start:])


def _parts(path: str) -> list[str]:
    """`a/b.py` and `a/b/__init__.py` as `["a", "b"]`."""
    parts = path.removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _read(data: bytes, root: Path, path: str) -> list[object] | None:
    """The record of a file as JSON takes it; None if it does not parse."""
    try:
        return packed(read(data.decode("utf-8-sig"), module_name(root, path), path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _place(root: Path, folder: Path) -> Path:
    return folder / f"{hashlib.blake2b(os.fsencode(root), digest_size=16).hexdigest()}.json"


def _kept(path: Path) -> dict[str, list[Any]]:
    """What was kept; nothing if the file is missing, damaged or of another format."""
    try:
        document = json.loads(path.read_bytes())
        return dict(document["files"]) if document["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep(path: Path, rows: Mapping[str, object]) -> None:
    """Replaces the file as a whole; a cache that cannot be written is done without."""
    text = json.dumps({"format": FORMAT, "files": rows}, separators=(",", ":"))
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
