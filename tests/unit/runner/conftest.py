"""One warm runner of each kind for all tests of a file, and a project for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coderepair.runner import ForkRunner, open_runner
from tests.projects import Project


@pytest.fixture(scope="module", params=["shared-process", "auto"])
def runner(request: pytest.FixtureRequest) -> Iterator[ForkRunner]:
    with open_runner(1, integrity=request.param) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path, runner: ForkRunner) -> Project:
    return Project(tmp_path / "project", runner)
