"""The folder that one candidate after another may write to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coderepair.runner.child import disk, ground


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ground.Ground:
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return ground.Ground(str(tmp_path), False)


def test_a_folder_that_nothing_was_done_to_is_used_again(place: ground.Ground) -> None:
    before = place.folder
    assert not any(Path(before).iterdir())
    assert place.clear() is False
    assert place.folder == before == os.environ["TMPDIR"] == tempfile.gettempdir()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "left").write_text("x"),
        lambda folder: (folder / "left").mkdir(),
        lambda folder: folder.chmod(0o500),
        lambda folder: folder.rmdir(),
        lambda folder: (folder / "link").symlink_to("/"),
    ],
)
def test_one_that_was_changed_is_replaced(
    place: ground.Ground, change: Callable[[Path], object]
) -> None:
    before = Path(place.folder)
    change(before)
    assert place.clear() is False
    assert place.folder == os.environ["HOME"] != str(before)
    assert not before.exists()
    assert not any(Path(place.folder).iterdir())


def test_too_much_is_said(place: ground.Ground) -> None:
    with (Path(place.folder) / "large").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.TOTAL + 1)
    before = place.folder
    assert place.clear() is True
    assert not Path(before).exists()
