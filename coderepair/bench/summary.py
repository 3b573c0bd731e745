"""From rows to figures: rates with intervals for each setting, and paired differences."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean, median
from typing import Any

from coderepair.bench import metrics
from coderepair.bench.metrics import Difference, Estimate
from coderepair.bench.results import Row
from coderepair.bench.settings import Plan, Setting
from coderepair.bench.suites import Suite
from coderepair.bench.version import machine
from coderepair.model import Status

SCHEMA_VERSION = 1
EVALUATION_MARKS = (1, 10, 50, 200, 1000)
"""Candidate evaluations at which the share solved is reported."""
SECOND_MARKS = (1, 3, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class Figures:
    """One setting's figures over one suite."""

    changed: dict[str, Any]
    """Settings that are not the default."""
    records: int
    rates: dict[str, Estimate]
    """`solved`, `verified`, `correct`, `solved@K` (evaluations), `solved<=Ss` (seconds) and the like."""
    area: Estimate
    """Area under solved against log evaluations, in [0, 1] (`metrics.area`)."""
    median_seconds: float
    """To the end of the repair, over all records."""
    median_solved_seconds: float | None
    """To the end of the repair, over the solved ones."""
    median_cpu_seconds: float
    """Processor time to the end of the repair, over all records."""
    mean_evaluations: float
    mean_calls: float
    mean_tokens: float
    statuses: dict[str, int]
    errors: int
    """Records that ended in an error; they count as not solved."""
    no_larger: Estimate | None
    """Share of the repairs that change no more words and signs than the reference; None without one."""
    correct_at_runs: dict[str, float]
    """With several seeds: k -> unbiased chance that one of k runs is correct (`metrics.pass_at_k`)."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a reader needs to judge the figures, and to measure them again."""

    command: str
    versions: tuple[str, ...]
    """Versions of the code that measured the rows; one, unless a run was carried on later."""
    machine: str
    """Where the report was made; times are comparable on equal machines only."""
    suite: str
    suite_sha256: str
    selection: str
    plan: Plan
    seeds: tuple[int, ...]
    expected: int
    """Rows a setting has when the measurement is complete."""
    figures: dict[str, Figures]
    differences: dict[str, dict[str, Difference]]
    """Setting -> measure -> how much more it has than the first setting, on the records of both."""
    by_bug_type: dict[str, dict[str, Figures]]
    """Bug type -> setting -> figures; empty where the suite has no types."""
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain dict, without the rows, which the results file holds."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "rows"
        }
        return {"schema_version": SCHEMA_VERSION, **_plain(values)}


def measures(plan: Plan) -> dict[str, Callable[[Row], bool]]:
    """What is counted of a row, by name; marks beyond the budget are left out."""
    found: dict[str, Callable[[Row], bool]] = {
        "solved": lambda row: row.solved,
        "verified": lambda row: row.verified,
        "correct": lambda row: row.correct,
    }
    for mark in EVALUATION_MARKS:
        if mark <= plan.evaluations:
            found[f"solved@{mark}"] = partial(solved_by, evaluations=mark)
    for mark in SECOND_MARKS:
        if mark <= plan.seconds:
            found[f"solved<={mark}s"] = partial(solved_within, seconds=mark)
    return found


def solved_by(row: Row, evaluations: int) -> bool:
    """Whether at most that many candidate evaluations solved it (solved@k of the suite)."""
    return row.solved_at is not None and row.solved_at <= evaluations


def solved_within(row: Row, seconds: float) -> bool:
    """Whether the solving evaluation came at most that long after the start."""
    return row.solved_seconds is not None and row.solved_seconds <= seconds


def summarise(
    suite: Suite,
    plan: Plan,
    settings: Sequence[Setting],
    rows: Sequence[Row],
    *,
    seeds: Sequence[int],
    command: str,
) -> Report:
    """The report of rows that were measured under `plan`; settings without a row are left out."""
    by_setting = {s.name: [row for row in rows if row.setting == s.name] for s in settings}
    present = [setting for setting in settings if by_setting[setting.name]]
    types = sorted({row.bug_type for row in rows if row.bug_type})
    return Report(
        command=command,
        versions=tuple(sorted({row.version for row in rows})),
        machine=machine(),
        suite=suite.name,
        suite_sha256=suite.sha256,
        selection=suite.selection,
        plan=plan,
        seeds=tuple(seeds),
        expected=len(suite.records) * len(seeds),
        figures={s.name: _figures(plan, s, by_setting[s.name]) for s in present},
        differences={
            s.name: _differences(plan, by_setting[present[0].name], by_setting[s.name])
            for s in present[1:]
        },
        by_bug_type={
            kind: {
                s.name: _figures(plan, s, [r for r in by_setting[s.name] if r.bug_type == kind])
                for s in present
            }
            for kind in types
        },
        rows=tuple(rows),
    )


def _figures(plan: Plan, setting: Setting, rows: Sequence[Row]) -> Figures:
    groups = [row.problem_id for row in rows]
    areas = [metrics.area(row.solved_at, plan.evaluations) for row in rows]
    solved_seconds = [row.seconds for row in rows if row.solved]
    return Figures(
        changed=setting.changed(),
        records=len(rows),
        rates={
            name: metrics.rate([hit(row) for row in rows], groups)
            for name, hit in measures(plan).items()
        },
        area=metrics.mean(areas, groups),
        median_seconds=median(row.seconds for row in rows) if rows else 0.0,
        median_solved_seconds=median(solved_seconds) if solved_seconds else None,
        median_cpu_seconds=median(row.cpu_seconds for row in rows) if rows else 0.0,
        mean_evaluations=fmean(row.evaluations for row in rows) if rows else 0.0,
        mean_calls=fmean(row.calls for row in rows) if rows else 0.0,
        mean_tokens=fmean(row.tokens for row in rows) if rows else 0.0,
        statuses=dict(sorted(Counter(row.status for row in rows).items())),
        errors=sum(row.status == Status.ERROR for row in rows),
        no_larger=_no_larger(rows),
        correct_at_runs=_correct_at_runs(rows),
    )


def _no_larger(rows: Sequence[Row]) -> Estimate | None:
    sizes = [
        (row.problem_id, row.changed <= row.reference_changed)
        for row in rows
        if row.changed is not None and row.reference_changed is not None
    ]
    groups = [problem for problem, _ in sizes]
    return metrics.rate([small for _, small in sizes], groups) if sizes else None


def _correct_at_runs(rows: Sequence[Row]) -> dict[str, float]:
    """pass@k over the seeds of each record, k up to the fewest that a record has; none for one seed."""
    by_task: dict[str, list[bool]] = {}
    for row in rows:
        by_task.setdefault(row.task_id, []).append(row.correct)
    fewest = min(map(len, by_task.values()), default=0)
    if fewest < 2:
        return {}
    return {
        str(k): fmean(metrics.pass_at_k(len(runs), sum(runs), k) for runs in by_task.values())
        for k in range(1, fewest + 1)
    }


def _differences(plan: Plan, first: Sequence[Row], other: Sequence[Row]) -> dict[str, Difference]:
    others = {(row.task_id, row.seed): row for row in other}
    pairs = [(row, others[key]) for row in first if (key := (row.task_id, row.seed)) in others]
    groups = [row.problem_id for row, _ in pairs]
    return {
        name: metrics.paired([hit(a) for a, _ in pairs], [hit(b) for _, b in pairs], groups)
        for name, hit in measures(plan).items()
    }


def _plain(value: Any) -> Any:
    """Dataclasses and tuples as JSON has them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
