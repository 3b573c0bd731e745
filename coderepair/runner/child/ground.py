"""The folder that candidates may write to: the next one gets it again if the last has done nothing to it."""

from __future__ import annotations

import os
from typing import Any, Tuple

from . import disk, entry, landlock


class Ground:
    """A folder, and the rules by which nothing outside it can be written."""

    def __init__(self, scratch: str, bounded: bool) -> None:
        """`bounded` says whether there are such rules."""
        self._scratch = scratch
        self._bounded = bounded
        self._count = 0
        self.rules = -1
        """A descriptor for `landlock.restrict`, -1 without."""
        self._make()

    def _make(self) -> None:
        self._count += 1
        self.folder = os.path.join(self._scratch, "z%d" % self._count)
        os.mkdir(self.folder)
        entry.point_to(self.folder)
        if self._bounded:
            self.rules = landlock.rules(None, [self.folder])
        self._made = self._state()

    def _state(self) -> Tuple[Any, ...]:
        """Changes with whatever is done to the folder itself or put into it."""
        try:
            found = os.stat(self.folder)
        except OSError:
            return ()
        times = found.st_mtime_ns, found.st_ctime_ns
        return (found.st_mode, found.st_uid, found.st_ino, found.st_nlink, found.st_size, *times)

    def clear(self) -> bool:
        """Once no process may write to it any more; whether there was more in it than is allowed."""
        if self._state() == self._made and not os.listdir(self.folder):
            return False
        if self.rules >= 0:
            os.close(self.rules)
        too_much = disk.remove(self.folder)
        self._make()
        return too_much
