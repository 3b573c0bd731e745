"""How much a program has written: one file is bounded by the system, the sum of them by who watches."""

from __future__ import annotations

import os
import shutil
import time

TOTAL = 128 * 1024 * 1024
"""Bytes that a program's files may take together."""
ENTRIES = 10_000
"""Files and folders that it may make."""
EVERY_S = 0.1
BLOCK = 512


class Meter:
    """Looks at a folder now and then; most programs are done before the first look."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.exceeded = False
        self._next = time.monotonic() + EVERY_S

    def tick(self) -> float:
        """Seconds until the next look."""
        return max(0.0, self._next - time.monotonic())

    def over(self) -> bool:
        """Whether there is too much; looks only if it is time to."""
        if time.monotonic() < self._next:
            return False
        found = self.exceeded = exceeds(self._folder)
        self._next = time.monotonic() + EVERY_S
        return found


def remove(folder: str) -> bool:
    """Removes a program's folder with all that is in it; whether that was too much."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        too_much = exceeds(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return too_much
    return False


def exceeds(folder: str, total: int = TOTAL, entries: int = ENTRIES) -> bool:
    """Whether what is below `folder` takes more bytes, or is more files and folders, than that."""
    waiting, size, count = [folder], 0, 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    count += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    if count > entries or size > total:
                        return True
        except OSError:
            continue  # gone meanwhile
    return False
