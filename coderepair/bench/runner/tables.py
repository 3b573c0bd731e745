"""Figures of `cost.py` as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Any

from coderepair.bench.runner.cost import (
    BAD,
    BARE,
    GOOD,
    STOPPING,
    SUBPROCESS,
    Plan,
    Spent,
    TaskFigures,
)
from coderepair.bench.version import code_version, machine
from coderepair.runner.reports import SHARED, TWO_PROCESS

KINDS = (GOOD, BAD)
MODES = (TWO_PROCESS, SHARED)
Figures = Sequence[TaskFigures]


def document(
    figures: Figures, memory: dict[str, tuple[float, float]], plan: Plan, command: str
) -> dict[str, Any]:
    """Everything measured, with the conditions; times in milliseconds, memory in MiB."""
    return {
        "schema_version": 1,
        "command": command,
        "version": code_version(),
        "machine": machine(),
        "rounds": plan.rounds,
        "calls": plan.calls,
        "batch": plan.batch,
        "summary": {mode: _mode(figures, memory[mode], mode) for mode in MODES},
        "subprocess": {kind: _cpu(figures, SUBPROCESS, kind) for kind in KINDS}
        | {"p50_ms": _p50(figures, SUBPROCESS)},
        "tasks": [_one(each) for each in figures],
    }


def _mode(figures: Figures, memory: tuple[float, float], mode: str) -> dict[str, Any]:
    whole = [each for each in figures if mode == SHARED or each.integrity == TWO_PROCESS]
    return {
        "tasks_without_fallback": len(whole),
        "cpu_ms": {kind: _cpu(figures, mode, kind) for kind in KINDS},
        "times_less_cpu": _times(figures, mode),
        "times_less_cpu_without_fallback": _times(whole, mode) if whole else None,
        "times_less_cpu_by_task": [round(_times([each], mode), 1) for each in figures],
        "p50_ms": _p50(figures, mode),
        "p50_ms_bare": _p50(figures, mode + BARE),
        "containment_cpu_ms": _both(figures, mode) - _both(figures, mode + BARE),
        "all_against_stopping": _cpu(figures, mode, BAD) / _cpu(figures, mode + STOPPING, BAD),
        "two_workers_against_one": _scaling(figures, mode),
        "programs_per_s": {str(n): _rate(figures, mode, n) for n in (1, 2)},
        "setup_ms": 1000 * median(each.setup_s[mode] for each in figures),
        "memory_mb": {"first_worker": memory[0], "second_worker": memory[1]},
    }


def _cpu(figures: Figures, way: str, kind: str) -> float:
    """Mean over tasks of CPU ms a candidate."""
    return fmean(each.spent[way][kind].cpu_ms for each in figures)


def _both(figures: Figures, way: str) -> float:
    return fmean(_cpu(figures, way, kind) for kind in KINDS)


def _times(figures: Figures, way: str) -> float:
    """How many times less CPU than a subprocess: ratio of the sums over tasks and kinds."""
    return _both(figures, SUBPROCESS) / _both(figures, way)


def _p50(figures: Figures, way: str) -> float:
    return 1000 * median(
        seconds for each in figures for kind in KINDS for seconds in each.spent[way][kind].wall_s
    )


def _rate(figures: Figures, mode: str, workers: int) -> float:
    """Programs a second, over all batches."""
    spent: list[Spent] = [each.batches[mode][workers] for each in figures]
    return sum(each.count for each in spent) / sum(sum(each.wall_s) for each in spent)


def _scaling(figures: Figures, mode: str) -> float:
    return _rate(figures, mode, 2) / _rate(figures, mode, 1)


def _one(task: TaskFigures) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "tests": task.tests,
        "integrity": task.integrity,
        "cpu_ms": {
            way: {kind: round(spent.cpu_ms, 2) for kind, spent in kinds.items()}
            for way, kinds in task.spent.items()
        },
        "setup_ms": {mode: round(1000 * seconds) for mode, seconds in task.setup_s.items()},
    }


def markdown(told: dict[str, Any]) -> str:
    """Two tables and the conditions."""
    plain, modes = told["subprocess"], told["summary"]
    each = f"{told['rounds']} rounds of {told['calls']} right and {told['calls']} wrong candidates"
    lines = [
        f"`{told['command']}`, {told['version']}, {told['machine']}, n = {len(told['tasks'])} tasks, {each}.",
        "",
        "| | CPU ms, right | CPU ms, wrong | times less CPU | p50 wall ms |",
        "|---|---|---|---|---|",
        f"| subprocess pytest | {plain[GOOD]:.0f} | {plain[BAD]:.0f} | 1 | {plain['p50_ms']:.0f} |",
    ]
    for mode in MODES:
        cpu, found = modes[mode]["cpu_ms"], modes[mode]
        cells = (f"{cpu[GOOD]:.1f}", f"{cpu[BAD]:.1f}", f"{found['times_less_cpu']:.1f}")
        lines.append(f"| {mode} | {' | '.join(cells)} | {found['p50_ms']:.1f} |")
    lines += ["", "| | two-process | shared-process |", "|---|---|---|"]
    for words, value in _ROWS:
        lines.append(f"| {words} | {' | '.join(value(modes[mode]) for mode in MODES)} |")
    return "\n".join(lines) + "\n"


_ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("tasks without fallback", lambda m: str(m["tasks_without_fallback"])),
    ("times less CPU, task by task", lambda m: _range(m["times_less_cpu_by_task"])),
    ("all tests against stopping at the first failure, CPU",
     lambda m: f"{100 * (m['all_against_stopping'] - 1):+.0f} %"),
    ("Landlock and seccomp, CPU ms", lambda m: f"{m['containment_cpu_ms']:+.2f}"),
    ("Landlock and seccomp, p50 wall ms", lambda m: f"{m['p50_ms'] - m['p50_ms_bare']:+.2f}"),
    ("programs a second, 1 worker", lambda m: f"{m['programs_per_s']['1']:.0f}"),
    ("programs a second, 2 workers",
     lambda m: f"{m['programs_per_s']['2']:.0f} ({m['two_workers_against_one']:.2f} x)"),
    ("memory of a worker, MiB (second worker)",
     lambda m: f"{m['memory_mb']['first_worker']:.0f} ({m['memory_mb']['second_worker']:.0f})"),
    ("set-up of a task, median ms", lambda m: f"{m['setup_ms']:.0f}"),
)  # fmt: skip


def _range(ratios: Sequence[float]) -> str:
    return f"{min(ratios):.0f} to {max(ratios):.0f}, median {median(ratios):.0f}"
