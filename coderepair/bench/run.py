"""Runs a suite: one repair a record, setting and seed, then the judge; in order or in processes."""

from __future__ import annotations

import itertools
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from coderepair.bench import suites
from coderepair.bench.results import ResultsFile, Row
from coderepair.bench.settings import Plan, Setting
from coderepair.bench.suites import Record, Suite
from coderepair.bench.version import code_version
from coderepair.config import Settings
from coderepair.edit.size import changed_tokens
from coderepair.errors import EXIT_INTERRUPTED
from coderepair.events import Event, Rejected, Solved
from coderepair.model import Limits, Program, Result, Status
from coderepair.repair import repair
from coderepair.runner import open_runner, parking

_GRACE_S = 3.0
"""Seconds that a repair in another process gets to clean up after Ctrl-C."""


class Watch:
    """Reads a run's events with a clock that was started before its task was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._cpu_start = _cpu_seconds()
        self.solved_at: int | None = None
        self.solved_seconds: float | None = None

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._start

    @property
    def cpu_seconds(self) -> float:
        """Processor time since it was made, of this process and of children that have ended."""
        return _cpu_seconds() - self._cpu_start

    def __call__(self, event: Event) -> None:
        match event:
            case Solved():
                self.solved_at, self.solved_seconds = event.evaluations, self.seconds
            case Rejected():
                self.solved_at = self.solved_seconds = None
            case _:
                pass


def _cpu_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@dataclass(frozen=True, slots=True)
class Trial:
    """One row to be measured."""

    record: Record
    suite: Suite
    setting: Setting
    plan: Plan
    seed: int
    version: str
    """Of the code that measures."""

    @property
    def blank(self) -> Row:
        """The row without its outcome."""
        return Row(
            fingerprint=self.plan.fingerprint(self.suite.sha256, self.setting),
            setting=self.setting.name,
            suite=self.suite.name,
            task_id=self.record.task_id,
            problem_id=self.record.problem_id,
            bug_type=self.record.bug_type,
            seed=self.seed,
            version=self.version,
            status=Status.ERROR,
        )

    def repair_settings(self, runs_dir: Path) -> Settings:
        """The settings of the repair: what the plan says, and one worker where repairs share a machine."""
        base = self.setting.settings
        shared = self.plan.jobs > 1 and "workers" not in self.setting.changed()
        return replace(
            base,
            seed=self.seed,
            max_candidates=self.plan.evaluations,
            timeout=self.plan.seconds,
            workers=1 if shared else base.workers,
            runs_dir=runs_dir,
        )


def measure(
    suite: Suite,
    plan: Plan,
    settings: Sequence[Setting],
    seeds: Sequence[int],
    results: ResultsFile,
    on_row: Callable[[int, int, Row], None],
) -> list[Row]:
    """Measures what `results` does not hold yet, record by record, and returns all rows asked for.

    `on_row(done, total, row)` is called after each. Ctrl-C ends it; what is measured is kept.
    """
    version = code_version()
    product = itertools.product(seeds, suite.records, settings)
    wanted = [Trial(record, suite, each, plan, seed, version) for seed, record, each in product]
    by_key = {trial.blank.key: trial for trial in wanted}
    missing = [trial for key, trial in by_key.items() if key not in results.rows]
    for done, row in enumerate(_rows(missing, plan.jobs), len(by_key) - len(missing) + 1):
        results.append(row)
        on_row(done, len(by_key), row)
    # Names of settings are the reader's: two may stand for the same, and share their rows.
    return [replace(results.rows[t.blank.key], setting=t.setting.name) for t in wanted]


def run_trial(trial: Trial) -> Row:
    """One repair and its judgement. Raises KeyboardInterrupt if it was interrupted."""
    # A user's run finds no worker left warm by the one before.
    parking.clear()
    with tempfile.TemporaryDirectory(prefix="coderepair-bench-") as scratch:
        settings = trial.repair_settings(Path(scratch, "runs"))
        watch = Watch()
        try:
            result = _repair(trial, Path(scratch, "project"), settings, watch)
            seconds, cpu_seconds = watch.seconds, watch.cpu_seconds
            if result.status is Status.INTERRUPTED:
                raise KeyboardInterrupt
            row = _outcome(trial, result, watch)
            correct = row.solved and _judge(trial, result, Path(scratch, "judge"), settings)
        except Exception as error:
            # One record must not end the others; errors are counted, and the row says which it was.
            text = f"{type(error).__name__}: {error}"
            return replace(trial.blank, seconds=watch.seconds, error=text)
        return replace(row, correct=correct, seconds=seconds, cpu_seconds=cpu_seconds)


def _rows(trials: Sequence[Trial], jobs: int) -> Iterator[Row]:
    """Rows as they are ready."""
    if jobs == 1:
        yield from map(run_trial, trials)
        return
    # Spawned, since a fork of a process that has loaded a model or threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_on_sigterm) as pool:
        futures = [pool.submit(run_trial, trial) for trial in trials]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _end(multiprocessing.active_children())
            raise


def _end_on_sigterm() -> None:
    """In a process of the pool: Ctrl-C is the parent's, which ends this one in an orderly way."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.exit(EXIT_INTERRUPTED)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)


def _end(processes: Sequence[multiprocessing.process.BaseProcess]) -> None:
    """Asks twice: first the repair under way ends and cleans up, then the process, which by then may
    have begun with the next one."""
    for _ in range(2):
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_GRACE_S)


def _repair(trial: Trial, folder: Path, settings: Settings, watch: Watch) -> Result:
    record, plan = trial.record, trial.plan
    task = suites.write_task(
        folder,
        record,
        record.visible(plan.protocol),
        program=record.reference if plan.references else None,
        python=settings.python,
        isolation=settings.isolation,
        named=plan.named,
    )
    return repair(task, settings, on_event=watch)


def _outcome(trial: Trial, result: Result, watch: Watch) -> Row:
    already = trial.plan.references and result.status is Status.ALREADY_PASSING
    solved = already or (
        watch.solved_at is not None and result.after is not None and result.after.solved
    )
    return replace(
        trial.blank,
        status=result.status.value,
        solved=solved,
        verified=solved and (already or bool(result.verification and result.verification.ok)),
        solved_at=watch.solved_at if solved else None,
        solved_seconds=watch.solved_seconds if solved else None,
        evaluations=result.spent.evaluations,
        calls=result.spent.calls,
        tokens=result.spent.tokens,
        stopped_by=result.stopped_by,
        edits=len(result.descriptions),
        changed=_changed(result) if solved and not already else None,
        reference_changed=_reference_changed(trial.record) if solved and not already else None,
    )


def _changed(result: Result) -> int | None:
    source = None if result.program is None else result.program.source
    return None if source is None else changed_tokens(result.task.source, source)


def _reference_changed(record: Record) -> int | None:
    return changed_tokens(record.buggy, record.reference) if record.reference else None


def _judge(trial: Trial, result: Result, folder: Path, settings: Settings) -> bool:
    """Whether the final program passes the tests that were hidden; true if there are none."""
    record = trial.record
    hidden = record.hidden(trial.plan.protocol)
    if not hidden:
        return True
    source = result.program.source if result.program else result.task.source
    limits = Limits(test_timeout_s=settings.test_timeout, memory_mb=settings.memory)
    with open_runner(1, settings.isolation, settings.integrity) as runner:
        task = suites.write_task(
            folder, record, hidden, program=source, python=settings.python, runner=runner
        )
        [report] = runner.run(task, [Program(source)], limits)
    return report.solved
