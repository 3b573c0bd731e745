"""What the client asked for at the start, and its settings, which go over those of the project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from coderepair.config import Settings

_UPPER = re.compile(r"([A-Z])")
_LISTS = ("proposers", "feedback")
_NAMES = frozenset(each.name for each in fields(Settings))


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The section `coderepair` of the client's settings, for one folder."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the core, by their names there; those that the client leaves empty are not in it."""
    tests: tuple[str, ...] = ()
    """Test files, folders, patterns or node ids, relative to the folder; empty looks for them."""
    code_lens: bool = True
    check_on_save: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """`initializationOptions`."""

    trusted: bool = True
    """Whether the user trusts the workspace; nothing of it is run otherwise."""
    client_commands: bool = False
    """Whether the client has commands of its own under our names, with progress and a diff view."""
    settings: ClientSettings = field(default_factory=ClientSettings)
    """Used until the client is asked, and by clients that cannot be asked."""


def start(data: object) -> Start:
    """From `initializationOptions`; whatever is missing has its default."""
    given = data if isinstance(data, Mapping) else {}
    return Start(
        trusted=given.get("trusted") is not False,
        client_commands=given.get("clientCommands") is True,
        settings=settings(given.get("settings")),
    )


def settings(data: object) -> ClientSettings:
    """From the section of the client's settings, `camelCase` keys; what we do not know is the client's."""
    given = data if isinstance(data, Mapping) else {}
    named = {_snake(str(key)): value for key, value in given.items()}
    if "interpreter" in named:
        named["python"] = named["interpreter"]
    flags = {
        name: tuple(value) if name in _LISTS and isinstance(value, list) else value
        for name, value in named.items()
        if name in _NAMES and value not in (None, "", [])
    }
    tests = named.get("tests")
    return ClientSettings(
        flags=flags,
        tests=tuple(map(str, tests)) if isinstance(tests, list | tuple) else (),
        code_lens=named.get("code_lens") is not False,
        check_on_save=named.get("check_on_save") is True,
    )


def _snake(key: str) -> str:
    return _UPPER.sub(r"_\1", key).lower().replace("-", "_")
