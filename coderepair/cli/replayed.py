"""A finished or cut run, read back from its events as the result it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from coderepair.comparison import Comparison
from coderepair.errors import StoreError
from coderepair.events import (
    Asked,
    Baseline,
    Compared,
    Event,
    Finished,
    Minimised,
    Rejected,
    RunStarted,
    Told,
    Verified,
)
from coderepair.model import (
    ROOT,
    NodeId,
    Program,
    Result,
    Spent,
    Status,
    TestReport,
    Verification,
)


@dataclass
class _Story:
    started: RunStarted
    before: TestReport | None = None
    programs: dict[NodeId, tuple[Program, TestReport, str]] = field(default_factory=dict)
    parents: dict[NodeId, NodeId] = field(default_factory=dict)
    minimised: dict[NodeId, Program] = field(default_factory=dict)
    verification: Verification | None = None
    rejected: set[NodeId] = field(default_factory=set)
    spent: Spent = field(default_factory=Spent)
    finished: Finished | None = None
    comparison: Comparison | None = None


def result_of(events: Sequence[Event]) -> Result:
    """The result, with the best program so far where the run was cut. Raises `StoreError`."""
    if not events or not isinstance(events[0], RunStarted):
        raise StoreError("the log does not begin with the start of a run")
    story = _read(events[0], events[1:])
    node = story.finished.node if story.finished else None
    if node is None or node not in story.programs:
        node = _best(story)
    program, after, _ = story.programs.get(node, (None, story.before, ""))
    return Result(
        status=story.finished.status if story.finished else Status.INTERRUPTED,
        task=story.started.task,
        before=story.before,
        after=after,
        program=story.minimised.get(node, program),
        verification=story.verification,
        spent=story.finished.spent if story.finished else story.spent,
        stopped_by=story.finished.stopped_by if story.finished else "interrupt",
        path_in_tree=_path(story, node),
        descriptions=tuple(story.programs[n][2] for n in _path(story, node) if n != ROOT),
        run_id=story.started.run_id,
        comparison=story.comparison,
    )


def _read(started: RunStarted, events: Sequence[Event]) -> _Story:
    story = _Story(started)
    refined: dict[int, NodeId] = {}
    for event in events:
        match event:
            case Baseline():
                story.before = event.report
            case Asked():
                refined[event.expansion] = event.node
            case Told():
                story.spent = event.spent
                _grow(story, event, refined.get(event.expansion, ROOT))
            case Compared():
                story.comparison = event.comparison
            case Minimised():
                story.minimised[event.node] = event.program
            case Verified():
                story.verification = event.verification
            case Rejected():
                story.rejected.add(event.node)
            case Finished():
                story.finished = event
    return story


def _grow(story: _Story, event: Told, parent: NodeId) -> None:
    for node, refinement in zip(event.nodes, event.refinements, strict=False):
        program, report = refinement.proposal.program, refinement.report
        if node >= 0 and program is not None and report is not None:
            story.programs[node] = (program, report, refinement.proposal.description)
            story.parents[node] = parent


def _best(story: _Story) -> NodeId:
    """The node of the highest score that beats the program as it was, else the root."""
    scores = {node: report.score for node, (_, report, _) in story.programs.items()}
    open_nodes = [node for node in scores if node not in story.rejected]
    best = max(open_nodes, key=lambda node: (scores[node], -node), default=ROOT)
    beaten = story.before.score if story.before else 0.0
    return best if scores.get(best, 0.0) > beaten else ROOT


def _path(story: _Story, node: NodeId) -> tuple[NodeId, ...]:
    path = [node]
    while path[-1] in story.parents:
        path.append(story.parents[path[-1]])
    return tuple(reversed([each for each in path if each == ROOT or each in story.programs]))
