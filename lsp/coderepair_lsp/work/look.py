"""The tree of an earlier run, and the state of the installation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import coderepair
from coderepair.cli.progress import Progress
from coderepair.config import Settings, load
from coderepair_lsp.work.job import Job
from coderepair_lsp.work.repair import node_document

SHOWN_NODES = 2000
"""Nodes of a tree that are handed to the editor; the best ones with their ancestors stay."""


def tree(job: Job) -> dict[str, Any]:
    """The refinement tree of a run, by id or the newest: nodes, and lines of text."""
    from coderepair import store
    from coderepair.report.tree import render

    folder = store.find(_settings(job).runs_dir, job.run or "last")
    progress = Progress(0.0)
    for event in store.load(folder):
        progress.take(event)
    nodes = list(progress.nodes.values())
    return {
        "run_id": folder.name,
        "nodes": [node_document(node) for node in nodes[:SHOWN_NODES]],
        "total": len(nodes),
        "lines": render(nodes, 60),
    }


def setup(job: Job) -> dict[str, Any]:
    """What works here, and what would mend the rest: interpreter, isolation, model."""
    from coderepair.cli.examination import examine

    settings = _settings(job)
    findings = [asdict(each) for each in examine(settings, Path(job.path))]
    return {"version": coderepair.__version__, "model": settings.model, "findings": findings}


def _settings(job: Job) -> Settings:
    return load(Path(job.path) if job.path else None, job.flags).settings
