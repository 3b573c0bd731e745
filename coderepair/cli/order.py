"""What the command line asked for, apart from settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair.cli import output
from coderepair.cli.inputs import STDIN
from coderepair.errors import UsageError


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asked for."""

    target: str
    write: bool
    diff: bool
    output_format: str
    reports: tuple[str, ...]
    quiet: bool
    flags: Mapping[str, Any]
    """Settings that were given as flags."""
    functions: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    more_tests: tuple[str, ...] = ()
    io_tests: tuple[str, ...] = ()
    """Inputs and outputs in the place of tests."""
    keyword: str = ""
    stdin_filename: Path | None = None

    @property
    def asks(self) -> bool:
        """Whether a person is shown the repair and asked."""
        plain = self.output_format == "text" and not self.write and self.target != STDIN
        return plain and output.is_interactive()

    def check(self) -> None:
        """Raises `UsageError` for options that contradict each other."""
        if self.diff and self.write:
            raise UsageError("--diff only shows and --write writes; choose one")
        if self.diff and self.output_format != "diff":
            raise UsageError(f"--diff and --output-format {self.output_format}: choose one")
