"""The JSON report. Its schema is `coderepair/report/schema.json`; `SCHEMA_VERSION` changes with it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import coderepair
from coderepair.model import CheckResult, Result, TestReport, Verification
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
    spent = result.spent
    return {
        "targets": list(result.task.targets),
        "tests": [test.path for test in result.task.tests],
        "python": result.task.python,
        "before": checks_document(result.before) if result.before else None,
        "after": checks_document(result.after) if result.after else None,
        "edits": list(result.descriptions),
        "verification": _verification(result.verification),
        "spent": {
            "evaluations": spent.evaluations,
            "calls": spent.calls,
            "tokens": spent.tokens,
            "seconds": round(spent.seconds, 3),
        },
        "stopped_by": result.stopped_by,
        "run_id": result.run_id,
    }


def _verification(verification: Verification | None) -> dict[str, Any] | None:
    if verification is None:
        return None
    return {
        "ok": verification.ok,
        "command": verification.command,
        "reason": verification.reason,
        "before_passed": verification.before_passed,
        "after_passed": verification.after_passed,
        "total": verification.total,
    }


def _check(check: CheckResult) -> dict[str, Any]:
    failure = check.failure
    return {
        "id": check.id,
        "outcome": check.outcome.value,
        "closeness": round(check.closeness, 6),
        "seconds": round(check.seconds, 6),
        "failure": None
        if failure is None
        else {
            "kind": failure.kind,
            "message": failure.message,
            "call": failure.call,
            "expected": failure.expected,
            "got": failure.got,
            "exception": failure.exception,
            "line": failure.line,
            "traceback": failure.traceback,
        },
    }
