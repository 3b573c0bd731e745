"""Explanations of failing checks as text and as JSON."""

from __future__ import annotations

import json as encoder
from dataclasses import asdict, dataclass

from coderepair.errors import EXIT_FAILING, EXIT_OK
from coderepair.explain import Explanation
from coderepair.model import TestReport
from coderepair.report.document import counts, failing, number

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Explained:
    """What was found out about one file."""

    path: str
    """The file as shown."""
    report: TestReport
    explanations: tuple[Explanation, ...]

    @property
    def exit_code(self) -> int:
        return EXIT_OK if self.report.solved else EXIT_FAILING


def text(found: Explained) -> str:
    """One paragraph a failing check, the steps of its call below it."""
    parts = [_paragraph(each, found.path) for each in found.explanations]
    left = len(failing(found.report)) - len(found.explanations)
    if left > 0:
        parts.append(f"{number(left, 'more failing check')}, see `coderepair check`")
    parts.append(f"{counts(found.report)} checks pass")
    return "\n\n".join(parts) + "\n"


def json(found: Explained) -> str:
    """`schema_version`, `path`, `exit_code`, `passed`, `total`, and `explanations` with the fields of
    `coderepair.explain.Explanation`."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "path": found.path,
        "exit_code": found.exit_code,
        "passed": found.report.passed,
        "total": len(found.report.checks),
        "explanations": [asdict(each) for each in found.explanations],
    }
    return encoder.dumps(document, indent=2) + "\n"


def _paragraph(each: Explanation, path: str) -> str:
    place = f"{path}:{each.line}: " if each.line else f"{path}: "
    lines = [f"{place}{each.check}", *(f"  {sentence}" for sentence in each.sentences)]
    if each.evidence:
        lines.append(f"  {number(each.steps, 'step')}, values before -> behind:")
        lines += [f"    {line}" for entry in each.evidence for line in entry.split("\n")]
    return "\n".join(lines)
