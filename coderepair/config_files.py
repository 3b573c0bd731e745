"""Files that hold settings, and which of their settings count.

The user's own file is trusted. A project's pyproject.toml comes with the code, which may be anybody's:
it may say how to search and how much time to take, but nothing that runs code outside the sandbox,
weakens it, sends the program somewhere, spends the user's money or writes to a folder of its choice.
Editors draw the same line for a workspace that is not trusted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair.errors import ConfigError

USERS_OWN = frozenset({
    "budget", "endpoint", "endpoint_model", "integrity", "isolation", "max_tokens_total", "model", "offline",
    "python", "runs_dir", "test_command",
})  # fmt: skip
"""Settings that a project's file may not decide, apart from `HARMLESS` values of theirs."""
HARMLESS: Mapping[str, tuple[object, ...]] = {
    "integrity": ("auto", "two-process"),
    "isolation": ("L3", "L4", "L5"),
    "model": ("embedded", "none"),
    "offline": (True,),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place."""

    origin: str
    values: Mapping[str, Any]
    trusted: bool = True
    """Whether the user wrote them; false for a file that comes with the code."""


def file_layers(start: Path, environ: Mapping[str, str]) -> list[Layer]:
    """The user's file and the project's, the later one above. Raises `ConfigError`."""
    layers = []
    user = user_config(environ)
    if user.is_file():
        layers.append(Layer(str(user), _with_paths(_read_toml(user), user.parent)))
    project = nearest_pyproject(start)
    if project is not None:
        table = _with_paths(_table_of(project) or {}, project.parent)
        layers.append(Layer(str(project), table, trusted=False))
    return layers


def users_own(name: str, value: object) -> bool:
    """Whether a project's file may not give a setting this value."""
    if name == "strategy":  # a dotted path is code to import
        return "." in str(value)
    return name in USERS_OWN and value not in HARMLESS.get(name, ())


def nearest_pyproject(start: Path) -> Path | None:
    """The nearest pyproject.toml at or above `start` that has a `[tool.coderepair]` table."""
    start = start.absolute()
    for folder in (start, *start.parents) if start.is_dir() else start.parents:
        candidate = folder / "pyproject.toml"
        if candidate.is_file() and _table_of(candidate) is not None:
            return candidate
    return None


def user_config(environ: Mapping[str, str]) -> Path:
    """Path of the user's configuration file, which need not exist."""
    base = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return folder / "coderepair" / "config.toml"


def _table_of(pyproject: Path) -> dict[str, Any] | None:
    tool = _read_toml(pyproject).get("tool", {})
    table = tool.get("coderepair") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{pyproject}: tool.coderepair must be a table, [tool.coderepair]")
    return table


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from None


def _with_paths(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths of a configuration file are meant relative to its folder."""
    resolved = dict(table)
    for key, value in table.items():
        name = key.replace("-", "_").lower()
        if isinstance(value, str) and _is_path(name, value):
            resolved[key] = str(folder / Path(value).expanduser())
    return resolved


def _is_path(name: str, value: str) -> bool:
    if name == "runs_dir":
        return True
    return (name == "model" and value.endswith(".gguf")) or (name == "python" and "/" in value)
