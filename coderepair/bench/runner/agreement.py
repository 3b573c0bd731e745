"""The runner's verdicts against plain pytest's, test by test, and how many of them fall back.

A test counts as passed by the runner if all its checks pass. Tests that the user's own program skips are
left out, as the runner leaves them out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from coderepair.errors import UsageError
from coderepair.model import Limits, Outcome, Program, Task, TestReport
from coderepair.runner import ForkRunner
from coderepair.runner.reports import SHARED, TWO_PROCESS

LIMITS = Limits(test_timeout_s=10.0, total_timeout_s=120.0)
"""Twice the usual time, as verdicts are compared here and no speed, be the machine busy."""
MODES = (SHARED, TWO_PROCESS)
_PART = re.compile(r"::(?:assert|example)#\d+$")
PASSED = ("passed", "xfailed")
NOT_COMPARED = ("skipped", "not_run")
"""Plain pytest is not asked about the tests that follow on three that hang."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One program in one mode."""

    task: str
    mode: str
    program: str
    """`reference` or `buggy`; of a package `intact` or `broken`."""
    tests: int
    checks: int
    shared: int
    """Tests that were judged in the candidate's own process."""
    failing: int
    """Tests that plain pytest does not pass."""
    differences: tuple[tuple[str, str, str], ...] = ()
    """(test, the runner's outcome, plain pytest's), wherever one passes and the other does not."""
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    """Why tests of this task fall back -> how many."""
    version: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.task, self.mode, self.program


def compare(
    runner: ForkRunner,
    mode: str,
    task: Task,
    programs: Mapping[str, str],
    plain: Mapping[str, Mapping[str, str]],
    *,
    name: str,
    version: str = "",
) -> list[Comparison]:
    """Runs the programs, each by its name, and sets their verdicts beside those of plain pytest.

    Raises what `ForkRunner.run` raises.
    """
    rows = []
    for label, source in programs.items():
        before = runner.tally.shared
        [report] = runner.run(task, [Program(source)], LIMITS)
        ours = outcomes_by_test(report)
        row = Comparison(
            task=name,
            mode=mode,
            program=label,
            tests=len(ours),
            checks=len(report.checks),
            shared=runner.tally.shared - before,
            failing=sum(each not in (*PASSED, *NOT_COMPARED) for each in plain[label].values()),
            differences=differences(ours, plain[label]),
            fallbacks=dict(Counter(runner.fallbacks.values())),
            version=version,
        )
        rows.append(row)
    return rows


def outcomes_by_test(report: TestReport) -> dict[str, str]:
    """Test -> the first outcome among its checks that is no pass, else `pass`."""
    found: dict[str, str] = {}
    for check in report.checks:
        test = _PART.sub("", check.id)
        if found.get(test, Outcome.PASS) == Outcome.PASS:
            found[test] = check.outcome.value
    return found


def differences(
    ours: Mapping[str, str], plain: Mapping[str, str]
) -> tuple[tuple[str, str, str], ...]:
    """Tests where exactly one of the two passes, or which only one of them has.

    Where collecting fails plain pytest names files instead of tests: then each of our tests must fail.
    """
    broken = {node for node, outcome in plain.items() if "::" not in node and outcome not in PASSED}
    found = []
    for test in ours.keys() | {node for node in plain if "::" in node}:
        file = test.partition("::")[0]
        theirs = plain.get(test, "failed" if file in broken or "(collecting)" in broken else "")
        mine = ours.get(test, "")
        if theirs not in NOT_COMPARED and (mine == Outcome.PASS) != (theirs in PASSED):
            found.append((test, mine, theirs))
    return tuple(sorted(found))


class Rows:
    """Comparisons in a JSON Lines file, so that a run that was cut goes on."""

    def __init__(self, path: Path) -> None:
        """Raises `UsageError` for a file that holds something else."""
        self._path = path
        self.known: dict[tuple[str, str, str], Comparison] = {}
        try:
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            for line in lines:
                fields = json.loads(line)
                fields["differences"] = tuple(map(tuple, fields["differences"]))
                self._keep(Comparison(**fields))
        except (OSError, ValueError, TypeError, KeyError):
            raise UsageError(f"{path} is no file of comparisons") from None

    def append(self, rows: Iterable[Comparison]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(asdict(row)) + "\n")
                self._keep(row)

    def has(self, task: str, mode: str) -> bool:
        """Whether this task was compared in this mode."""
        return any(key[:2] == (task, mode) for key in self.known)

    def _keep(self, row: Comparison) -> None:
        self.known[row.key] = row


def summary(rows: Sequence[Comparison], passing: str, failing: str = "") -> str:
    """A Markdown table of both modes, then every difference, unexpected verdict and error.

    False passes are the differences where the runner passes a test that plain pytest does not.
    `passing` is the program that has to pass all tests, `failing` the one that must not.
    """
    head = "| mode | programs | verdicts on tests | checks | differences | false passes | fall back | errors |"
    lines = [head, "|" + "---|" * 8]
    for mode in MODES:
        mine = [row for row in rows if row.mode == mode]
        if mine:
            lines.append(_line(mode, mine))
    for mode in MODES:
        reasons: Counter[str] = Counter()
        for task in {row.task: row for row in rows if row.mode == mode}.values():
            reasons.update(task.fallbacks)
        lines += [f"\n{mode} falls back: {count} x {why}" for why, count in reasons.most_common()]
    return "\n".join([*lines, "", *_told(rows, passing, failing)]) + "\n"


def _line(mode: str, rows: Sequence[Comparison]) -> str:
    tests = sum(row.tests for row in rows)
    shared = sum(row.shared for row in rows)
    cells = [
        mode,
        str(len(rows)),
        str(tests),
        str(sum(row.checks for row in rows)),
        str(sum(len(row.differences) for row in rows)),
        str(sum(mine == Outcome.PASS for row in rows for _, mine, _ in row.differences)),
        f"{shared} ({100 * shared / max(1, tests):.1f} %)",
        str(sum(bool(row.error) for row in rows)),
    ]
    return f"| {' | '.join(cells)} |"


def _told(rows: Sequence[Comparison], passing: str, failing: str) -> list[str]:
    lines = []
    for row in rows:
        where = f"{row.task} {row.program} ({row.mode})"
        if row.error:
            lines.append(f"error: {where}: {row.error}")
        elif row.program == (passing if row.failing else failing):
            lines.append(f"unexpected: {where}: plain pytest fails {row.failing} tests")
        lines += [
            f"difference: {where}: {test}: runner {mine or 'nothing'}, plain {theirs or 'nothing'}"
            for test, mine, theirs in row.differences
        ]
    return lines
