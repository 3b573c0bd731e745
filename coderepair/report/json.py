"""The JSON report. Its schema is `coderepair/report/schema.json`; `SCHEMA_VERSION` changes with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import coderepair
from coderepair.events import (
    Baseline,
    Compared,
    Event,
    Rejected,
    RunStarted,
    Solved,
    Told,
    Verified,
    Warned,
)
from coderepair.model import CheckResult, Result, Spent, TestReport
from coderepair.report.document import RunReport

SCHEMA_VERSION = 1
"""Goes up when a field changes its meaning or leaves; new fields leave it as it is."""


def document(report: RunReport) -> dict[str, Any]:
    """The report as JSON values."""
    result = report.result
    return {
        "schema_version": SCHEMA_VERSION,
        "version": coderepair.__version__,
        "status": report.status.value,
        "exit_code": report.exit_code,
        "message": report.message,
        "file": report.path,
        "written": report.written,
        "diff": report.patch_text,
        **(_result(result) if result else {}),
    }


def render(report: RunReport) -> str:
    """The document as indented JSON with a final newline."""
    return json.dumps(document(report), indent=2, ensure_ascii=True) + "\n"


def render_line(report: RunReport) -> str:
    """The document as the last line of a JSON Lines stream, marked by `"event": "result"`."""
    return json.dumps({"event": "result", **document(report)}, ensure_ascii=True) + "\n"


def schema() -> dict[str, Any]:
    """The published JSON schema of the document."""
    text = files("coderepair.report").joinpath("schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def checks_document(report: TestReport) -> dict[str, Any]:
    """The checks of one program with their outcomes."""
    return {
        "passed": report.passed,
        "total": len(report.checks),
        "score": round(report.score, 6),
        "seconds": round(report.seconds, 6),
        "checks": [_check(check) for check in report.checks],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "targets": list(result.task.targets),
        "tests": [test.path for test in result.task.tests],
        "python": result.task.python,
        "before": checks_document(result.before) if result.before else None,
        "after": checks_document(result.after) if result.after else None,
        "edits": list(result.descriptions),
        "verification": asdict(result.verification) if result.verification else None,
        "comparison": asdict(result.comparison) if result.comparison else None,
        "spent": _spent(result.spent),
        "stopped_by": result.stopped_by,
        "isolation": result.isolation,
        "integrity": result.integrity,
        "fallback_rate": round(result.fallback_rate, 4),
        "run_id": result.run_id,
        **({"suspects": _suspects(result)} if result.suspects else {}),
    }


def _suspects(result: Result) -> list[dict[str, float]]:
    return [{"line": line, "score": round(score, 4)} for line, score in result.suspects]


def _spent(spent: Spent) -> dict[str, Any]:
    return {**asdict(spent), "seconds": round(spent.seconds, 3)}


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "id": check.id,
        "outcome": check.outcome.value,
        "closeness": round(check.closeness, 6),
        "seconds": round(check.seconds, 6),
        "failure": asdict(check.failure) if check.failure else None,
    }


def event_document(event: Event) -> dict[str, Any] | None:
    """What a reader of JSON Lines is told of an event; None for those of no interest to others."""
    match event:
        case RunStarted():
            return {"event": "started", "run_id": event.run_id, "targets": list(event.task.targets)}
        case Baseline():
            return {"event": "baseline", **checks_document(event.report)}
        case Told():
            return {"event": "tried", "spent": _spent(event.spent), "tried": _tried(event)}
        case Warned():
            return {"event": "warning", "message": event.text}
        case Solved():
            return {"event": "solved", "node": event.node, "evaluations": event.evaluations}
        case Compared():
            return {"event": "compared", **asdict(event.comparison)}
        case Rejected():
            return {"event": "rejected", "node": event.node, "message": event.reason}
        case Verified():
            return {"event": "verified", "node": event.node, **asdict(event.verification)}
        case _:
            return None


def _tried(event: Told) -> list[dict[str, Any]]:
    nodes = event.nodes or (-1,) * len(event.refinements)
    return [
        {
            "node": node if node >= 0 else None,
            "proposer": refinement.proposal.proposer,
            "description": refinement.proposal.description,
            "error": refinement.proposal.error,
            "passed": refinement.report.passed if refinement.report else None,
            "score": round(refinement.report.score, 6) if refinement.report else None,
        }
        for node, refinement in zip(nodes, event.refinements, strict=True)
    ]
