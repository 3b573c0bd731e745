"""A job, as the server writes it to the process that does it: one line of JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Emit = Callable[[Mapping[str, Any]], None]
"""Takes one event, as plain data."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do, and everything the process may know of the editor."""

    kind: str
    """`check`, `repair`, `tree` or `setup`."""
    path: str = ""
    """Absolute path of the document: a source file, or a test file."""
    buffers: Mapping[str, str] = field(default_factory=dict)
    """Text of the open Python files by absolute path, newlines as `\\n`."""
    tests: tuple[str, ...] = ()
    """Tests to judge by, as paths, patterns or node ids; empty looks for them."""
    functions: tuple[str, ...] = ()
    """Qualified names that may change; empty leaves the choice to the tests."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the client, by the names of `coderepair.config.Settings`."""
    root: str = ""
    """The workspace folder of the document: patterns of tests are relative to it."""
    run: str = ""
    """Id of an earlier run."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(data: Mapping[str, Any]) -> Job:
    """The job that `to_json` wrote."""
    lists = {name: tuple(data.get(name, ())) for name in ("tests", "functions")}
    return Job(**{**data, **lists})
