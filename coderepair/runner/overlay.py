"""Copies of a project for commands to work on: the user's files are never written, the candidate's text is
in the place of the file under repair, and what the tests consist of has to stay as it was."""

from __future__ import annotations

import filecmp
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coderepair.errors import TestsNotRunnable

LINKED = {".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", ".tox", ".nox", ".pixi"}
"""Folders that are too large to copy: links to them take their place, and nothing can write there."""
LEFT_OUT = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
CODE = {".py", ".pyi", ".toml", ".cfg", ".ini", ".sh", ".mk", ".in", ".out", ".ans", ".tap", ".t"}
"""Files by which programs are judged, with those that have no suffix (Makefile)."""
MAX_FILES = 20_000
MAX_BYTES = 512 * 1024 * 1024


@dataclass
class Snapshot:
    """A project as it was when its tests were run first."""

    root: Path
    """The user's."""
    base: Path
    """A copy that no command sees."""
    links: list[str] = field(default_factory=list)
    """Real paths of what is linked instead of copied."""
    code: list[str] = field(default_factory=list)
    """Paths below the root of the files that must stay as they are."""
    _files: int = 0
    _bytes: int = 0

    def take(self) -> None:
        """Copies the project. Raises `TestsNotRunnable` if it is too large."""
        self._copy(self.root, self.base)

    def copy(self, folder: Path, path: str, text: str) -> None:
        """A copy for one run in `folder`, with `text` at `path` below it."""
        shutil.copytree(self.base, folder, symlinks=True)
        target = folder / path
        target.unlink(missing_ok=True)
        target.write_bytes(text.encode("utf-8", "surrogatepass"))
        target.chmod(stat.S_IMODE((self.root / path).stat().st_mode) | stat.S_IRUSR)

    def tampered(self, folder: Path, path: str, text: str) -> tuple[str, ...]:
        """Files of the tests that a run in `folder` has changed, and the program itself if it was."""
        changed = [
            name
            for name in self.code
            if name != path and not _same(self.base / name, folder / name)
        ]
        try:
            kept = (folder / path).read_bytes() == text.encode("utf-8", "surrogatepass")
        except OSError:
            kept = False
        return (*changed, *([] if kept else [path]))

    def forgive(self, changed: Sequence[str], pinned: Iterable[str]) -> None:
        """What the user's own program changes whenever it is tested may change, but for the `pinned` files."""
        never = {os.path.relpath(os.path.realpath(each), self.root) for each in pinned}
        self.code = [name for name in self.code if name not in changed or name in never]

    def _copy(self, source: Path, target: Path) -> None:
        target.mkdir()
        for entry in sorted(os.scandir(source), key=lambda each: each.name):
            copy = target / entry.name
            if entry.is_symlink():
                self._link(Path(entry.path), copy)
            elif entry.is_dir():
                self._folder(entry, copy)
            elif entry.is_file():
                self._count(entry)
                shutil.copy2(entry.path, copy)
                if copy.suffix in CODE or not copy.suffix:
                    self.code.append(str(copy.relative_to(self.base)))

    def _folder(self, entry: os.DirEntry[str], copy: Path) -> None:
        if entry.name in LEFT_OUT:
            return
        if entry.name in LINKED or (Path(entry.path) / "pyvenv.cfg").exists():
            real = os.path.realpath(entry.path)
            self.links.append(real)
            copy.symlink_to(real)
        else:
            self._copy(Path(entry.path), copy)

    def _link(self, path: Path, copy: Path) -> None:
        """A link inside the project leads to the same place in the copy."""
        real = Path(os.path.realpath(path))
        if real.is_relative_to(self.root):
            inside = self.base / real.relative_to(self.root)
            copy.symlink_to(os.path.relpath(inside, copy.parent))
        else:
            self.links.append(str(real))
            copy.symlink_to(real)

    def _count(self, entry: os.DirEntry[str]) -> None:
        self._files += 1
        self._bytes += entry.stat().st_size
        if self._files > MAX_FILES or self._bytes > MAX_BYTES:
            raise TestsNotRunnable(
                f"{self.root} is too large to be copied for each program (more than {MAX_FILES} files or "
                f"{MAX_BYTES >> 20} MiB); move data out of it, or test with pytest or unittest directly"
            )


def _same(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
