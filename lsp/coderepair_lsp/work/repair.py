"""The search for a repair of the text as the editor has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from coderepair.cli.progress import Progress
from coderepair.config import load
from coderepair.events import Event, SearchStarted, Told, Verified, Warned
from coderepair.model import Result, Status
from coderepair.repair import repair as run
from coderepair.report.terminal import message_of
from coderepair.report.tree import TreeNode
from coderepair.task import make_task
from coderepair_lsp.work.job import Emit, Job
from coderepair_lsp.work.subject import subjects

OPERATORS = "operators"
_LIMITS = {
    "evaluations": "maxCandidates",
    "calls": "budget",
    "tokens": "maxTokensTotal",
    "seconds": "timeout",
}
"""Limit -> the client's setting that raises it."""


def repair(job: Job, emit: Emit) -> dict[str, Any]:
    """Repairs what the document is about and returns the end of the run as plain data."""
    subject = next(subjects(job))
    settings = load(subject.path, job.flags).settings
    emit({"event": "subject", "path": str(subject.path), "tests": list(subject.tests)})
    task = make_task(
        subject.path,
        subject.tests,
        job.functions,
        python=settings.python,
        source=subject.source,
        isolation=settings.isolation,
    )
    teller = Teller(emit, settings.timeout)
    result = run(task, settings, teller.on_event)
    return {**document(result), "by_model": teller.by_model(result)}


class Teller:
    """Turns the events of a run into lines for the server: how far it is, and new nodes of the tree."""

    def __init__(self, emit: Emit, limit_s: float) -> None:
        self._emit = emit
        self._progress = Progress(limit_s)
        self._told = 0
        self._proposers: dict[int, str] = {}

    def on_event(self, event: Event) -> None:
        self._progress.take(event)
        match event:
            case Warned():
                self._emit({"event": "warning", "message": event.text})
            case Told():
                pairs = zip(event.nodes, event.refinements, strict=False)
                self._proposers.update((node, each.proposal.proposer) for node, each in pairs)
            case Verified():
                self._emit({"event": "verified", "ok": event.verification.ok})
            case SearchStarted():
                self._emit({"event": "proposers", "names": list(event.proposers)})
        self._progressed()

    def by_model(self, result: Result) -> bool:
        """Whether a model wrote any part of the repair."""
        wrote = {self._proposers.get(node, OPERATORS) for node in result.path_in_tree[1:]}
        return bool(wrote - {OPERATORS})

    def _progressed(self) -> None:
        progress = self._progress
        new = list(progress.nodes.values())[self._told :]
        self._told += len(new)
        spent, best = progress.spent, progress.best
        self._emit(
            {
                "event": "progress",
                "run_id": progress.run_id,
                "stage": progress.stage,
                "seconds": round(progress.elapsed, 2),
                "limit": progress.limit_s,
                "evaluations": spent.evaluations,
                "calls": spent.calls,
                "tokens": spent.tokens,
                "best": node_document(best) if best else None,
                "nodes": [node_document(node) for node in new],
            }
        )


def node_document(node: TreeNode) -> dict[str, Any]:
    """A node of the tree as plain data."""
    data: Mapping[str, Any] = asdict(node)
    return {**data, "score": None if node.score is None else round(node.score, 4)}


def document(result: Result) -> dict[str, Any]:
    """How a run ended. `program` is there only if plain pytest verified it."""
    verified = result.status is Status.REPAIR_AVAILABLE
    verification = result.verification
    return {
        "path": result.task.path,
        "status": result.status.value,
        "message": _message(result),
        "program": result.program.source if verified and result.program else None,
        "targets": list(result.task.targets),
        "edits": list(result.descriptions),
        "verification": asdict(verification) if verification else None,
        "spent": asdict(result.spent),
        "run_id": result.run_id,
        "isolation": result.isolation,
    }


def _message(result: Result) -> str:
    setting = _LIMITS.get(result.stopped_by)
    if result.status is Status.BUDGET_EXHAUSTED and setting is not None:
        return f"not repaired within the limits; raise the setting coderepair.{setting}"
    return message_of(result)
