"""The settings of a command, with a word on those that a project's file may not decide."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coderepair.cli.output import say
from coderepair.config import Configuration, load


def configuration_for(file: Path | None, flags: Mapping[str, Any] | None = None) -> Configuration:
    """What `config.load` gives; its warnings go to standard error."""
    configuration = load(file, flags)
    for text in configuration.warnings:
        say(f"coderepair: {text}")
    return configuration
