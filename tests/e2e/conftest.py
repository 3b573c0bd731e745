"""Projects that the tests of the real command work on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from real_command import LAST, LAST_TESTS, Project, environment, make_interpreter


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of the projects."""
    return make_interpreter(tmp_path_factory.mktemp("environment") / "venv")


@pytest.fixture
def project(tmp_path: Path, interpreter: Path) -> Project:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, tmp_path / "home", environment(tmp_path / "home", interpreter))


@pytest.fixture
def last(project: Project) -> Project:
    """A project whose `last` is off by one."""
    project.write("solution.py", LAST)
    project.write("test_solution.py", LAST_TESTS)
    return project
