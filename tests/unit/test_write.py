"""A write replaces exactly the bytes that were read, in one step, and keeps what is not text."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from coderepair import write
from coderepair.errors import EngineError, UsageError


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "solution.py"
    path.write_bytes(b"old\n")
    return path


def test_the_content_is_replaced_and_nothing_is_left_behind(file: Path) -> None:
    write.replace(file, b"new\r\n", _hash(b"old\n"))
    assert file.read_bytes() == b"new\r\n"
    assert os.listdir(file.parent) == ["solution.py"]  # noqa: PTH208


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o664])
def test_the_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    write.replace(file, b"new\n", _hash(b"old\n"))
    assert file.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(file: Path) -> None:
    os.chown(file, 12345, 23456)
    write.replace(file, b"new\n", _hash(b"old\n"))
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_a_symbolic_link_stays_and_its_target_changes(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to(file)
    write.replace(link, b"new\n", _hash(b"old\n"))
    assert link.is_symlink()
    assert file.read_bytes() == b"new\n"
    assert [p.name for p in folder.iterdir()] == ["link.py"]


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    file.write_bytes(b"edited by hand\n")
    with pytest.raises(EngineError, match="changed in the meantime"):
        write.replace(file, b"new\n", _hash(b"old\n"))
    assert file.read_bytes() == b"edited by hand\n"
    assert len(list(file.parent.iterdir())) == 1


def test_a_file_that_vanished_is_one_error(file: Path) -> None:
    file.unlink()
    with pytest.raises(EngineError, match="No such file"):
        write.replace(file, b"new\n", _hash(b"old\n"))
    assert list(file.parent.iterdir()) == []


def test_bytecode_of_the_same_second_and_size_is_not_trusted(file: Path) -> None:
    before = int(file.stat().st_mtime)
    write.replace(file, b"new\n", _hash(b"old\n"))
    assert int(file.stat().st_mtime) != before


def test_read_only_files_are_refused_before_the_work(file: Path) -> None:
    write.check_writable(file)
    file.chmod(0o444)
    with pytest.raises(UsageError, match="read-only; run chmod"):
        write.check_writable(file)
