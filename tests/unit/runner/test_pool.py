"""The `Runner` contract: order, limits, layouts, what cannot be run, and who is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.errors import SandboxError, TestsNotRunnable
from coderepair.model import Limits, Outcome
from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.isolation import ALONE, NEEDED, Isolation, judge, require
from coderepair.runner.layers import layers
from tests.processes import children, inner
from tests.projects import LIMITS, Project, check, outcomes

ADD = "def add(a, b):\n    return a - b\n"
FIXED = "def add(a, b):\n    return a + b\n"
TESTS = """
from solution import add

def test_add():
    assert add(1, 2) == 3

def test_zero():
    assert add(0, 0) == 0
"""


def test_reports_come_in_the_order_of_the_programs(tmp_path: Path) -> None:
    programs = [FIXED if n % 3 == 0 else ADD for n in range(12)]
    with open_runner(2) as runner:
        reports = Project(tmp_path, runner).judge(ADD, TESTS, *programs)
    assert [report.solved for report in reports] == [n % 3 == 0 for n in range(12)]
    assert len({tuple(each.id for each in report.checks) for report in reports}) == 1


def test_the_users_file_is_never_written(project: Project) -> None:
    project.judge(ADD, TESTS, FIXED)
    assert (project.root / "solution.py").read_text() == ADD
    assert {path.name for path in project.root.iterdir()} == {"solution.py", "test_solution.py"}


def test_a_loop_ends_at_its_limit_and_the_next_check_still_runs(project: Project) -> None:
    (report,) = project.judge(
        FIXED,
        TESTS,
        "def add(a, b):\n    while a:\n        pass\n    return a + b\n",
    )
    assert outcomes(report) == {"test_add": Outcome.TIMEOUT, "test_zero": Outcome.PASS}
    assert report.seconds < LIMITS.total_timeout_s


def test_a_check_may_be_slow_in_proportion_to_the_original(project: Project) -> None:
    tests = TESTS.replace(
        "assert add(0, 0) == 0", "import time; time.sleep(0.2); assert add(0, 0) == 0"
    )
    slower = "import time\n\ndef add(a, b):\n    time.sleep(0.6)\n    return a + b\n"
    (report,) = project.judge(ADD, tests, slower)
    assert report.solved


def test_a_slow_import_and_a_slow_fixture_are_allowed_for(project: Project) -> None:
    slow = "import time\ntime.sleep(1.8)\n"
    tests = """
    import pytest, time
    from solution import add

    @pytest.fixture
    def table():
        time.sleep(1.8)

    def test_add(table):
        assert add(1, 2) == 3
    """
    (report,) = project.judge(slow + ADD, tests, slow + FIXED)
    assert report.solved


@pytest.mark.parametrize(
    "source",
    ["def add(a, b):\n    import time\n    time.sleep(60)\n", "import time\ntime.sleep(60)\n"],
)
def test_sleeping_is_no_way_around_the_limit(project: Project, source: str) -> None:
    (report,) = project.judge(FIXED, TESTS, source)
    assert check(report, "test_add").outcome is Outcome.TIMEOUT
    assert report.seconds < 55


def test_a_program_is_not_run_when_a_test_file_has_changed(project: Project) -> None:
    project.judge(ADD, TESTS)
    task = project.task("test_solution.py")
    project.run(task)
    project.write("test_solution.py", TESTS + "\n")
    with pytest.raises(TestsNotRunnable, match=r"test_solution\.py changed during the run"):
        project.run(task)


def test_a_src_layout_package_with_relative_imports(project: Project) -> None:
    project.write("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    project.write("src/pkg/__init__.py", "")
    project.write("src/pkg/signs.py", "PLUS = 1\n")
    source = "from .signs import PLUS\n\ndef add(a, b):\n    return a - b * PLUS\n"
    project.write("src/pkg/sums.py", source)
    project.write("tests/data.txt", "3")
    project.write(
        "tests/test_sums.py",
        """
        import pathlib
        from pkg.sums import add

        def test_add():
            assert add(1, 2) == int(pathlib.Path("tests/data.txt").read_text())
            assert add(1, 2) == int((pathlib.Path(__file__).parent / "data.txt").read_text())
        """,
    )
    task = project.task("tests/test_sums.py", "src/pkg/sums.py")
    before, after = project.run(task, source, source.replace("a - b", "a + b"))
    assert not before.solved
    assert after.solved


def test_a_conftest_that_imports_the_file_sees_the_program(project: Project) -> None:
    project.write(
        "conftest.py",
        "import pytest\nimport solution\n\n@pytest.fixture\ndef add():\n    return solution.add\n",
    )
    tests = "def test_add(add):\n    assert add(1, 2) == 3\n"
    before, after = project.judge(ADD, tests, ADD, FIXED)
    assert not before.solved
    assert after.solved


def test_warnings_that_the_project_calls_errors_are_failures(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    loud = "import warnings\n\ndef add(a, b):\n    warnings.warn('old')\n    return a + b\n"
    (report,) = project.judge(FIXED, TESTS, loud)
    assert not report.solved


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        ("", "no tests found in test_solution.py"),
        ("import nothing_of_this_name\n", "No module named 'nothing_of_this_name'"),
        ("def test_a(:\n", "SyntaxError"),
        ("import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n", "every test is skipped"),
        ("import sys\nsys.exit(3)\n", "SystemExit"),
    ],
)
def test_tests_that_cannot_be_run_are_said_so(project: Project, tests: str, message: str) -> None:
    with pytest.raises(TestsNotRunnable, match=message):
        project.judge(ADD, tests)


def test_a_keyword_that_selects_nothing(project: Project) -> None:
    project.judge(ADD, TESTS)
    with pytest.raises(TestsNotRunnable, match="matching -k 'nothing'"):
        project.run(project.task("test_solution.py", keyword="nothing"))


def test_node_ids_and_keywords_narrow_the_checks(project: Project) -> None:
    project.judge(ADD, TESTS)
    (one,) = project.run(project.task("test_solution.py::test_zero"))
    (other,) = project.run(project.task("test_solution.py", keyword="add"))
    assert list(outcomes(one)) == ["test_zero"]
    assert list(outcomes(other)) == ["test_add"]


def test_an_interpreter_that_is_none(project: Project) -> None:
    project.judge(ADD, TESTS)
    task = replace(project.task("test_solution.py"), python="/nowhere/python")
    with open_runner(1) as runner, pytest.raises(TestsNotRunnable, match="cannot start /nowhere"):
        runner.run(task, [], LIMITS)


def test_an_interpreter_without_pytest(project: Project) -> None:
    bare = project.write("bare", f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    project.write("solution.py", ADD)
    project.write("test_solution.py", TESTS)
    task = replace(project.task("test_solution.py"), python=str(bare))
    with open_runner(1) as runner, pytest.raises(TestsNotRunnable, match="-m pip install pytest"):
        runner.run(task, [], LIMITS)


def test_a_worker_that_dies_is_replaced(project: Project) -> None:
    with open_runner(1) as runner:
        mine = Project(project.root, runner)
        mine.judge(ADD, TESTS)
        worker = runner._worker
        assert worker is not None
        os.killpg(worker.pid, signal.SIGKILL)
        (report,) = mine.run(mine.task("test_solution.py"), FIXED)
        assert report.solved


@pytest.mark.parametrize("victim", ["group", "server", "twin"])
def test_whichever_process_dies_all_programs_get_their_report(
    project: Project, victim: str
) -> None:
    with open_runner(2) as runner:
        mine = Project(project.root, runner)
        mine.judge(ADD, TESTS, FIXED, FIXED)
        worker = runner._worker
        assert worker is not None
        (zygote,) = inner([worker.pid])
        servers = children(zygote)
        doomed = {"group": [worker.pid], "server": servers, "twin": children(servers[0])}[victim]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        reports = mine.run(mine.task("test_solution.py"), *[ADD, FIXED] * 4)
    assert [report.solved for report in reports] == [False, True] * 4


def test_a_level_that_is_not_reached_is_refused(project: Project) -> None:
    bare = ForkRunner(1, layers={"landlock": False, "seccomp": False})
    with bare, pytest.raises(SandboxError, match="accept that with --isolation L1"):
        Project(project.root, bare).judge(ADD, TESTS)
    accepted = ForkRunner(1, "L1", {"landlock": False, "seccomp": False})
    with accepted:
        (report,) = Project(project.root, accepted).judge(ADD, TESTS, FIXED)
    assert report.solved


def test_the_level_of_this_system_is_found_by_trying(runner: ForkRunner) -> None:
    found = runner.isolation(sys.executable)
    assert found.open == ()
    assert found.level == ("L4" if "namespaces" in found.layers else "L3")
    assert {"limits", "Landlock", "seccomp"} <= set(found.layers)


@pytest.mark.parametrize(
    ("off", "level", "open_to"),
    [
        (("namespaces",), "L3", set()),
        (("landlock",), "L2", {"write", "create", "read"}),
        (("seccomp",), "L1", {"udp", "fork", "exec"}),
        (("landlock", "seccomp", "namespaces"), "L1", {"tcp", "signal", "read", "exec"}),
    ],
)
def test_a_layer_that_is_missing_is_found_out(
    off: tuple[str, ...], level: str, open_to: set[str]
) -> None:
    with ForkRunner(1, layers=dict.fromkeys(off, False)) as without:
        found = without.isolation(sys.executable)
    assert found.level == level
    assert open_to <= set(found.open)
    assert not {name.lower() for name in found.layers} & set(off)


def test_levels_need_every_attempt_to_fail() -> None:
    every = {name: False for names in NEEDED for name in names}
    assert judge(every).level == "L5"
    assert judge({**every, "kernel": True}) == Isolation("L4", ())
    assert judge({**every, "interfaces": True}).level == "L3"
    assert judge({**every, "read": True}) == Isolation("L2", ("read",))
    assert judge({**every, "exec": True}).level == "L1"
    assert judge({**every, "limits": True}).level == "L0"
    assert judge({}).level == "L0"  # nothing was found out


def test_a_kernel_of_its_own_is_refused_in_one_line() -> None:
    found = Isolation("L4", ())
    require(found, "L4")
    with pytest.raises(SandboxError) as refused:
        require(found, "L5")
    assert "\n" not in str(refused.value)
    assert "only at level L4, not L5" in str(refused.value)


def test_what_is_missing_comes_with_what_switches_it_on() -> None:
    bare = layers(Isolation("L1", (), layers=("limits",)), "linux")
    assert [layer.works for layer in bare] == [True, False, False, False, False]
    assert all(layer.mend for layer in bare if not layer.works)
    elsewhere = layers(Isolation("L0", ()), "win32")
    assert all("virtual machine" in layer.mend for layer in elsewhere)
    assert not any(layer.mend for layer in layers(Isolation("L5", (), layers=tuple(ALONE))))


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    project = tmp_path / "p"
    project.mkdir()
    (project / "solution.py").write_text(FIXED)
    (project / "test_solution.py").write_text(TESTS)
    script = tmp_path / "owner.py"
    script.write_text(
        "from coderepair.model import *\n"
        "from coderepair.runner import open_runner\n"
        "from coderepair.task import make_task\n"
        f"task = make_task({str(project / 'solution.py')!r}, [{str(project / 'test_solution.py')!r}], 'add')\n"
        "runner = open_runner(1)\n"
        "runner.run(task, [Program(task.source)], Limits())\n"
        "print(runner._worker.pid, runner._worker.scratch, flush=True)\n"
        "loop = task.source.replace('return', 'import time; time.sleep(30); return')\n"
        "runner.run(task, [Program(loop)], Limits(30, 60))\n"
    )
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    number, scratch = owner.stdout.readline().split()
    zygote = int(number)
    time.sleep(0.3)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 60
    while _group_lives(zygote) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _group_lives(zygote)
    assert not Path(scratch).exists()


def _group_lives(group: int) -> bool:
    """Whether a process of this group, or of a candidate below it, is still there."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


def test_nothing_ran_is_no_solution(project: Project) -> None:
    (report,) = project.judge(FIXED, TESTS, FIXED, limits=Limits(3.0, 0.0, 512))
    assert not report.solved
