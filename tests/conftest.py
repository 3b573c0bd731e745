"""What every test starts from: a clean environment and run logs in a folder of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Shared and loaded machines: an example that is slow once is no failure. The same examples every time:
# what fails fails for everybody.
settings.register_profile("coderepair", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("coderepair")


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches them, and they leave nothing behind."""
    for name in list(os.environ):
        if name.startswith("CODEREPAIR_"):
            monkeypatch.delenv(name)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "xdg" / name.lower()))
