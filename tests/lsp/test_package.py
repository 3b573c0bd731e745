"""The extension's manifest says what the server and the core know."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from coderepair_lsp import options

from coderepair.config import Settings

EXTENSION = Path(__file__).parents[2] / "vscode-extension"
OF_THE_CLIENT = {
    "interpreter",
    "tests",
    "codeLens",
    "checkOnSave",
    "serverPython",
    "importStrategy",
    "path",
}
SOURCES = [path.read_text(encoding="utf-8") for path in sorted((EXTENSION / "src").glob("*.ts"))]


def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return loaded


def properties() -> dict[str, Any]:
    found = manifest()["contributes"]["configuration"]["properties"]
    return {key.removeprefix("coderepair."): value for key, value in found.items()}


def test_settings_of_the_extension_are_settings_of_the_core() -> None:
    known = {
        re.sub(r"_(.)", lambda it: it.group(1).upper(), each.name) for each in fields(Settings)
    }
    assert set(properties()) - OF_THE_CLIENT - {"trace.server"} <= known


def test_the_defaults_leave_everything_to_the_project() -> None:
    defaults = {name: value["default"] for name, value in properties().items()}
    assert options.settings(defaults) == options.ClientSettings()


def test_the_numbers_that_the_descriptions_name_are_those_of_the_core() -> None:
    core = Settings()
    told = {
        "timeout": core.timeout,
        "testTimeout": core.test_timeout,
        "maxCandidates": core.max_candidates,
        "memory": core.memory,
        "budget": core.budget,
    }
    for name, value in told.items():
        assert f"else {value:g}." in properties()[name]["markdownDescription"]


def test_settings_that_name_programs_are_not_taken_from_an_untrusted_workspace() -> None:
    restricted = manifest()["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    for name in ("interpreter", "serverPython", "path", "importStrategy", "model", "endpoint"):
        assert f"coderepair.{name}" in restricted


def test_every_command_of_the_manifest_is_there() -> None:
    registered = "\n".join(SOURCES)
    for command in manifest()["contributes"]["commands"]:
        assert re.search(rf"\b{command['command'].removeprefix('coderepair.')}: ", registered)


def test_every_setting_has_a_description() -> None:
    for value in properties().values():
        assert value.get("description") or value.get("markdownDescription")
        assert value["scope"]
