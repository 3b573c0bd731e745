"""Projects that the tests of the real command work on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from real_command import LAST, LAST_TESTS, Project, environment


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, tmp_path / "home", environment(tmp_path / "home"))


@pytest.fixture
def last(project: Project) -> Project:
    """A project whose `last` is off by one."""
    project.write("solution.py", LAST)
    project.write("test_solution.py", LAST_TESTS)
    return project
