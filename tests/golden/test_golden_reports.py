"""Reports are as they were recorded, and JSON documents are of the published schema."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from record import FOLDER, rendered
from runs import RUNS

from coderepair.report import json as json_report

EXPECTED = rendered()


@pytest.mark.parametrize("name", EXPECTED)
def test_reports_are_as_recorded(name: str) -> None:
    assert EXPECTED[name].decode() == (FOLDER / name).read_text(encoding="utf-8")


def test_nothing_else_is_recorded() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(EXPECTED)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_report.schema())


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("render", [json_report.render, json_report.render_line])
def test_documents_are_of_the_schema(name: str, render) -> None:  # type: ignore[no-untyped-def]
    document = json.loads(render(RUNS[name]))
    jsonschema.validate(document, json_report.schema())


def test_the_schema_describes_every_field() -> None:
    known = set(json_report.schema()["properties"])
    for report in RUNS.values():
        assert set(json.loads(json_report.render_line(report))) <= known


def test_a_patch_is_rendered_for_a_verified_repair_only() -> None:
    assert {name for name in EXPECTED if name.endswith(".diff")} == {
        "repaired.diff",
        "repair_available.diff",
    }
