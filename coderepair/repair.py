"""One repair from task to result: baseline, search, minimisation, verification, all of it logged.

The user's file is never written here; whoever gets a `REPAIR_AVAILABLE` may write it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import coderepair
from coderepair import store, textfile
from coderepair.assemble import Proposers, open_proposers
from coderepair.baseline import (
    baseline_limits,
    candidate_limits,
    check_baseline,
    verification_limits,
)
from coderepair.budget import Budget
from coderepair.codec import to_json
from coderepair.compact import root_program
from coderepair.config import Settings
from coderepair.edit.minimise import minimise
from coderepair.errors import StoreError, TestsNotRunnable, UsageError
from coderepair.events import (
    Baseline,
    Compared,
    Event,
    Finished,
    Minimised,
    Resumed,
    RunStarted,
    SearchStarted,
    Told,
    Verified,
    Warned,
)
from coderepair.flaky import other_seed
from coderepair.model import (
    NodeId,
    Program,
    Result,
    Spent,
    Status,
    Task,
    TestReport,
    Verification,
)
from coderepair.propose.outlook import ProposersOutlook
from coderepair.report.diff import between
from coderepair.runner import AnyRunner, runner_for
from coderepair.search.base import open_strategy
from coderepair.search.tree import Tree
from coderepair.session import EXHAUSTED, SOLVED, Session
from coderepair.solve import INTERRUPT, Driver, solve
from coderepair.trust.alike import alike_to
from coderepair.trust.contradiction import contradiction
from coderepair.trust.stage import choose
from coderepair.verify import verify

MINIMISATION_S = 5.0
"""Wall seconds that a solution is made smaller for, at most."""


def repair(
    task: Task,
    settings: Settings,
    on_event: Callable[[Event], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    *,
    begun: float | None = None,
) -> Result:
    """Searches for a program that passes the task's tests and has plain pytest verify it.

    `should_stop` is asked often; once true the best so far is returned as `INTERRUPTED`. `begun` is
    the reading of `time.monotonic` from which the run's time counts, such as before the task was made.
    Raises `TestsNotRunnable` (flaky tests and contradictory ones too), `UsageError`, and `EngineError`s.
    """
    started = RunStarted(
        store.new_run_id(), task, coderepair.__version__, time.time(), to_json(settings)
    )
    folder = settings.runs_dir / started.run_id
    with ExitStack() as stack:
        run = _Run(task, settings, folder, stack, on_event, should_stop)
        run.start = run.start if begun is None else begun
        return run.from_the_start(started)


def resume(
    folder: Path,
    settings: Settings | None = None,
    on_event: Callable[[Event], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Result:
    """Goes on with a run that was cut or ended by a limit, as if it had not been; the time it may
    take starts anew. `settings` default to those of the run (`store.logged_settings`).

    Raises `StoreError` if the log cannot be used and `UsageError` if the file has changed since.
    """
    events = store.load(folder)
    started, before = store.first(events, RunStarted), store.first(events, Baseline)
    if textfile.read(Path(started.task.path)).source != started.task.source:
        raise UsageError(f"{started.task.path} changed since run {folder.name}; start a new run")
    settings = settings or store.logged_settings(started)
    with ExitStack() as stack:
        run = _Run(started.task, settings, folder, stack, on_event, should_stop)
        for event in events:
            run.show(event)
        run.log = stack.enter_context(store.RunLog(folder))
        run.emit(Resumed(coderepair.__version__, time.time()))
        return run.search(before.report, events)


@dataclass
class _Run:
    """A repair under way."""

    task: Task
    settings: Settings
    folder: Path
    stack: ExitStack
    """Closes what the run opens."""
    on_event: Callable[[Event], None] | None
    asked_to_stop: Callable[[], bool] | None
    log: store.RunLog | None = None
    earlier: float = 0.0
    """Seconds that the run took before it was cut."""
    minimisation: int = 0
    """Programs run to make solutions smaller."""
    compared: frozenset[NodeId] = frozenset()
    """Solutions behind which rivals were looked for before the run was cut."""
    start: float = field(default_factory=time.monotonic)
    runner: AnyRunner = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.runner = runner_for(
            self.task, settings.workers, settings.isolation, settings.integrity
        )
        self.stack.callback(self.runner.close)

    def clock(self) -> float:
        return self.earlier + time.monotonic() - self.start

    def should_stop(self) -> bool:
        return self.asked_to_stop is not None and self.asked_to_stop()

    def out_of_time(self) -> bool:
        """Ends what a model is writing when the run is over."""
        return self.should_stop() or self.clock() >= self.earlier + self.settings.timeout

    def show(self, event: Event) -> None:
        if self.on_event is not None:
            self.on_event(event)

    def emit(self, event: Event) -> None:
        if self.log is not None:
            self.log.append(event)
        self.show(event)

    def from_the_start(self, started: RunStarted) -> Result:
        """Nothing is logged before a test is seen to fail."""
        self.show(started)
        root = root_program(self.task)
        limits = baseline_limits(self.settings)
        with other_seed(self.task, limits) as otherwise:
            before, again = self.runner.run(self.task, [root, root], limits)
            check_baseline(before, again)
            otherwise.check(before)
        baseline = Baseline(before, self.isolation)
        self.show(baseline)
        if before.solved:
            return self._finish(Result(Status.ALREADY_PASSING, self.task, before, before))
        if impossible := contradiction(self.task):
            raise TestsNotRunnable(impossible)
        self.log = self.stack.enter_context(store.RunLog(self.folder))
        self.log.append(started)
        self.log.append(baseline)
        return self.search(before, [])

    @property
    def isolation(self) -> str:
        """What contains the candidates."""
        return str(self.runner.isolation(self.task.python))

    def search(self, before: TestReport, events: Sequence[Event]) -> Result:
        """Everything behind the baseline; `events` are replayed first."""
        limits = candidate_limits(baseline_limits(self.settings), before)
        proposers = self.stack.enter_context(
            open_proposers(self.settings, self.out_of_time, self.runner, limits)
        )
        begun = next((event for event in events if isinstance(event, SearchStarted)), None)
        if begun is None:
            begun = SearchStarted(tuple(proposers.by_name), proposers.rewrite(before))
            self.emit(begun)
        for text in proposers.warnings:
            self.emit(Warned(text))
        session = self._session(before, begun, proposers, events)
        by_name, emit, stop = proposers.by_name, self.emit, self.should_stop
        driver = Driver(self.task, by_name, self.runner, limits, emit, stop, self.clock)
        return self._conclude(session, driver, before)

    def _session(
        self,
        before: TestReport,
        begun: SearchStarted,
        proposers: Proposers,
        events: Sequence[Event],
    ) -> Session:
        settings = self.settings
        missing = [name for name in begun.proposers if name not in proposers.by_name]
        if missing:
            raise StoreError(f"the run used {', '.join(missing)}, not available now: start anew")
        tree = Tree(
            root_program(self.task),
            before,
            begun.proposers,
            outlook=ProposersOutlook(proposers.by_name),
            rewrite=begun.rewrite,
        )
        self.minimisation = sum(each.runs for each in events if isinstance(each, Minimised))
        self.compared = frozenset(e.comparison.first for e in events if isinstance(e, Compared))
        self.earlier = max(
            (each.spent.seconds for each in events if isinstance(each, Told)), default=0.0
        )
        budget = Budget(
            settings.max_candidates,
            settings.budget,
            settings.max_tokens_total,
            self.earlier + settings.timeout,
        )
        session = Session(
            tree,
            open_strategy(settings.strategy, c=settings.c),
            budget,
            seed=settings.seed,
            samples=settings.samples,
            batched=proposers.batched,
            metered=proposers.metered,
            calls_each=proposers.calls_each,
        )
        try:
            session.replay(events)
        except (ValueError, KeyError) as error:
            raise StoreError(f"run {self.folder.name} cannot be resumed: {error}") from None
        return session

    def _conclude(self, session: Session, driver: Driver, before: TestReport) -> Result:
        """Searches until a solution stands the verification or the search ends."""
        unverified: Result | None = None
        while (node_id := solve(session, driver)) is not None and session.stopped_by == SOLVED:
            node_id, comparison = choose(session, driver, self.runner, self.settings, self.compared)
            found = self._confirm(session, driver, node_id, before)
            found = replace(found, comparison=comparison)
            verification = found.verification
            if verification is not None and verification.ok:
                return self._finish(found, node_id)
            unverified = unverified or found
            for event in session.reject(node_id, verification.reason if verification else ""):
                self.emit(event)
        return self._end(session, before, unverified)

    def _end(self, session: Session, before: TestReport, unverified: Result | None) -> Result:
        """The search is over and nothing was verified: the best that there is."""
        status = {INTERRUPT: Status.INTERRUPTED, EXHAUSTED: Status.NOT_REPAIRED}.get(
            session.stopped_by, Status.BUDGET_EXHAUSTED
        )
        if unverified is not None:
            status = status if status is Status.INTERRUPTED else Status.UNVERIFIED
            unverified = replace(unverified, status=status, stopped_by=session.stopped_by)
            result = replace(unverified, spent=self._spent(session))
            return self._finish(result, result.path_in_tree[-1])
        best = session.solution if session.solution is not None else session.tree.best().id
        node = session.tree.node(best)
        result = self._result(status, session, best, before, node.program, node.report)
        return self._finish(result, best)

    def _confirm(
        self, session: Session, driver: Driver, node_id: NodeId, before: TestReport
    ) -> Result:
        """A solution without the changes it does not need, judged by the project's own tests."""
        node = session.tree.node(node_id)
        assert node.program is not None
        reports = {node.program.key: node.report}
        before_runs = self.minimisation
        until = self.clock() + MINIMISATION_S

        def passes(program: Program) -> bool:
            if self.should_stop() or self.clock() > until:
                return False
            self.minimisation += 1
            (report,) = driver.runner.run(self.task, [program], driver.limits)
            reports[program.key] = report
            return report.solved

        alike = alike_to(self.task, self.runner, node.program, driver.limits, self.settings.seed)
        program = minimise(self.task.source, node.program, self.task.targets, passes, alike=alike)
        self.emit(Minimised(node_id, program, self.minimisation - before_runs))
        verification = verify(self.task, program, verification_limits(self.settings))
        self.emit(Verified(node_id, verification))
        status = Status.REPAIR_AVAILABLE if verification.ok else Status.UNVERIFIED
        report = reports.get(program.key, node.report)
        return self._result(status, session, node_id, before, program, report, verification)

    def _result(
        self,
        status: Status,
        session: Session,
        node_id: NodeId,
        before: TestReport,
        program: Program | None,
        after: TestReport | None,
        verification: Verification | None = None,
    ) -> Result:
        path = session.tree.path(node_id)
        return Result(
            status,
            self.task,
            before,
            after,
            program,
            between(self.task.source, program.source, self.task.path) if program else "",
            verification,
            self._spent(session),
            session.stopped_by,
            tuple(node.id for node in path),
            tuple(node.description for node in path if node.description),
            self.folder.name,
        )

    def _spent(self, session: Session) -> Spent:
        return replace(session.spent, seconds=self.clock(), minimisation=self.minimisation)

    def _finish(self, result: Result, node_id: NodeId | None = None) -> Result:
        if result.status is Status.ALREADY_PASSING:
            result = replace(result, spent=Spent(seconds=self.clock()))
        self.emit(Finished(result.status, result.stopped_by, result.spent, node_id))
        judged = result.after or result.before
        return replace(
            result,
            isolation=self.isolation,
            integrity=judged.integrity if judged else "",
            fallback_rate=self.runner.fallback_rate,
        )
