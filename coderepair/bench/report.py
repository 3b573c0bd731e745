"""A benchmark's report as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table

from coderepair.bench.metrics import CONFIDENCE, Difference, Estimate
from coderepair.bench.summary import Figures, Report

_WIDTH = 1000
"""Wider than any table, so that nothing is cut; tables take what they need."""
_PROTOCOLS = {
    "all": "the tool sees public and private tests, plus tests judge",
    "public": "the tool sees public tests, private and plus tests judge",
}


def render(report: Report) -> str:
    """Plain text: the conditions, the rates, the costs, the differences, and the bug types."""
    lines = [*_conditions(report), "", *_tables(report), *_notes(report)]
    return "\n".join(lines) + "\n"


def _conditions(report: Report) -> list[str]:
    plan = report.plan
    named = "named" if plan.named else "not named"
    return [
        f"suite     {report.suite} ({report.suite_sha256[:12]}): {report.selection}",
        f"protocol  {plan.protocol}: {_PROTOCOLS[plan.protocol]}; the wrong function is {named}",
        f"budget    {plan.evaluations} evaluations, {plan.seconds:g} s a record",
        f"seed      {_joined(report.seeds)}",
        f"code      coderepair {', '.join(report.versions) or '(nothing measured)'}",
        f"machine   {report.machine}",
        f"command   {report.command}",
        *(f"setting   {name}: {_changes(f.changed)}" for name, f in report.figures.items()),
    ]


def _tables(report: Report) -> list[str]:
    if not report.figures:
        return ["nothing measured yet"]
    names = list(next(iter(report.figures.values())).rates)
    outcome = ["solved", "verified", "correct"]
    by_evaluations = [name for name in names if "@" in name]
    by_seconds = [name for name in names if "<=" in name]
    parts = [_rates(report.figures, outcome, "Outcome", costs=True)]
    parts.append(_rates(report.figures, by_evaluations, "Solved at K evaluations", area=True))
    if by_seconds:
        parts.append(_rates(report.figures, by_seconds, "Solved within S seconds"))
    if report.differences:
        parts.append(_differences(report, ["solved", "correct", *by_evaluations]))
    if report.by_bug_type:
        parts.append(_bug_types(report))
    return [_text(table) for table in parts]


def _rates(
    figures: Mapping[str, Figures],
    measures: Iterable[str],
    title: str,
    *,
    costs: bool = False,
    area: bool = False,
) -> Table:
    measures = list(measures)
    table = _table(title, "setting", "n", *measures, *(["area"] if area else []))
    if costs:
        for column in ("median s", "of solved", "CPU s", "evaluations", "calls", "tokens"):
            table.add_column(column, justify="right")
    for name, figure in figures.items():
        row = [name, str(figure.records), *(_interval(figure.rates[m]) for m in measures)]
        if area:
            row.append(_interval(figure.area))
        if costs:
            solved = figure.median_solved_seconds
            row += [f"{figure.median_seconds:.1f}", "-" if solved is None else f"{solved:.1f}"]
            row += [f"{figure.median_cpu_seconds:.1f}", f"{figure.mean_evaluations:.0f}"]
            row += [f"{figure.mean_calls:.1f}", f"{figure.mean_tokens:.0f}"]
        table.add_row(*row)
    return table


def _differences(report: Report, measures: Iterable[str]) -> Table:
    first = next(iter(report.figures))
    measures = list(measures)
    table = _table(f"Points more than {first}, on the same records", "setting", "n", *measures)
    for name, differences in report.differences.items():
        n = str(differences["solved"].n)
        table.add_row(name, n, *(_points(differences[measure]) for measure in measures))
    return table


def _bug_types(report: Report) -> Table:
    table = _table("Solved by bug type", "bug type", "n", *report.figures)
    for kind, figures in report.by_bug_type.items():
        n = max(figure.records for figure in figures.values())
        cells = (_interval(figure.rates["solved"]) for figure in figures.values())
        table.add_row(kind, str(n), *cells)
    return table


def _notes(report: Report) -> list[str]:
    notes = [
        f"rates in % with {CONFIDENCE:.0%} intervals: Wilson's, but a bootstrap over problems for",
        "areas and where a problem has several records; differences: paired bootstrap, p: exact McNemar",
    ]
    for name, figure in report.figures.items():
        missing = report.expected - figure.records
        if missing:
            notes.append(f"{name}: {missing} of {report.expected} records are not measured yet")
        if figure.errors:
            notes.append(f"{name}: {figure.errors} records ended in an error and count as unsolved")
        if figure.no_larger is not None:
            share = f"{_interval(figure.no_larger)}, n={figure.no_larger.n}"
            notes.append(f"{name}: repairs that change no more words than the reference: {share}")
        if figure.correct_at_runs:
            runs = ", ".join(f"{k}: {rate:.1%}" for k, rate in figure.correct_at_runs.items())
            notes.append(f"{name}: correct in at least one of k runs: {runs}")
    return notes


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _text(table: Table) -> str:
    console = Console(file=StringIO(), width=_WIDTH, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _interval(estimate: Estimate) -> str:
    return f"{_percent(estimate.value)} [{_percent(estimate.low)}, {_percent(estimate.high)}]"


def _points(difference: Difference) -> str:
    low, high = f"{100 * difference.low:+.0f}", f"{100 * difference.high:+.0f}"
    return f"{100 * difference.value:+.1f} [{low}, {high}] p={difference.p_mcnemar:.2g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share in (0.0, 1.0) else f"{100 * share:.1f}"


def _changes(changed: Mapping[str, Any]) -> str:
    parts = (f"{key}={_joined(value)}" for key, value in changed.items())
    return ", ".join(parts) or "all defaults"


def _joined(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
