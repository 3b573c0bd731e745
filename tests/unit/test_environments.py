"""Where the tools of a project keep its interpreter; made-up folders, with programs that answer like one."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from coderepair.environments import managed
from coderepair.errors import TestsNotRunnable, UsageError
from coderepair.interpreter import find_python

VARIABLES = (
    "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "POETRY_VIRTUALENVS_PATH",
    "POETRY_CACHE_DIR", "HATCH_DATA_DIR", "CONDA_ENVS_PATH", "CONDA_ENVS_DIRS", "CONDA_EXE",
    "XDG_CACHE_HOME", "XDG_DATA_HOME",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project and a home folder of its own."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.platform", "linux")
    folder = tmp_path / "work" / "My_Project"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "My_Project"\n')
    return folder


def environment(folder: Path, version: str = "3 11", has_pytest: bool = True) -> Path:
    """An environment whose interpreter says this."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho {version} {int(has_pytest)}\n")
    python.chmod(0o755)
    return python


def digest(path: Path) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(str(path).encode()).digest()).decode()[:8]


def found(root: Path, needs_pytest: bool = True) -> tuple[str, str]:
    chosen = find_python("", root / "module.py", root, needs_pytest)
    return chosen.path, chosen.origin


def test_poetry(root: Path, tmp_path: Path) -> None:
    store = tmp_path / "home" / ".cache" / "pypoetry" / "virtualenvs"
    base = f"my_project-{digest(root)}"
    environment(store / "my_project-AAAAAAAA-py3.12")
    old, new = (environment(store / f"{base}-py3.{minor}") for minor in (9, 13))
    assert found(root) == (str(new), "poetry")
    (store / "envs.toml").write_text(f'[{base}]\nminor = "3.9"\npatch = "3.9.1"\n')
    assert found(root) == (str(old), "poetry")


def test_poetry_with_a_folder_of_its_own(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "pyproject.toml").write_text('[tool.poetry]\nname = "other name"\n')
    python = environment(tmp_path / "store" / f"other_name-{digest(root)}-py3.11")
    monkeypatch.setenv("POETRY_VIRTUALENVS_PATH", str(tmp_path / "store"))
    assert found(root) == (str(python), "poetry")


def test_hatch(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home/.local/share/hatch/env/virtual/my-project" / digest(root)
    default = environment(folder / "my-project")
    assert found(root) == (str(default), "hatch")
    testing = environment(folder / "hatch-test.py3.12")
    assert found(root) == (str(testing), "hatch")


@pytest.mark.parametrize("where", ["list", "variable", "program"])
def test_conda(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    (root / "environment.yml").write_text("# words\nname: science\ndependencies: [python]\n")
    python = environment(tmp_path / "conda" / "envs" / "science")
    if where == "list":
        listed = tmp_path / "home" / ".conda" / "environments.txt"
        listed.parent.mkdir(parents=True)
        listed.write_text(f"/opt/conda\n{tmp_path}/conda/envs/science\n")
    elif where == "variable":
        monkeypatch.setenv("CONDA_ENVS_PATH", str(tmp_path / "conda" / "envs"))
    else:
        monkeypatch.setenv("CONDA_EXE", str(tmp_path / "conda" / "bin" / "conda"))
    assert found(root) == (str(python), "conda")


def test_pixi_and_uv(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixi = environment(root / ".pixi" / "envs" / "default")
    assert found(root)[0] == str(pixi)
    (root.parent / "uv.lock").write_text("")
    workspace = environment(root.parent / ".venv")
    assert found(root)[0] == str(workspace)
    given = environment(root / "made" / "here")
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "made/here")
    assert found(root) == (str(given), "UV_PROJECT_ENVIRONMENT")


def test_a_workspace_above_the_project(root: Path) -> None:
    member = root / "packages" / "one"
    member.mkdir(parents=True)
    (root / "uv.lock").write_text("")
    python = environment(root / ".venv")
    assert found(member)[0] == str(python)


def test_an_active_environment_and_the_folder_beside_go_first(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(
        tmp_path / "home/.local/share/hatch/env/virtual/my-project" / digest(root) / "my-project"
    )
    beside = environment(root / ".venv")
    assert found(root)[0] == str(beside)
    active = environment(tmp_path / "active")
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "active"))
    assert found(root) == (str(active), "CONDA_PREFIX")


def test_the_name_of_a_project_leads_nowhere_else(root: Path, tmp_path: Path) -> None:
    environment(tmp_path / "home/.local/share/hatch/env/elsewhere" / digest(root) / "x")
    for name in ("../elsewhere", "/etc", ""):
        (root / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        assert not list(managed(root))
    (root / "environment.yml").write_text("name: ../../bad\n")
    assert not list(managed(root))


def test_the_projects_environment_without_pytest_is_not_passed_over(root: Path) -> None:
    python = environment(root / ".venv", has_pytest=False)
    with pytest.raises(TestsNotRunnable, match="pip install pytest") as raised:
        found(root)
    assert str(python) in str(raised.value)
    assert found(root, needs_pytest=False)[0] == str(python)


def test_an_interpreter_that_is_too_old_says_so(root: Path) -> None:
    python = environment(root / ".venv", "2 7")
    for given in ("", str(python)):
        with pytest.raises(TestsNotRunnable, match=r"is Python 2\.7; .* 3\.8 or newer"):
            find_python(given, root / "module.py", root)


def test_a_program_that_is_no_python(root: Path) -> None:
    with pytest.raises(UsageError, match="does not start as a Python"):
        find_python("/bin/true", root / "module.py", root)
    assert os.access("/bin/true", os.X_OK)
