"""Puts a repair into the user's file: atomically, and only over the bytes that were repaired.

Mode, owner, extended attributes, and the file behind a symbolic link are kept. Git is never touched.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from coderepair.errors import EngineError, UsageError


def check_writable(path: Path) -> None:
    """Raises `UsageError` if `path` could not be replaced, before any work is spent on it."""
    target = path.resolve()
    # Permission bits count for root too: a read-only file was made so on purpose.
    if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
        raise UsageError(f"{path} is read-only; run chmod u+w {path}, or leave out --write")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UsageError(f"the folder {target.parent} is not writable; leave out --write")


def replace(path: Path, data: bytes, expected_sha256: str) -> None:
    """Makes `data` the content of `path` in one step, if its bytes still have the expected hash.

    Raises `EngineError`, with the file left as it was, if they have not or the disk refuses.
    """
    target = path.resolve()
    temporary: Path | None = None
    try:
        _check_unchanged(target, expected_sha256)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _copy_attributes(target, temporary)
        _check_unchanged(target, expected_sha256)
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise EngineError(f"{path} was left as it was: {_reason(error)}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _check_unchanged(target: Path, expected_sha256: str) -> None:
    if hashlib.sha256(target.read_bytes()).hexdigest() != expected_sha256:
        raise EngineError(f"{target} changed in the meantime and was left as it is; run again")


def _copy_attributes(target: Path, temporary: Path) -> None:
    before = target.stat()
    with contextlib.suppress(OSError):
        os.chown(temporary, before.st_uid, before.st_gid)
    shutil.copystat(target, temporary)
    os.utime(temporary)
    # Cached bytecode is told apart by whole seconds and size: a repair of the same size within the
    # same second would leave the old bytecode in force.
    if int(temporary.stat().st_mtime) == int(before.st_mtime):
        os.utime(temporary, (before.st_atime, int(before.st_mtime) + 1))


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no space left on its disk; free some and run again"
    return f"{error.strerror or error}"
