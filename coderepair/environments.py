"""Where poetry, hatch, conda, pixi and uv keep the environment of a project, without asking them.

Only folders of the user's own count, and `.pixi` in the project, as `.venv` does: a project's file says
its name, never a path to run. Sources: poetry `EnvManager.generate_env_name` and `envs.toml`, hatch
`VirtualEnvironment.__init__`, conda's `environments.txt`, uv's workspaces.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UNSAFE = re.compile(r'[ $`!*@"\\\r\n\t/]')
"""Characters that poetry replaces in the name of a project."""
CONDA_FILES = ("environment.yml", "environment.yaml")
CONDA_NAME = re.compile(r"^name:\s*[\"']?([\w.-]+)", re.MULTILINE)
HATCH_TESTS = ("hatch-test*", "test*", "dev*")
"""Environments of hatch that have pytest more often than `default` has, as patterns."""


def managed(root: Path) -> Iterator[tuple[Path, str]]:
    """(folder of an environment, who keeps it) for the project at `root`; only folders that exist."""
    project = _read(root / "pyproject.toml")
    name = _name(project)
    for folder, keeper in (
        *_uv(root),
        *_pixi(root),
        *((each, "poetry") for each in _poetry(root, name)),
        *((each, "hatch") for each in _hatch(root, name)),
        *((each, "conda") for each in _conda(root)),
    ):
        if folder.is_dir():
            yield folder, keeper


def _uv(root: Path) -> Iterator[tuple[Path, str]]:
    for above in root.parents:  # a member of a workspace uses the workspace's environment
        if (above / "uv.lock").is_file() and above != Path.home():
            yield above / ".venv", str(above / ".venv")


def _pixi(root: Path) -> Iterator[tuple[Path, str]]:
    for name in ("test", "dev", "default"):
        folder = root / ".pixi" / "envs" / name
        yield folder, str(folder)


def _poetry(root: Path, name: str) -> Iterator[Path]:
    """The version in `envs.toml` first, then whatever there is, the newest Python first."""
    if not name:
        return
    store = _poetry_store()
    clean = UNSAFE.sub("_", name.lower())[:42]
    base = f"{clean}-{_digest(os.path.normcase(os.path.realpath(root)))}"
    chosen = _read(store / "envs.toml").get(base, {})
    minor = chosen.get("minor", "") if isinstance(chosen, dict) else ""
    if re.fullmatch(r"\d+\.\d+", str(minor)):
        yield store / f"{base}-py{minor}"
    yield from sorted(store.glob(f"{base}-py*"), key=_version, reverse=True)


def _poetry_store() -> Path:
    given = os.environ.get("POETRY_VIRTUALENVS_PATH", "")
    if given:
        return Path(given)
    cache = os.environ.get("POETRY_CACHE_DIR", "")
    return (Path(cache) if cache else cache_home() / "pypoetry") / "virtualenvs"


def _hatch(root: Path, name: str) -> Iterator[Path]:
    """`default`, which bears the project's name, then those for tests."""
    if not name:
        return
    normal = re.sub(r"[-_.]+", "-", name).lower()
    data = os.environ.get("HATCH_DATA_DIR", "")
    home = Path(data) if data else _data_home() / "hatch"
    folder = home / "env" / "virtual" / normal / _digest(str(root))
    for pattern in (*HATCH_TESTS[:1], normal, *HATCH_TESTS[1:]):
        yield from sorted(folder.glob(pattern), key=_version, reverse=True)


def _conda(root: Path) -> Iterator[Path]:
    """The environment that the project's file names, wherever conda keeps its environments."""
    for file in CONDA_FILES:
        found = CONDA_NAME.search(_text(root / file))
        if found:
            yield from _conda_named(found[1])


def _conda_named(name: str) -> Iterator[Path]:
    for line in _text(Path.home() / ".conda" / "environments.txt").splitlines():
        if Path(line.strip()).name == name:
            yield Path(line.strip())
    folders = os.environ.get("CONDA_ENVS_PATH", "") or os.environ.get("CONDA_ENVS_DIRS", "")
    for folder in filter(None, folders.split(os.pathsep)):
        yield Path(folder) / name
    program = os.environ.get("CONDA_EXE", "")
    if program:
        yield Path(program).parents[1] / "envs" / name


def _digest(text: str) -> str:
    """What poetry and hatch put behind a name: eight characters for the project's folder."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:8]


def _name(project: dict[str, Any]) -> str:
    """The name of the project, without anything that would lead out of a folder."""
    tool = project.get("tool", {})
    poetry = tool.get("poetry", {}) if isinstance(tool, dict) else {}
    for table in (project.get("project", {}), poetry):
        name = table.get("name", "") if isinstance(table, dict) else ""
        if isinstance(name, str) and re.fullmatch(r"\w[\w .-]*", name):
            return name
    return ""


def _version(path: Path) -> tuple[int, ...]:
    """The numbers at the end of a folder's name, to sort by."""
    found = re.search(r"py(\d+(?:\.\d+)*)$", path.name)
    return tuple(map(int, found[1].split("."))) if found else ()


def cache_home() -> Path:
    """Where programs keep what they can make again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache")


def _data_home() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME", "") or Path.home() / ".local" / "share")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
