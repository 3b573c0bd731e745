"""The index of a project as its files are now, kept in memory while none of them changes."""

from __future__ import annotations

from pathlib import Path

from coderepair.project.index import ProjectIndex, Scan, load, scan

_MOST = 4
_known: dict[Path, tuple[Scan, ProjectIndex]] = {}


def current(root: str) -> ProjectIndex:
    """The index of the project at `root`, an absolute path; from the cache on disk as far as that holds."""
    folder = Path(root)
    found = scan(folder)
    kept = _known.get(folder)
    if kept is not None and kept[0] == found:
        return kept[1]
    while len(_known) >= _MOST:
        _known.pop(next(iter(_known)))
    index = load(folder)
    _known[folder] = found, index
    return index
