"""One warm runner for all tests of this folder, and a project for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coderepair.runner import ForkRunner, open_runner
from tests.projects import Project


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path, runner: ForkRunner) -> Project:
    return Project(tmp_path / "project", runner)
