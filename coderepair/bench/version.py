"""Which code measured something, and where."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import coderepair


def code_version() -> str:
    """`0.1.0`, with the commit where the package lies in a git tree: `0.1.0+3f2a91c`.

    `.dirty` is appended if a file of the package differs from that commit.
    """
    folder = Path(coderepair.__file__).parent
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    tracked = _git(folder, "ls-files", "--error-unmatch", "__init__.py")
    if not commit or not tracked:
        return coderepair.__version__
    dirty = ".dirty" if _git(folder, "status", "--porcelain", "--", ".") else ""
    return f"{coderepair.__version__}+{commit}{dirty}"


def machine() -> str:
    """Cores, system and interpreter: `2 cores, Linux 6.18.0 x86_64, CPython 3.11.7`."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count() or 1} cores, {system}, {interpreter}"


def _git(folder: Path, *arguments: str) -> str:
    """What git says, or nothing if it is not there or this is no tree of its."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
