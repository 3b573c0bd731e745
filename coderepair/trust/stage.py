"""From the first program that passes all checks to the one that is shown, and what sets it apart."""

from __future__ import annotations

from collections.abc import Collection

from coderepair.comparison import Comparison
from coderepair.config import Settings
from coderepair.contracts import Runner
from coderepair.errors import SandboxError
from coderepair.events import Compared
from coderepair.model import Node, NodeId
from coderepair.runner import ForkRunner
from coderepair.session import Session
from coderepair.solve import Driver
from coderepair.trust.calls import METHODS
from coderepair.trust.examine import examine
from coderepair.trust.rivals import look_further, plausible

SHARE = 0.04
"""Share of a run's time that the search for rivals may take, at most."""
RUNS = 4
"""Runs of all checks that have to fit into that time, else nothing is compared."""


def choose(
    session: Session,
    driver: Driver,
    runner: Runner,
    settings: Settings,
    looked: Collection[NodeId],
) -> tuple[NodeId, Comparison | None]:
    """The program to show of those that pass all checks, one of which the session has.

    Behind the first programs in `looked` nothing more is searched, as a log says that this was done. What
    fails here is no reason to withhold a repair: then the first program is the answer, as it is where the
    tests are slow.
    """
    first = session.solution
    assert first is not None
    if not isinstance(runner, ForkRunner) or driver.task.method not in METHODS:
        return first, None
    now, until = driver.clock(), _until(session, driver, settings)
    slow = _seconds(session, first) > (until - now) / RUNS
    if not settings.rivals or slow or driver.should_stop():
        return first, None
    try:
        if first not in looked:
            look_further(session, driver, settings.rivals, until)
        return _compared(driver, runner, plausible(session), settings)
    except SandboxError:
        return first, None


def _until(session: Session, driver: Driver, settings: Settings) -> float:
    """On the driver's clock; within the run's own time."""
    until = driver.clock() + SHARE * settings.timeout
    return until if session.budget.seconds is None else min(until, session.budget.seconds)


def _seconds(session: Session, node_id: NodeId) -> float:
    """How long a program took over all checks."""
    report = session.tree.node(node_id).report
    return 0.0 if report is None else report.seconds


def _compared(
    driver: Driver, runner: ForkRunner, nodes: list[Node], settings: Settings
) -> tuple[NodeId, Comparison | None]:
    if driver.should_stop():
        return nodes[0].id, None
    by_agreement = settings.prefer == "agreement"
    comparison = examine(
        driver.task, runner, nodes, driver.limits, seed=settings.seed, by_agreement=by_agreement
    )
    driver.emit(Compared(comparison))
    return comparison.chosen, comparison
