"""What an edit costs when it is run in a fork of its own, and when one run of the program judges them all.

Edits of a program's own function need no fork each if the states of one observed run show what they would
do (`propose.evidence`, weak mutation after Howden 1982). Measured are the price of both, how many edits can
be judged so, how many are seen to change nothing on a failing check, and whether that was ever wrong.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from coderepair.bench import suites
from coderepair.bench.runner.usage import CpuMeter
from coderepair.bench.suites import Record
from coderepair.edit.regions import program_of, region_text, replace_region
from coderepair.model import Limits, Outcome, Program, Task, TestReport
from coderepair.propose.edits import compiles
from coderepair.propose.evidence import gather
from coderepair.propose.operators import Edit, FunctionContext, Surroundings, enumerate_edits
from coderepair.runner import ForkRunner, open_runner

LIMITS = Limits()
NO_CHANGE = ("same", "misses")
"""Evidence that no failing check would pass."""


@dataclass(frozen=True, slots=True)
class EditCost:
    """One program and its edits."""

    task_id: str
    edits: int
    judged: int
    """Edits that the observed run tells something of."""
    dropped: int
    """Of these, edits that mend no failing check by what it tells."""
    observe_ms: float
    """CPU of the observed run and of reading it, for all judged edits together."""
    forked: int
    """Edits that were run, a random sample of the judged ones."""
    fork_ms: float
    """CPU of each."""
    wrong: int
    """Of the dropped edits among those run, ones that did mend a failing check."""

    @property
    def judged_ms(self) -> float:
        """CPU of judging one edit by the observed run."""
        return self.observe_ms / max(1, self.judged)

    @property
    def saved(self) -> float:
        """How many times less CPU all judged edits take if the dropped ones are not run."""
        every = self.judged * self.fork_ms
        left = self.observe_ms + (self.judged - self.dropped) * self.fork_ms
        return every / left if left else 1.0


def measure(
    records: Sequence[Record],
    python: str,
    sample: int,
    seed: int,
    on_task: Callable[[int, int, str], None],
) -> list[EditCost]:
    """Measures the function under repair of each record, in the mode that is the default."""
    found = []
    with open_runner(1) as runner:
        for number, record in enumerate(records, 1):
            with tempfile.TemporaryDirectory(prefix="coderepair-edits-") as folder:
                tests = record.public + record.private
                task = suites.write_task(
                    Path(folder, "project"), record, tests, python=python, named=True, runner=runner
                )
                rng = random.Random(f"{seed} {record.task_id}")
                found.append(_task(record.task_id, task, runner, sample, rng))
            on_task(number, len(records), record.task_id)
    return found


def _task(name: str, task: Task, runner: ForkRunner, sample: int, rng: random.Random) -> EditCost:
    program = program_of(task.source, task.targets[:1])
    [report] = runner.run(task, [program], LIMITS)
    failures = tuple(check for check in report.checks if check.outcome is not Outcome.PASS)
    line = program.source.count("\n", 0, program.regions[0][0]) + 1
    around = Surroundings(failures, checks=len(report.checks), first_line=line)
    context = FunctionContext(region_text(program, 0), around)
    edits = enumerate_edits(context)
    meter = CpuMeter()
    observe = partial(runner.observe, task, program, limits=LIMITS)
    evidence = gather(observe, report, context, edits)
    observe_s = meter.seconds()
    dropped = {edit for edit, known in evidence.items() if known.mends in NO_CHANGE}
    programs = _sampled(program, context, list(evidence), sample, rng)
    meter = CpuMeter()
    reports = runner.run(task, [each for _, each in programs], LIMITS)
    fork_s = meter.seconds()
    pairs = zip(programs, reports, strict=True)
    wrong = sum(edit in dropped and _mends(report, told) for (edit, _), told in pairs)
    return EditCost(
        name,
        edits=len(edits),
        judged=len(evidence),
        dropped=len(dropped),
        observe_ms=1000 * observe_s,
        forked=len(programs),
        fork_ms=1000 * fork_s / max(1, len(programs)),
        wrong=wrong,
    )


def _sampled(
    program: Program, context: FunctionContext, edits: list[Edit], sample: int, rng: random.Random
) -> list[tuple[Edit, Program]]:
    """A random sample of the edits that compile, with their programs."""
    rng.shuffle(edits)
    found: list[tuple[Edit, Program]] = []
    for edit in edits:
        text = edit.apply(context.text)
        changed = replace_region(program, 0, text) if compiles(text) else None
        if changed is not None and len(found) < sample:
            found.append((edit, changed))
    return found


def _mends(before: TestReport, after: TestReport) -> bool:
    failed = {check.id for check in before.checks if check.outcome is not Outcome.PASS}
    return any(check.id in failed and check.outcome is Outcome.PASS for check in after.checks)


def markdown(costs: Sequence[EditCost]) -> str:
    """One table: sums and means over all tasks."""
    edits, judged, dropped = (
        sum(getattr(each, name) for each in costs) for name in ("edits", "judged", "dropped")
    )
    forked, wrong = sum(each.forked for each in costs), sum(each.wrong for each in costs)
    fork = sum(each.fork_ms * each.forked for each in costs) / max(1, forked)
    side = sum(each.observe_ms for each in costs) / max(1, judged)
    every = sum(each.judged * each.fork_ms for each in costs)
    left = sum(each.observe_ms + (each.judged - each.dropped) * each.fork_ms for each in costs)
    rows = (
        ("tasks", str(len(costs))),
        ("edits", str(edits)),
        ("judged by one observed run", f"{judged} ({100 * judged / max(1, edits):.0f} %)"),
        (
            "of these mending no failing check",
            f"{dropped} ({100 * dropped / max(1, judged):.0f} %)",
        ),
        ("CPU ms an edit, a fork each", f"{fork:.2f}"),
        ("CPU ms an edit, observed", f"{side:.2f} ({fork / side:.0f} times less)"),
        ("CPU saved if those are not run", f"{every / left:.1f} times"),
        ("dropped wrongly, of those run as a check", f"{wrong} of {forked}"),
    )
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)
