"""The search goes on for a while behind the first program that passes all checks.

Most rivals are neighbours: other edits of the program that the solution was made from. They become nodes
of the same tree by the same asks and tells, so a log can be replayed as any other, and they count as
evaluations. How far the search goes follows from the session alone, but for the clock.
"""

from __future__ import annotations

from collections.abc import Iterator

from coderepair.assemble import OPERATORS
from coderepair.evaluate import CHUNK, Reports, interpreter_for_search, take_report
from coderepair.model import Node, NodeId, Program, Proposal, Refinement
from coderepair.search.tree import Expansion
from coderepair.session import Session, asked
from coderepair.solve import Driver

PULL = 8
"""Proposals of one pull."""


def look_further(session: Session, driver: Driver, most: int, until: float) -> None:
    """Runs at most `most` programs beyond the one that solved the task first, none after `until` (seconds
    of the driver's clock), and within the session's budget. Raises `SandboxError`."""
    with interpreter_for_search():
        for expansion in _pulls(session, driver, most, until - _chunk_seconds(session)):
            refinements = _refined(session, driver, expansion, until)
            if refinements is None:
                return  # left open, for whoever resumes the run
            for event in session.tell(expansion.id, refinements, driver.clock()):
                driver.emit(event)


def plausible(session: Session) -> list[Node]:
    """The programs that pass all checks and were not rejected, in the order in which they were proposed;
    the first is the session's solution."""
    tree = session.tree
    solved = [
        node
        for node in tree.nodes
        if node.report is not None and node.report.solved and node.id not in tree.rejected
    ]
    return sorted(solved, key=lambda node: (node.id != session.solution, node.id))


def _pulls(session: Session, driver: Driver, most: int, until: float) -> Iterator[Expansion]:
    """Pulls of edits that are under way, then new ones of the program that the solution was made from."""
    while (left := _left(session, most)) > 0 and driver.clock() < until:
        under_way = [
            each
            for each in session.tree.open_expansions
            if each.proposer == OPERATORS and each.k <= left
        ]
        if under_way:
            yield under_way[0]
            continue
        parent = _parent(session)
        arm = None if parent is None else session.tree.arm(parent, OPERATORS)
        if arm is None or arm.exhausted:
            return
        expansion = session.tree.ask(arm, min(PULL, left))
        driver.emit(asked(expansion))
        yield expansion


def _chunk_seconds(session: Session) -> float:
    """How long a few programs are likely to run, by the solution's own report."""
    solution = None if session.solution is None else session.tree.node(session.solution).report
    return CHUNK * (0.0 if solution is None else solution.seconds)


def _left(session: Session, most: int) -> int:
    beyond = session.spent.evaluations - session.solved_at
    allowed = session.budget.evaluations_left(session.spent, 0)
    return most - beyond if allowed is None else min(most - beyond, allowed)


def _parent(session: Session) -> NodeId | None:
    return None if session.solution is None else session.tree.node(session.solution).parent


def _refined(
    session: Session, driver: Driver, expansion: Expansion, until: float
) -> list[Refinement] | None:
    """What becomes of a pull; None if time was up or the run is to stop."""
    node = session.tree.node(expansion.node)
    proposals = driver.proposers[expansion.proposer].propose(
        driver.task, session.tree, node, expansion.rank, expansion.k
    )
    programs = list(_new(session, proposals).values())
    reports: Reports = {}
    for start in range(0, len(programs), CHUNK):
        if driver.should_stop() or driver.clock() >= until:
            return None
        chunk = programs[start : start + CHUNK]
        found = driver.runner.run(driver.task, chunk, driver.limits)
        reports.update(zip((each.key for each in chunk), found, strict=True))
    return [Refinement(each, take_report(reports, each)) for each in proposals]


def _new(session: Session, proposals: list[Proposal]) -> dict[str, Program]:
    programs = {each.program.key: each.program for each in proposals if each.program is not None}
    return {key: each for key, each in programs.items() if session.tree.find(key) is None}
