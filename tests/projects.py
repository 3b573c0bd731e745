"""Small projects on disk, and the programs run in them."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from coderepair.edit.regions import program_of
from coderepair.model import CheckResult, Limits, Outcome, Program, Task, TestFile, TestReport
from coderepair.runner import ForkRunner
from coderepair.runner.pins import sha256

LIMITS = Limits(test_timeout_s=10.0, total_timeout_s=120.0, memory_mb=512)


@dataclass
class Project:
    """A folder with a file under repair and its tests."""

    root: Path
    runner: ForkRunner

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def task(self, tests: str, file: str = "solution.py", keyword: str = "") -> Task:
        """The task of `file` and its tests, named as in `a.py b.py::test_c`."""
        pinned = []
        for each in tests.split():
            name, _, node = each.partition("::")
            path = str(self.root / name)
            pinned.append(TestFile(path, sha256(path), (node,) if node else ()))
        path = self.root / file
        source = path.read_text(encoding="utf-8")
        return Task(str(path), source, (), tuple(pinned), str(self.root), sys.executable, keyword)

    def run(self, task: Task, *sources: str, limits: Limits = LIMITS) -> list[TestReport]:
        programs = [Program(textwrap.dedent(source)) for source in sources]
        return self.runner.run(task, programs or [program_of(task.source, ())], limits)

    def judge(
        self, solution: str, tests: str, *sources: str, limits: Limits = LIMITS
    ) -> list[TestReport]:
        """Reports of `sources` (or of `solution` itself) in a project of these two files."""
        self.write("solution.py", solution)
        self.write("test_solution.py", tests)
        return self.run(self.task("test_solution.py"), *sources, limits=limits)


def outcomes(report: TestReport) -> dict[str, Outcome]:
    """Outcome by the part of the check's id behind the file name."""
    return {check.id.partition("::")[2]: check.outcome for check in report.checks}


def check(report: TestReport, ending: str) -> CheckResult:
    """The one check whose id ends so."""
    (found,) = [check for check in report.checks if check.id.endswith(ending)]
    return found
