"""What one candidate costs: the runner in both modes against `python -m pytest` in a subprocess.

All ways are measured in turn on each task, in rounds of a second or two, so that a ratio compares what
ran under the same load. CPU counts everything: this process, workers, judges and candidates.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from coderepair.bench import suites
from coderepair.bench.runner import usage
from coderepair.bench.runner.agreement import outcomes_by_test
from coderepair.bench.suites import Record
from coderepair.errors import UsageError
from coderepair.model import Limits, Outcome, Program, Task
from coderepair.runner import ForkRunner
from coderepair.runner.reports import SHARED, TWO_PROCESS

LIMITS = Limits()
GOOD, BAD = "right", "wrong"
SUBPROCESS = "subprocess"
BARE = " without Landlock and seccomp"
STOPPING = " up to the first failing test"
NO_LAYERS = {"landlock": False, "seccomp": False}
SUBPROCESS_S = 20.0
MEMORY_TASKS = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    python: str
    rounds: int = 3
    calls: int = 16
    """Candidates of each kind that each way gets in a round; a subprocess gets one."""
    batch: int = 24
    """Candidates of a round that are handed over at once, to one worker and to two."""


@dataclass(slots=True)
class Spent:
    """What some candidates of one kind used on one task."""

    count: int = 0
    cpu_s: float = 0.0
    wall_s: list[float] = field(default_factory=list)
    """Of each candidate; of a batch as a whole where several were handed over."""

    @property
    def cpu_ms(self) -> float:
        """Per candidate."""
        return 1000 * self.cpu_s / max(1, self.count)


@dataclass(slots=True)
class TaskFigures:
    """One task, measured in all ways."""

    task_id: str
    tests: int
    integrity: str
    """Of the reports in two-process mode: whether some of the tests fell back."""
    spent: dict[str, dict[str, Spent]]
    """Way -> `right` or `wrong` -> what it used."""
    batches: dict[str, dict[int, Spent]]
    """Mode -> number of workers -> what batches of right candidates took."""
    setup_s: dict[str, float]
    """Mode -> wall seconds from a new task to its first verdict."""


class Kit:
    """The runners that are compared, started once for all tasks."""

    def __init__(self, stack: ExitStack) -> None:
        def opened(
            mode: str, workers: int = 1, layers: dict[str, bool] | None = None
        ) -> ForkRunner:
            wanted = "L0" if layers else ""
            runner = ForkRunner(
                workers, wanted, layers, integrity="auto" if mode == TWO_PROCESS else mode
            )
            return stack.enter_context(runner)

        modes = (TWO_PROCESS, SHARED)
        self.modes = {mode: opened(mode) for mode in modes}
        self.bare = {mode: opened(mode, layers=NO_LAYERS) for mode in modes}
        self.stopping = {mode: opened(mode) for mode in modes}
        self.twice = {mode: opened(mode, workers=2) for mode in modes}


def measure(
    records: Sequence[Record], plan: Plan, on_task: Callable[[int, int, str], None]
) -> list[TaskFigures]:
    """Measures one task after the other, without those whose wrong program plain pytest does not end within
    `SUBPROCESS_S` seconds: nothing can be compared there. Raises what the runner raises."""
    found = []
    with ExitStack() as stack:
        kit = Kit(stack)
        for number, record in enumerate(records, 1):
            said = record.task_id
            with tempfile.TemporaryDirectory(prefix="coderepair-cost-") as folder:
                try:
                    found.append(_task(record, Path(folder), kit, plan))
                except subprocess.TimeoutExpired:
                    said += ", left out: it hangs in plain pytest"
            on_task(number, len(records), said)
    return found


def memory(records: Sequence[Record], plan: Plan) -> dict[str, tuple[float, float]]:
    """Mode -> MiB (proportional set size) of one idle worker, and what a second one adds; the largest of
    a few tasks. Raises `UsageError` where the system does not tell."""
    found: dict[str, tuple[float, float]] = {}
    for mode in (TWO_PROCESS, SHARED):
        for record in records[:MEMORY_TASKS]:
            with tempfile.TemporaryDirectory(prefix="coderepair-cost-") as folder:
                one, two = (_memory(record, Path(folder), mode, n, plan) for n in (1, 2))
            largest = found.get(mode, (0.0, 0.0))
            found[mode] = (max(largest[0], one), max(largest[1], two - one))
    return found


def _memory(record: Record, folder: Path, mode: str, workers: int, plan: Plan) -> float:
    with ForkRunner(workers, integrity="auto" if mode == TWO_PROCESS else mode) as runner:
        task = _written(record, folder / str(workers), plan, runner)
        runner.run(task, list(_programs(record.reference, 4 * workers)), LIMITS)
        try:
            return usage.memory_mb()
        except PermissionError:
            raise UsageError(
                "memory of other processes cannot be read; run as their owner or root"
            ) from None


def _task(record: Record, folder: Path, kit: Kit, plan: Plan) -> TaskFigures:
    task = _written(record, folder / "project", plan, kit.modes[TWO_PROCESS])
    setup = {mode: _warm(runner, task, record) for mode, runner in kit.modes.items()}
    [report] = kit.modes[TWO_PROCESS].run(task, [Program(record.buggy)], LIMITS)
    figures = TaskFigures(
        record.task_id,
        len(outcomes_by_test(report)),
        report.integrity,
        spent=defaultdict(lambda: defaultdict(Spent)),
        batches=defaultdict(lambda: defaultdict(Spent)),
        setup_s=setup,
    )
    cut = _up_to_failure(task, outcomes_by_test(report))
    for runner in (*kit.bare.values(), *kit.twice.values()):
        _warm(runner, task, record)
    for runner in kit.stopping.values():
        _warm(runner, cut, record)
    plain = _Subprocess(task, folder / "plain", plan.python)
    plain.run(record.reference)  # the baseline at its best: the tests' bytecode is cached
    for _ in range(plan.rounds):
        _round(record, task, cut, kit, plan, plain, figures)
    return figures


def _round(
    record: Record,
    task: Task,
    cut: Task,
    kit: Kit,
    plan: Plan,
    plain: _Subprocess,
    figures: TaskFigures,
) -> None:
    """Every way once."""
    ways = [(mode, runner, task) for mode, runner in kit.modes.items()]
    ways += [(mode + BARE, runner, task) for mode, runner in kit.bare.items()]
    ways += [(mode + STOPPING, runner, cut) for mode, runner in kit.stopping.items()]
    for kind, source in ((GOOD, record.reference), (BAD, record.buggy)):
        _add(figures.spent[SUBPROCESS][kind], [lambda text=source: plain.run(text)])  # type: ignore[misc]
        for way, runner, asked in ways:
            if asked is task or kind is BAD:
                calls = [_call(runner, asked, [each]) for each in _programs(source, plan.calls)]
                _add(figures.spent[way][kind], calls)
    batch = list(_programs(record.reference, plan.batch))
    for mode, runner in kit.modes.items():
        for workers, used in ((1, runner), (2, kit.twice[mode])):
            _add(figures.batches[mode][workers], [_call(used, task, batch)], each=plan.batch)


def _call(runner: ForkRunner, task: Task, programs: list[Program]) -> Callable[[], object]:
    return lambda: runner.run(task, programs, LIMITS)


def _add(spent: Spent, calls: Sequence[Callable[[], object]], each: int = 1) -> None:
    """Makes the calls and counts what they use."""
    meter = usage.CpuMeter()
    for call in calls:
        start = time.perf_counter()
        call()
        spent.wall_s.append(time.perf_counter() - start)
    spent.cpu_s += meter.seconds()
    spent.count += each * len(calls)


def _programs(source: str, count: int) -> Iterator[Program]:
    """The program that often, each with another text."""
    return (Program(f"{source}\n# {number}\n") for number in range(count))


def _written(record: Record, folder: Path, plan: Plan, runner: ForkRunner) -> Task:
    tests = record.public + record.private
    return suites.write_task(folder, record, tests, python=plan.python, named=True, runner=runner)


def _warm(runner: ForkRunner, task: Task, record: Record) -> float:
    """Seconds to the first verdict; with several workers all are started."""
    start = time.perf_counter()
    runner.run(task, list(_programs(record.reference, 4)), LIMITS)
    return time.perf_counter() - start


def _up_to_failure(task: Task, outcomes: dict[str, str]) -> Task:
    """The same task with the tests up to the first that fails: what a runner that stops there would run."""
    kept: list[str] = []
    for test, outcome in outcomes.items():
        kept.append(test)
        if outcome != Outcome.PASS:
            break
    files = []
    for file in task.tests:
        mine = [test.partition("::") for test in kept]
        nodes = tuple(node for path, _, node in mine if Path(path).name == Path(file.path).name)
        files += [replace(file, nodes=nodes)] if nodes else []
    return replace(task, tests=tuple(files))


class _Subprocess:
    """`python -m pytest -q` on a copy of the project, one process a candidate."""

    def __init__(self, task: Task, folder: Path, python: str) -> None:
        shutil.copytree(task.project_root, folder)
        self._folder = folder
        self._program = folder / suites.PROGRAM_NAME
        files = [str(Path(test.path).name) for test in task.tests]
        self._command = [python, "-m", "pytest", "-q", *files]

    def run(self, source: str) -> None:
        self._program.write_text(source, encoding="utf-8")
        for stale in self._folder.glob(f"__pycache__/{self._program.stem}.*"):
            stale.unlink()  # written in the same second, it would pass for this program's
        subprocess.run(
            self._command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SUBPROCESS_S,
            check=False,
        )
