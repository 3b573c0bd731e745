"""Precedence, origins, and errors that name the place and the nearest known key."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from coderepair import config
from coderepair.config import Settings
from coderepair.config_files import USERS_OWN
from coderepair.errors import ConfigError
from coderepair.runner.isolation import LEVELS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file two folders down, and a home of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg" / "coderepair").mkdir(parents=True)
    (tmp_path / "project" / "src" / "pkg").mkdir(parents=True)
    return tmp_path / "project"


def _file(project: Path) -> Path:
    return project / "src" / "pkg" / "module.py"


def _user(project: Path, text: str) -> Path:
    path = project.parent / "xdg" / "coderepair" / "config.toml"
    path.write_text(text)
    return path


def _project(project: Path, text: str) -> Path:
    path = project / "pyproject.toml"
    path.write_text(f"[tool.coderepair]\n{text}")
    return path


def _load(project: Path, **environ: str) -> config.Configuration:
    return config.load(
        _file(project), environ={"XDG_CONFIG_HOME": str(project.parent / "xdg"), **environ}
    )


def test_every_layer_wins_over_the_one_below(project: Path) -> None:
    user = _user(project, "seed = 1\nsamples = 2\nmemory = 100\ntimeout = 4\n")
    table = _project(project, "samples = 3\nmemory = 101\ntimeout = 5\n")
    environ = {
        "XDG_CONFIG_HOME": str(project.parent / "xdg"),
        "CODEREPAIR_MEMORY": "102",
        "CODEREPAIR_TIMEOUT": "6.5",
    }
    loaded = config.load(_file(project), {"timeout": 7, "model": None}, environ)
    settings = loaded.settings
    assert (settings.seed, settings.samples, settings.memory, settings.timeout) == (1, 3, 102, 7.0)
    assert isinstance(settings.timeout, float)
    assert loaded.origins["seed"] == str(user)
    assert loaded.origins["samples"] == str(table)
    assert loaded.origins["memory"] == "CODEREPAIR_MEMORY"
    assert loaded.origins["timeout"] == "flag"
    assert loaded.origins["model"] == "default"


def test_the_nearest_table_counts(project: Path) -> None:
    _project(project, "seed = 1\n")
    (project / "src" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert _load(project).settings.seed == 1
    (project / "src" / "pyproject.toml").write_text("[tool.coderepair]\nseed = 2\n")
    assert _load(project).settings.seed == 2


def test_keys_may_be_written_with_dashes_or_underscores(project: Path) -> None:
    _project(project, "max-candidates = 7\ntest_timeout = 2\n")
    settings = _load(project).settings
    assert (settings.max_candidates, settings.test_timeout) == (7, 2.0)


def test_paths_in_files_are_relative_to_the_file(project: Path) -> None:
    text = "model = 'models/m.gguf'\nruns-dir = 'runs'\npython = '.venv/bin/python'\n"
    folder = _user(project, text).parent
    settings = _load(project).settings
    assert settings.model == str(folder / "models/m.gguf")
    assert settings.runs_dir == folder / "runs"
    assert settings.python == str(folder / ".venv/bin/python")


OF_THE_USER = {
    "budget": 1000,
    "endpoint": "http://collect.example/v1",
    "endpoint_model": "m",
    "isolation": "L0",
    "max_tokens_total": 10**9,
    "model": "package.module.Policy",
    "offline": False,
    "python": "./python",
    "runs_dir": "runs",
    "strategy": "package.module.Strategy",
    "test_command": "make",
}


@pytest.mark.parametrize("name", OF_THE_USER)
def test_what_runs_code_or_moves_data_is_the_users_own(project: Path, name: str) -> None:
    value = json.dumps(OF_THE_USER[name])
    table = _project(project, f"{name} = {value}\nseed = 7\n")
    before = getattr(Settings(), name)
    loaded = _load(project)
    assert getattr(loaded.settings, name) == before
    assert (loaded.settings.seed, loaded.origins[name]) == (7, "default")
    (warning,) = loaded.warnings
    assert warning.startswith(f"{table}: {config.key_of(name)} is not taken")
    assert f"CODEREPAIR_{name.upper()}" in warning
    table.unlink()
    user = _user(project, f"{name} = {value}\n")
    loaded = _load(project)
    assert (loaded.origins[name], loaded.warnings) == (str(user), ())


def test_every_setting_that_a_project_may_decide_is_known(project: Path) -> None:
    """A new setting is the user's own, or is named here."""
    names = {field.name for field in dataclasses.fields(Settings)} - USERS_OWN
    assert names == {
        *("strategy", "c", "seed", "max_candidates", "timeout", "test_timeout", "memory"),
        *("samples", "workers", "rewrite_arm", "proposers", "feedback", "mode", "rivals"),
        "prefer",
        "trace_level",
    }


def test_a_project_may_ask_for_less(project: Path) -> None:
    _user(project, "model = 'big.gguf'\nisolation = 'L0'\n")
    _project(project, "model = 'none'\nisolation = 'L3'\noffline = true\nstrategy = 'greedy'\n")
    loaded = _load(project)
    settings = loaded.settings
    assert (settings.model, settings.isolation, settings.offline) == ("none", "L3", True)
    assert (settings.strategy, loaded.warnings) == ("greedy", ())


def test_a_strategy_may_be_named_by_its_dotted_path(project: Path) -> None:
    path = "coderepair.search.greedy.Greedy"
    assert _load(project, CODEREPAIR_STRATEGY=path).settings.strategy == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede = 1", "unknown setting sede; did you mean seed"),
        ("max-candidate = 1", "unknown setting max-candidate; did you mean max-candidates"),
        ("seed = 'x'", "seed must be a whole number, not 'x'"),
        ("seed = true", "seed must be a whole number, not True"),
        ("seed = 1.5", "seed must be a whole number, not 1.5"),
        ("offline = 1", "offline must be true or false, not 1"),
        ("proposers = 'operators'", "proposers must be a list of names"),
        ("proposers = ['operator']", "unknown value operator; did you mean operators"),
        ("proposers = []", "proposers: name at least one"),
        ("strategy = 'thomson'", "unknown value thomson; did you mean thompson"),
        ("memory = 1", "memory: 1 is out of range: at least 64"),
        ("timeout = 0", "timeout: 0 is out of range: more than 0"),
        ("timeout = nan", "timeout: nan is out of range"),
        ("seed = 1\nSEED = 2", "seed is given twice"),
        ("seed = ", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_in_a_file_names_the_file(project: Path, text: str, message: str) -> None:
    path = _project(project, text)
    with pytest.raises(ConfigError) as caught:
        _load(project)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("CODEREPAIR_SEDE", "1", "CODEREPAIR_SEDE: unknown setting sede; did you mean seed"),
        ("CODEREPAIR_SEED", "one", "CODEREPAIR_SEED must be a whole number, not 'one'"),
        ("CODEREPAIR_OFFLINE", "perhaps", "CODEREPAIR_OFFLINE must be true or false"),
        ("CODEREPAIR_STRATEGY", "x", "CODEREPAIR_STRATEGY: strategy: unknown value x"),
    ],
)
def test_what_is_wrong_in_the_environment_names_the_variable(
    project: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(project, **{name: text})
    assert str(caught.value).startswith(message)


def test_what_is_wrong_in_a_flag_names_the_flag(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--isolation: unknown value L9; known are L0, L1"):
        config.load(_file(project), {"isolation": "L9"}, {})
    with pytest.raises(ConfigError, match=r"^--timeout: 0 is out of range"):
        config.load(_file(project), {"timeout": 0.0}, {})


def test_isolation_levels_are_those_of_the_runner() -> None:
    assert ("", *LEVELS) == config.ISOLATION


def test_environment_texts_are_converted(project: Path) -> None:
    settings = _load(
        project,
        CODEREPAIR_OFFLINE="yes",
        CODEREPAIR_PROPOSERS="operators, chat",
        CODEREPAIR_C="2.5",
        CODEREPAIR_DEBUG="1",
    ).settings
    assert settings.offline is True
    assert settings.proposers == ("operators", "chat")
    assert settings.c == 2.5


def test_every_setting_has_a_description() -> None:
    names = [field.name for field in dataclasses.fields(Settings)]
    assert list(config.descriptions()) == names
    assert all(text.endswith(".") for text in config.descriptions().values())
