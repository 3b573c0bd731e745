"""The driver: asks, proposes, runs, tells, until the session stops. Used by every front end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from coderepair.budget import SECONDS
from coderepair.contracts import Proposer, Runner
from coderepair.errors import ContextOverflow, PolicyError, SandboxError
from coderepair.events import Event, Warned
from coderepair.model import Limits, NodeId, Program, Proposal, Refinement, Task, TestReport
from coderepair.search.tree import Expansion
from coderepair.session import Session, asked

INTERRUPT = "interrupt"
CHUNK = 4
"""Programs given to the runner at once, so that a stop is noticed between two chunks."""
MIN_TIMEOUT_S = 0.1


@dataclass(frozen=True, slots=True)
class Driver:
    """What a search needs besides its session."""

    task: Task
    proposers: Mapping[str, Proposer]
    runner: Runner
    limits: Limits
    emit: Callable[[Event], None]
    should_stop: Callable[[], bool]
    clock: Callable[[], float]
    """Seconds since the start of the run."""


def solve(session: Session, driver: Driver) -> NodeId | None:
    """Searches until a program passes all checks; returns its node, or None: `session.stopped_by`.

    Expansions that a cut run left open come first. What is under way when `should_stop` becomes true
    is left open, to be done again by whoever resumes. Raises `SandboxError` if the runner fails.
    """
    for expansion in _expansions(session, driver):
        proposals = _propose(session, driver, expansion)
        reports = _evaluate(session, driver, proposals)
        if reports is None:
            session.stopped_by = INTERRUPT if driver.should_stop() else SECONDS
            break
        refinements = [Refinement(p, r) for p, r in zip(proposals, reports, strict=True)]
        for event in session.tell(expansion.id, refinements, driver.clock()):
            driver.emit(event)
    return session.solution


def _expansions(session: Session, driver: Driver) -> Iterator[Expansion]:
    """What to do, one at a time: so what is asked depends on the log alone, wherever it was cut."""
    yield from session.tree.open_expansions
    while True:
        if driver.should_stop():
            session.stopped_by = INTERRUPT
            return
        expansion = session.ask(driver.clock())
        if expansion is None:
            return
        driver.emit(asked(expansion))
        yield expansion


def _propose(session: Session, driver: Driver, expansion: Expansion) -> list[Proposal]:
    """The proposals asked for; none if the model behind them fails, which a warning says."""
    tree = session.tree
    node = tree.node(expansion.node)
    try:
        return driver.proposers[expansion.proposer].propose(
            driver.task, tree, node, expansion.rank, expansion.k
        )
    except ContextOverflow as error:
        driver.emit(Warned(f"{expansion.proposer} cannot refine node {node.id}: {error}"))
    except PolicyError as error:
        if not session.drop(expansion.proposer):
            raise
        driver.emit(Warned(f"going on without {expansion.proposer}: {error}"))
    return []


def _evaluate(
    session: Session, driver: Driver, proposals: Sequence[Proposal]
) -> list[TestReport | None] | None:
    """A report for each proposal, None for what needs no run; None instead of all if it was stopped,
    as proposals may have been cut off by that too.

    Once a program has passed, a stop does not take that back: the rest goes without a report.
    """
    new: dict[str, Program] = {}
    for proposal in proposals:
        program = proposal.program
        if program is not None and session.tree.find(program.key) is None:
            new.setdefault(program.key, program)
    reports: dict[str, TestReport] = {}
    keys = list(new)
    for start in range(0, max(1, len(keys)), CHUNK):
        if driver.should_stop() or session.budget.out_of_time(driver.clock()):
            if any(report.solved for report in reports.values()):
                break
            return None
        chunk = keys[start : start + CHUNK]
        found = _run(session, driver, [new[key] for key in chunk])
        reports.update(zip(chunk, found, strict=True))
    return [_first(reports, proposal) for proposal in proposals]


def _first(reports: dict[str, TestReport], proposal: Proposal) -> TestReport | None:
    """The report of a proposal's program; the second proposal of the same program is a duplicate."""
    return None if proposal.program is None else reports.pop(proposal.program.key, None)


def _run(session: Session, driver: Driver, programs: Sequence[Program]) -> list[TestReport]:
    if not programs:
        return []
    limits = driver.limits
    if session.budget.seconds is not None:
        left = max(MIN_TIMEOUT_S, session.budget.seconds - driver.clock())
        limits = replace(limits, total_timeout_s=min(limits.total_timeout_s, left))
    reports = driver.runner.run(driver.task, programs, limits)
    if all(report.infra_error for report in reports):  # not the candidates' fault: once more
        reports = driver.runner.run(driver.task, programs, limits)
    if all(report.infra_error for report in reports):
        raise SandboxError(reports[0].infra_error)
    return reports
