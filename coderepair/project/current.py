"""The index of a project as its files are now, kept in memory while none of them changes."""

from __future__ import annotations

from pathlib import Path

from coderepair.project.index import ProjectIndex, files, load

_MOST = 4
_Signature = tuple[tuple[str, int, int], ...]
_known: dict[Path, tuple[_Signature, ProjectIndex]] = {}


def current(root: str) -> ProjectIndex:
    """The index of the project at `root`, an absolute path; from the cache on disk as far as that holds."""
    folder = Path(root)
    signature = _signature(folder)
    kept = _known.get(folder)
    if kept is not None and kept[0] == signature:
        return kept[1]
    while len(_known) >= _MOST:
        _known.pop(next(iter(_known)))
    index = load(folder)
    _known[folder] = signature, index
    return index


def _signature(root: Path) -> _Signature:
    """Path, time and size of every file."""
    found: list[tuple[str, int, int]] = []
    for path in files(root):
        try:
            stat = (root / path).stat()
        except OSError:
            continue
        found.append((path, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
