"""Settings: what they are, where they may be set, and where each value came from.

Precedence: flags > `CODEREPAIR_*` > `[tool.coderepair]` of the nearest pyproject.toml above the file
that has such a table > the user's `coderepair/config.toml` below `$XDG_CONFIG_HOME` > defaults.
What runs code or moves data a project's file may not decide (`config_files`).
Unknown keys and wrong types are `ConfigError`s that name the place and the nearest known key.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from coderepair.config_files import Layer, file_layers, users_own
from coderepair.errors import ConfigError

STRATEGIES = ("thompson", "greedy", "bfs", "fixed-width", "best-of-n", "linear", "flat")
PROPOSERS = ("operators", "embedded", "chat")
FEEDBACK = ("failures", "lines", "ldb", "cocogen", "random")
TRACE_LEVELS = ("block", "line", "function")
MODES = ("direct",)
ISOLATION = ("", "L0", "L1", "L2", "L3", "L4", "L5")
INTEGRITY = ("auto", "two-process", "shared-process")
REWRITE_ARM = ("auto", "on", "off")
PREFER = ("first", "agreement")
ENV_PREFIX = "CODEREPAIR_"
ENV_NOT_SETTINGS = ("CODEREPAIR_DEBUG", "CODEREPAIR_API_KEY")
"""Variables with our prefix that are no settings: `--debug` everywhere, and the key of an endpoint."""


def default_runs_dir() -> Path:
    """`$XDG_STATE_HOME/coderepair/runs`, where run logs and undo copies are kept."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "coderepair" / "runs"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run may be told besides its task. Checked when it is made (`ConfigError`)."""

    strategy: str = "thompson"
    """Which arm of the tree is pulled next: thompson, greedy, bfs, fixed-width, best-of-n, linear,
    flat, or the dotted path of a class."""
    c: float = 10.0
    """Thompson sampling's C, above 0: how strongly the heuristic counts (Tang et al. 2024, Eq. 4)."""
    seed: int = 0
    """Seed of every random choice, 0 or more; the same seed repeats a run."""
    max_candidates: int = 20000
    """Candidate programs that may be run against the tests, 1 or more."""
    rivals: int = 32
    """Programs that are run behind the first that passes, to find others that pass too, 0 or more; with 0
    the first one is shown."""
    prefer: str = "agreement"
    """Which of several programs that pass is shown: first, or agreement: the one that most of the others,
    weighed by their chance, behave like."""
    budget: int = 64
    """Calls of a chat model, 0 or more."""
    max_tokens_total: int = 200_000
    """Tokens that models may read and write in the whole run, 0 or more."""
    timeout: float = 30.0
    """Seconds for the whole run, above 0."""
    test_timeout: float = 5.0
    """Seconds that one check may take, above 0."""
    memory: int = 1024
    """Memory of one candidate's process in MiB, 64 or more."""
    samples: int = 8
    """Samples that a model draws from one prompt, 1 to 64."""
    workers: int = 2
    """Processes that run candidates, 0 to 64; 0 means one for each core, at most 4."""
    model: str = "embedded"
    """`embedded`, `none`, or the path of a .gguf file."""
    endpoint: str = ""
    """Base URL of an OpenAI-compatible server (`http://127.0.0.1:8080/v1`); empty for none."""
    endpoint_model: str = ""
    """Name of the model to ask the server for; empty takes the first that it offers."""
    python: str = ""
    """The project's interpreter; empty looks for the active environment, then `.venv`, then those that poetry,
    hatch, conda, pixi and uv keep."""
    test_command: str = ""
    """Shell command that tests a copy of the project; empty means pytest, or unittest where there is none."""
    isolation: str = ""
    """Least isolation of candidates that will do, L0 to L5; empty asks for L3 on Linux."""
    integrity: str = "auto"
    """Where tests run: two-process (out of a candidate's reach; tests that cannot are refused),
    shared-process (in the candidate's process), or auto: the first as far as each test lets it be done."""
    rewrite_arm: str = "auto"
    """Whether the tree has an arm that rewrites from scratch: on, off, or auto: if a chat model is there
    and no check passes yet."""
    proposers: tuple[str, ...] = PROPOSERS
    """Who proposes changes, of operators, embedded, chat; those that are available are used."""
    feedback: tuple[str, ...] = ("failures",)
    """What a chat model is shown about a failing program, of failures, lines (those to suspect), cocogen (static
    errors, and definitions of the project), random (the control of an ablation)."""
    trace_level: str = "block"
    """Units of the trace that the feedback ldb shows: block, line, function."""
    mode: str = "direct"
    """How a chat model is asked: direct (for the function at once)."""
    offline: bool = False
    """Whether endpoints outside this machine are refused."""
    runs_dir: Path = field(default_factory=default_runs_dir)
    """Folder of run logs and undo copies."""

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            _check_range(name, getattr(self, name), low, high)
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            for item in value if isinstance(value, tuple) else (value,):
                if item not in allowed and not (name == "strategy" and _is_dotted_path(item)):
                    raise ConfigError(f"{key_of(name)}: {_unknown('value', item, allowed)}")
        if not self.proposers:
            raise ConfigError(f"proposers: name at least one of {', '.join(PROPOSERS)}")


_JUST_ABOVE_ZERO = math.nextafter(0.0, 1.0)
_RANGES: dict[str, tuple[float, float]] = {
    "c": (_JUST_ABOVE_ZERO, 1e6),
    "seed": (0, 2**63 - 1),
    "max_candidates": (1, 10**9),
    "rivals": (0, 10**6),
    "budget": (0, 10**9),
    "max_tokens_total": (0, 10**12),
    "timeout": (_JUST_ABOVE_ZERO, 1e7),
    "test_timeout": (_JUST_ABOVE_ZERO, 1e6),
    "memory": (64, 2**24),
    "samples": (1, 64),
    "workers": (0, 64),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "strategy": STRATEGIES,
    "rewrite_arm": REWRITE_ARM,
    "prefer": PREFER,
    "proposers": PROPOSERS,
    "feedback": FEEDBACK,
    "trace_level": TRACE_LEVELS,
    "mode": MODES,
    "isolation": ISOLATION,
    "integrity": INTEGRITY,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings together with the place that each value came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Setting name -> `flag`, `CODEREPAIR_X`, path of a file, or `default`."""
    warnings: tuple[str, ...] = ()
    """What a project's file asked for and may not decide, one line each."""


def load(
    file: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Configuration:
    """The settings for repairing `file` (default: the working directory).

    `flags` holds what the command line gave; None values count as not given.
    Raises `ConfigError` for unknown keys, wrong types, values out of range and unreadable files.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_NAMES, "default")
    warnings: list[str] = []
    layers = [
        *file_layers(file or Path.cwd(), environ),
        *_environment_layers(environ),
        Layer("flag", {k: v for k, v in (flags or {}).items() if v is not None}),
    ]
    for layer in layers:
        checked = _checked(layer.origin, layer.values)
        refused = [] if layer.trusted else [n for n, v in checked.items() if users_own(n, v)]
        warnings += [_not_taken(layer.origin, name) for name in refused]
        checked = {name: value for name, value in checked.items() if name not in refused}
        values |= checked
        origins |= dict.fromkeys(checked, layer.origin)
    return Configuration(_build(values, origins), origins, tuple(warnings))


def parse(origin: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Setting name -> value, read from text as environment variables are. `ConfigError` names `origin`."""
    kinds = {key: _NAMES.get(key.replace("-", "_").lower(), "str") for key in texts}
    return _checked(origin, {key: _from_text(kinds[key], text) for key, text in texts.items()})


def key_of(name: str) -> str:
    """The name of a setting as it is written in files and flags: `max-candidates`."""
    return name.replace("_", "-")


def descriptions() -> dict[str, str]:
    """Setting name -> its docstring, read from this module's source."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            found[statement.target.id] = str(following.value.value)
    return found


def _build(values: dict[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        return Settings(**values)
    except ConfigError as error:
        name = str(error).split(":", 1)[0].replace("-", "_")
        where = {"default": "", "flag": "--"}.get(origins.get(name, "default"))
        prefix = f"{origins[name]}: " if where is None else where
        raise ConfigError(f"{prefix}{error}") from None


def _environment_layers(environ: Mapping[str, str]) -> list[Layer]:
    names = sorted(n for n in environ if n.startswith(ENV_PREFIX) and n not in ENV_NOT_SETTINGS)
    return [Layer(name, {name.removeprefix(ENV_PREFIX).lower(): environ[name]}) for name in names]


def _not_taken(origin: str, name: str) -> str:
    return (
        f"{origin}: {key_of(name)} is not taken from a project's file; to have it, set "
        f"{ENV_PREFIX}{name.upper()} or your own config.toml"
    )


def _is_dotted_path(name: str) -> bool:
    return "." in name and all(part.isidentifier() for part in name.split("."))


def _checked(origin: str, layer: Mapping[str, Any]) -> dict[str, Any]:
    """Names normalised and values converted; `ConfigError` for anything unknown or of a wrong type."""
    checked: dict[str, Any] = {}
    for key, value in layer.items():
        name = key.replace("-", "_").lower()
        if name not in _NAMES:
            raise ConfigError(f"{origin}: {_unknown('setting', key_of(name), map(key_of, _NAMES))}")
        if name in checked:
            raise ConfigError(f"{origin}: {key_of(name)} is given twice")
        checked[name] = _converted(origin, name, value)
    return checked


def _converted(origin: str, name: str, value: Any) -> Any:
    kind = _NAMES[name]
    if origin.startswith(ENV_PREFIX):
        value = _from_text(kind, value)
    fits: bool
    match kind:
        case "int":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "float":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            value = float(value) if fits else value
        case "bool":
            fits = isinstance(value, bool)
        case "Path":
            fits = isinstance(value, str | Path) and str(value) != ""
            value = Path(value).expanduser().absolute() if fits else value
        case "tuple[str, ...]":
            fits = isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)
            value = tuple(value) if fits else value
        case _:
            fits = isinstance(value, str)
    if not fits:
        flag = f"--{key_of(name)}" if origin == "flag" else f"{origin}: {key_of(name)}"
        where = origin if origin.startswith(ENV_PREFIX) else flag
        raise ConfigError(f"{where} must be {_KINDS[kind]}, not {value!r}")
    return value


def _from_text(kind: str, text: str) -> Any:
    """An environment variable's text as a value of that kind; the text itself where it is none."""
    try:
        match kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return _BOOLEANS.get(text.strip().lower(), text)
            case "tuple[str, ...]":
                return tuple(part.strip() for part in text.split(",") if part.strip())
            case _:
                return text
    except ValueError:
        return text


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if low <= value <= high:
        return
    least = "more than 0" if low == _JUST_ABOVE_ZERO else f"at least {low:g}"
    raise ConfigError(f"{key_of(name)}: {value:g} is out of range: {least} and at most {high:g}")


def _unknown(what: str, given: str, allowed: Iterable[str]) -> str:
    names = [name for name in allowed if name]
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
    return f"unknown {what} {given}; {hint}"


_NAMES: dict[str, str] = {f.name: str(f.type) for f in fields(Settings)}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "Path": "a path",
    "tuple[str, ...]": "a list of names",
}
_BOOLEANS = {
    "1": True, "true": True, "yes": True, "on": True,
    "0": False, "false": False, "no": False, "off": False,
}  # fmt: skip
