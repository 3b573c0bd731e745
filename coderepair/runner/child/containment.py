"""What bounds a process from outside, per system: the seam between the pool of `spawn` and the platform.

Only Linux has been run; `macos` and `windows` are written from their documentation.
"""

from __future__ import annotations

import os
import sys
from typing import List, Sequence

from . import system


class Containment:
    """Linux: a process bounds itself (`sandbox`), so nothing is left to do from outside."""

    watches_memory = False
    """Whether `memory_mb` has to be asked while a program runs, as the system keeps to no limit."""

    def command(self, arguments: List[str], _readable: Sequence[str], _folder: str) -> List[str]:
        """The command line that starts `arguments` contained: what it may read, where it may write."""
        return arguments

    def started(self, pid: int, memory_mb: int) -> None:
        """Bounds a process that has been started and has not been given a program yet."""

    def memory_mb(self, pid: int) -> float:
        """MiB that a process takes now; 0 if it has ended or the system does not tell."""
        try:
            with open("/proc/%d/statm" % pid, "rb") as file:
                pages = int(file.read().split()[1])
        except (OSError, IndexError):
            return 0.0
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def kill(self, pid: int) -> None:
        """Ends a process at once."""
        system.kill(pid)


class Watching(Containment):
    """Linux without its own limit on memory: for tests of what other systems need."""

    watches_memory = True


def choose(platform: str = sys.platform, watch: bool = False) -> Containment:
    """The one for a system; `watch` asks for memory to be watched from outside on any."""
    if platform == "darwin":
        from . import macos

        return macos.Seatbelt()
    if platform == "win32":
        from . import windows

        return windows.Jobs()
    return Watching() if watch else Containment()
