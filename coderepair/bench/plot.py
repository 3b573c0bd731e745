"""The curves of a benchmark as an image: solved against evaluations and against seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from coderepair.bench.metrics import wilson
from coderepair.bench.results import Row
from coderepair.bench.summary import Report
from coderepair.errors import UsageError

_FIRST_SECOND = 0.1


def require() -> None:
    """Raises `UsageError` if matplotlib is not there, before anything is measured."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        message = "--plot needs matplotlib; install it with: pip install 'coderepair[bench]'"
        raise UsageError(message) from None


def save(report: Report, path: Path) -> None:
    """Writes the image; its format follows the suffix (.png, .svg, .pdf). Raises `UsageError`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    plan = report.plan
    _panel(left, report, "candidate evaluations", 1, plan.evaluations, lambda row: row.solved_at)
    _panel(right, report, "seconds", _FIRST_SECOND, plan.seconds, lambda row: row.solved_seconds)
    left.set_ylabel("solved")
    left.legend(loc="upper left", fontsize="small")
    versions = ", ".join(report.versions)
    figure.suptitle(f"{report.suite}, protocol {plan.protocol}, coderepair {versions}", fontsize=10)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the plot cannot be written: {error}") from None


def curve(costs: Sequence[float | None], first: float, last: float) -> list[tuple[float, int]]:
    """Corners (cost, records solved by then) of the step from `first` to `last`."""
    within = sorted(cost for cost in costs if cost is not None and cost <= last)
    at_first = sum(cost <= first for cost in within)
    later = enumerate(within[at_first:], at_first + 1)
    return [(first, at_first), *((cost, count) for count, cost in later), (last, len(within))]


def _panel(
    axes: Any,
    report: Report,
    label: str,
    first: float,
    last: float,
    cost: Callable[[Row], float | None],
) -> None:
    for name, figures in report.figures.items():
        rows = [row for row in report.rows if row.setting == name]
        corners = curve([cost(row) for row in rows], first, last)
        n = figures.records
        x = [corner[0] for corner in corners]
        (line,) = axes.step(x, [count / n for _, count in corners], where="post", label=name)
        bounds = [wilson(count, n) for _, count in corners]
        low, high = [b[0] for b in bounds], [b[1] for b in bounds]
        axes.fill_between(
            x, low, high, step="post", alpha=0.12, color=line.get_color(), linewidth=0
        )
    axes.set_xscale("log")
    axes.set_xlabel(label)
    axes.set_ylim(0, 1)
    axes.grid(visible=True, alpha=0.3)
