"""What is compared: named settings, given on the command line as `name=strategy:thompson,c:10`."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from coderepair import config
from coderepair.bench.suites import Protocol
from coderepair.config import Settings
from coderepair.errors import UsageError

DEFAULT_NAME = "default"
_OWN_OPTIONS = {
    "seed": "--seed",
    "max_candidates": "--evaluations",
    "timeout": "--seconds",
}
"""Settings that are equal for all that is compared, and the option that gives them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to measure. Everything that is not named has its default: configuration files and
    environment variables do not count here, so that figures are comparable between machines."""

    name: str
    settings: Settings

    def changed(self) -> dict[str, Any]:
        """Setting name -> value, where it is not the default."""
        default = Settings()
        return {
            field.name: getattr(self.settings, field.name)
            for field in dataclasses.fields(Settings)
            if field.name != "runs_dir"
            and getattr(self.settings, field.name) != getattr(default, field.name)
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The conditions of a measurement, equal for all settings that are compared."""

    protocol: Protocol
    evaluations: int
    """Candidate programs that may be run against the tests for each record."""
    seconds: float
    """Wall seconds each record may take."""
    named: bool = False
    """Whether the tool is told which function is wrong."""
    references: bool = False
    """Whether the correct programs are run instead of the failing ones, to check suite and runner."""
    jobs: int = 1
    """Repairs at the same time; times are comparable at equal jobs only."""

    def fingerprint(self, suite_sha256: str, setting: Setting) -> str:
        """Identifies rows that were measured alike; the name of the setting is not part of it."""
        parts = {
            "suite": suite_sha256,
            "plan": dataclasses.asdict(self),
            "changed": setting.changed(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def parse(spec: str) -> Setting:
    """A setting from `name=key:value,key:value`; items of a list are joined by `+`.

    `name` alone stands for the defaults. Raises `UsageError` for anything else.
    """
    name, equals, body = spec.partition("=")
    if not name.strip() or (equals and not body.strip()):
        raise UsageError(f"--settings {spec}: write NAME=KEY:VALUE,KEY:VALUE")
    texts: dict[str, str] = {}
    for part in body.split(",") if body else ():
        key, colon, value = part.partition(":")
        if not colon:
            raise UsageError(f"--settings {spec}: {part} is not KEY:VALUE")
        texts[key.strip()] = value.strip().replace("+", ",") if _is_list(key) else value.strip()
    origin = f"--settings {name.strip()}"
    values = config.parse(origin, texts)
    for key, option in _OWN_OPTIONS.items():
        if key in values:
            raise UsageError(f"{origin}: {config.key_of(key)} is the same for all; use {option}")
    return Setting(name.strip(), Settings(**values))


def parse_all(specs: list[str]) -> list[Setting]:
    """All settings, the defaults if there are none. Raises `UsageError` if two share a name."""
    settings = [parse(spec) for spec in specs or [DEFAULT_NAME]]
    names = [setting.name for setting in settings]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--settings: the name {name} is given twice")
    return settings


def _is_list(key: str) -> bool:
    return isinstance(getattr(Settings(), key.strip().replace("-", "_").lower(), None), tuple)
