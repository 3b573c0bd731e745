"""The failing call block by block, with the values before and behind each (LDB, Zhong et al. 2024)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coderepair.errors import SandboxError, TestsNotRunnable
from coderepair.model import Feedback
from coderepair.trace.record import Trace
from coderepair.trace.text import entries

if TYPE_CHECKING:
    from coderepair.feedback.kinds import About

MOST_KEPT = 64
"""Traces that are kept, those of the programs asked about last."""


def ldb(feedback: Feedback, about: About) -> Feedback:
    """The trace of the first failing check; the feedback as it was where there is none (row B14)."""
    program = about.node.program
    if program is None:
        return feedback
    found = traced(about, feedback)
    if found is None:
        return feedback
    return replace(feedback, trace=entries(found, program.source, feedback.target))


def traced(about: About, feedback: Feedback) -> Trace | None:
    """The trace of the first failing check of a node's program, taken once."""
    from coderepair.trace.tracer import trace

    program, sources = about.node.program, about.sources
    if program is None or not feedback.failures:
        return None
    check, known = feedback.failures[0], sources.traces
    key = program.key, check.id
    if key not in known:
        while len(known) >= MOST_KEPT:
            known.pop(next(iter(known)))
        try:
            level, limits = sources.trace_level, sources.limits
            known[key] = trace(sources.runner, about.task, program, check, limits, level)
        except (SandboxError, TestsNotRunnable):
            known[key] = None
    return known[key]
