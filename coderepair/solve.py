"""The driver: asks, proposes, runs, tells, until the session stops. Used by every front end.

The programs of a pull are run while the next pulls are made (`Session.looks_ahead` says how many).
Pulls are told in the order in which they were asked for, however long each takes, so what is asked
depends on the log alone and a cut run goes on as it would have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from coderepair.budget import EVALUATIONS, SECONDS
from coderepair.contracts import Proposer, Runner
from coderepair.errors import ContextOverflow, PolicyError
from coderepair.evaluate import Evaluator, Reports, interpreter_for_search, take_report
from coderepair.events import Event, Warned
from coderepair.model import Limits, NodeId, Program, Proposal, Refinement, Task
from coderepair.search.tree import Expansion
from coderepair.session import EXHAUSTED, Session, asked

INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class Driver:
    """What a search needs besides its session."""

    task: Task
    proposers: Mapping[str, Proposer]
    runner: Runner
    """Used in a thread of its own while a search is under way."""
    limits: Limits
    emit: Callable[[Event], None]
    """Called in the thread that called `solve`."""
    should_stop: Callable[[], bool]
    """Asked in any thread."""
    clock: Callable[[], float]
    """Seconds since the start of the run; asked in any thread."""


def solve(session: Session, driver: Driver) -> NodeId | None:
    """Searches until a program passes all checks; returns its node, or None: `session.stopped_by`.

    Pulls that a cut run left open come first. What is under way when `should_stop` becomes true, or
    behind the pull that solved the task, is left open, to be done again by whoever goes on. Raises
    `SandboxError` if the runner fails, and `ContextOverflow` if there was nothing to try but a prompt
    that is too long for its model.
    """
    with interpreter_for_search(), Evaluator(driver, session.budget) as evaluator:
        pulls = _Pulls(session, driver, evaluator)
        while session.solution is None and pulls.fill() and pulls.finish():
            pass
        if session.solution is not None:
            pulls.ask()  # the session says why there is nothing left to do
    spent = session.spent
    if pulls.refused and session.stopped_by == EXHAUSTED and not (spent.evaluations or spent.calls):
        raise pulls.refused
    return session.solution


@dataclass(slots=True)
class _Pull:
    """One expansion under way."""

    expansion: Expansion
    proposals: list[Proposal] = field(default_factory=list)
    keys: frozenset[str] = frozenset()
    """Keys of the programs that it runs."""
    reports: Future[Reports | None] | None = None
    """None before its proposals are made."""


class _Pulls:
    """The expansions under way, in the order in which they were asked for."""

    def __init__(self, session: Session, driver: Driver, evaluator: Evaluator) -> None:
        self._session, self._driver, self._evaluator = session, driver, evaluator
        self._cut = deque(session.tree.open_expansions)
        """What a cut run left open and is not yet under way again."""
        self._open: deque[_Pull] = deque()
        self._broken_off = False
        """Whether a pull was not asked for that the run would have made before it told what is under way."""
        self.refused: ContextOverflow | None = None
        """The last prompt that did not fit into its model."""

    def fill(self) -> bool:
        """Asks for as many pulls as may be under way and starts them; false if there is none."""
        self._take_up()
        for pull in self._open:
            self._start(pull)
        while not self._cut and self._session.looks_ahead and (expansion := self.ask()) is not None:
            self._open.append(_Pull(expansion))
            self._start(self._open[-1])
        return bool(self._open)

    def _take_up(self) -> None:
        """Goes on with what a cut run left open, as far as the budget, which may be smaller now, allows."""
        pending = sum(pull.expansion.k for pull in self._open)
        while self._cut and self._session.affords(self._cut[0].k, pending):
            self._open.append(_Pull(self._cut.popleft()))
            pending += self._open[-1].expansion.k
        if self._cut and not self._open:
            self._session.stopped_by = EVALUATIONS

    def ask(self) -> Expansion | None:
        """The next pull, or None: `session.stopped_by`."""
        if self._driver.should_stop():
            self._session.stopped_by = INTERRUPT
            self._broken_off = True
            return None
        expansion = self._session.ask(self._driver.clock())
        if expansion is not None:
            self._driver.emit(asked(expansion))
        return expansion

    def finish(self) -> bool:
        """Tells what became of the first pull, which has to be there; false if it was stopped, as
        its proposals may have been cut off by that too."""
        session, driver = self._session, self._driver
        if self._broken_off and not self._solves():
            return False
        pull = self._open[0]
        self._start(pull)
        reports = pull.reports.result() if pull.reports is not None else None
        if reports is None:
            session.stopped_by = INTERRUPT if driver.should_stop() else SECONDS
            return False
        refinements = [Refinement(each, take_report(reports, each)) for each in pull.proposals]
        self._open.popleft()
        for event in session.tell(pull.expansion.id, refinements, driver.clock()):
            driver.emit(event)
        return True

    def _solves(self) -> bool:
        """Whether a program under way has passed all checks, once it is known."""
        for pull in self._open:
            if pull.reports is not None:
                pull.reports.result()
        return self._evaluator.solved

    def _start(self, pull: _Pull) -> None:
        """Makes the proposals of a pull and has their programs run, unless it has to wait or the task is
        solved."""
        waits = pull is not self._open[0] and self._session.comes_alone(pull.expansion)
        if pull.reports is not None or waits or self._evaluator.solved:
            return
        pull.proposals = self._propose(pull.expansion)
        programs = self._new(pull.proposals)
        pull.keys = frozenset(programs)
        pull.reports = self._evaluator.submit(list(programs.values()))

    def _propose(self, expansion: Expansion) -> list[Proposal]:
        """The proposals asked for; none if the model behind them fails, which a warning says."""
        session, driver = self._session, self._driver
        node = session.tree.node(expansion.node)
        try:
            return driver.proposers[expansion.proposer].propose(
                driver.task, session.tree, node, expansion.rank, expansion.k
            )
        except ContextOverflow as error:
            self.refused = error
            driver.emit(Warned(f"{expansion.proposer} cannot refine node {node.id}: {error}"))
        except PolicyError as error:
            if not session.drop(expansion.proposer):
                raise
            driver.emit(Warned(f"going on without {expansion.proposer}: {error}"))
        return []

    def _new(self, proposals: list[Proposal]) -> dict[str, Program]:
        """The programs that neither the tree nor a pull under way has, by key."""
        under_way = frozenset().union(*(pull.keys for pull in self._open))
        new: dict[str, Program] = {}
        for proposal in proposals:
            program = proposal.program
            if program is None or program.key in under_way:
                continue
            if self._session.tree.find(program.key) is None:
                new.setdefault(program.key, program)
        return new
