"""Several threads may use one runner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coderepair.runner import open_runner
from tests.projects import Project

TESTS = """
from solution import f

def test_low():
    assert f(1) > 0

def test_high():
    assert f(1) > 5
"""


def test_each_thread_gets_the_reports_of_its_own_programs(tmp_path: Path) -> None:
    texts = [f"def f(x):\n    return {value}\n" for value in (0, 3, 9)]
    with open_runner(2) as runner, ThreadPoolExecutor(3) as threads:
        project = Project(tmp_path, runner)
        project.write("solution.py", texts[0])
        task = project.task(project.write("test_solution.py", TESTS).name)

        def passed(text: str) -> set[int]:
            reports = project.run(task, *[text] * 6)
            return {report.passed for report in reports}

        assert list(threads.map(passed, texts)) == [{0}, {1}, {2}]
