"""Hostile programs, one property each: none passes, none does harm, the runner judges on."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.model import Limits, Outcome, TestReport
from tests.adversarial.double import RIGHT, TESTS, WRONG
from tests.processes import inner
from tests.projects import LIMITS, Project, outcomes

pytestmark = pytest.mark.adversarial


SWALLOWS_ALARMS = """    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
IGNORES_ALARMS = """    import signal
    for n in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(n, signal.SIG_IGN)
    while True:
        pass
"""


def judge(project: Project, source: str, limits: Limits = LIMITS) -> TestReport:
    """The report of a hostile program, after which right and wrong ones must still be told apart."""
    project.judge(RIGHT, TESTS, RIGHT)
    (report,) = project.run(project.task("test_solution.py"), source, limits=limits)
    right, wrong = project.run(project.task("test_solution.py"), RIGHT, WRONG)
    assert right.solved
    assert not wrong.solved
    assert not report.infra_error
    return report


def attempt(project: Project, action: str) -> bool:
    """Whether `action`, run inside a call of the function under test, went through without an error."""
    body = "\n".join("        " + line for line in action.splitlines())
    source = f"def double(x):\n    try:\n{body}\n    except BaseException:\n        return 2 * x\n    return 0\n"
    return not judge(project, source).solved


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that no candidate has any business with."""
    path = tmp_path / "outside" / "secret.txt"
    path.parent.mkdir()
    path.write_text("secret")
    path.chmod(0o644)
    return path


@pytest.mark.parametrize(
    "action",
    [
        "open({path!r}, 'w').write('owned')",
        "open({path!r}, 'a').write('owned')",
        "open({path!r} + '.new', 'w')",
        "import os; os.remove({path!r})",
        "import os; os.rename({path!r}, {path!r} + '2')",
        "import os; os.truncate({path!r}, 0)",
        "import os; os.mkdir({path!r} + '.d')",
        "import os; os.symlink('/etc/passwd', {path!r} + '.l')",
        "import os; os.link({path!r}, {path!r} + '.h')",
        "import os; fd = os.open({path!r}, os.O_RDWR)",
        "open({path!r}).read()",
        "import os; os.listdir(os.path.dirname({path!r}))",
        "open('/dev/shm/coderepair-owned', 'w')",
        "open('owned.txt', 'w')",
        "open(__file__, 'a')",
        "open(__file__.replace('solution', 'test_solution'), 'w')",
        "import ctypes\nif ctypes.CDLL(None).open({path!r}.encode(), 1) < 0: raise OSError",
        "open('/proc/%d/environ' % __import__('os').getppid(), 'rb').read(1)",
        "open('/proc/1/environ', 'rb').read(1)",
        "open('/proc/%d/mem' % __import__('os').getppid(), 'rb')",
    ],
)
def test_files_outside_are_out_of_reach(project: Project, outside: Path, action: str) -> None:
    assert not attempt(project, action.format(path=str(outside)))
    assert outside.read_text() == "secret"
    assert [path.name for path in outside.parent.iterdir()] == ["secret.txt"]
    assert (project.root / "solution.py").read_text() == RIGHT
    assert not Path("/dev/shm/coderepair-owned").exists()


def test_modes_owners_and_times_do_not_change(project: Project, outside: Path) -> None:
    before = outside.stat()
    attempt(
        project,
        f"import os\nos.chmod({str(outside)!r}, 0o777)\nos.utime({str(outside)!r}, (1, 1))\n"
        f"os.chown({str(outside)!r}, 1, 1)",
    )
    after = outside.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime_ns,
    )


@pytest.mark.parametrize("kind", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_no_sockets(project: Project, kind: str) -> None:
    assert not attempt(project, f"import socket\nsocket.socket(socket.{kind}, socket.SOCK_DGRAM)")


def test_no_connection_to_this_machine(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        action = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)"
        assert not attempt(project, action)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "action",
    [
        "import os\nif os.fork() == 0: os._exit(0)",
        "import os\nwhile True: os.fork()",
        "import os; os.execv('/bin/sh', ['sh', '-c', 'true'])",
        "import os\nif os.system('true') != 0: raise OSError",
        "import subprocess; subprocess.run(['true'], check=True)",
        "import multiprocessing; multiprocessing.Process(target=print).start()",
        "import ctypes\nif ctypes.CDLL(None).fork() < 0: raise OSError",
    ],
)
def test_no_processes(project: Project, action: str) -> None:
    assert not attempt(project, action)


@pytest.mark.parametrize("target", ["os.getppid()", "-1", "0", "1", str(os.getpid())])
def test_no_signals_to_others(project: Project, target: str) -> None:
    assert not attempt(project, f"import os, signal\nos.kill({target}, signal.SIGTERM)")


def test_threads_are_allowed(project: Project) -> None:
    report = judge(
        project,
        "import threading\n\ndef double(x):\n    found = []\n"
        "    thread = threading.Thread(target=lambda: found.append(2 * x))\n"
        "    thread.start()\n    thread.join()\n    return found[0]\n",
    )
    assert report.solved


def test_secrets_of_the_environment_do_not_get_in(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    project.runner.close()  # so that the processes start with the secret in our environment
    try:
        report = judge(
            project,
            "import os\n\ndef double(x):\n    return 2 * x if 'hunter2' not in str(os.environ) else 0\n",
        )
    finally:
        project.runner.close()
    assert report.solved


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("    return bytearray(10 ** 10)\n", Outcome.MEMORY_LIMIT),
        (
            "    data = []\n    while True:\n        data.append(bytearray(10 ** 7))\n",
            Outcome.MEMORY_LIMIT,
        ),
        ("    return double(x)\n", Outcome.ERROR),
        ("    while True:\n        pass\n", Outcome.TIMEOUT),
        ("    return 10 ** 10 ** 9\n", Outcome.TIMEOUT),
        (SWALLOWS_ALARMS, Outcome.TIMEOUT),
        (IGNORES_ALARMS, Outcome.TIMEOUT),
        ("    import os\n    os.abort()\n", Outcome.CRASH),
        ("    import ctypes\n    ctypes.string_at(0)\n", Outcome.CRASH),
        ("    import os\n    os._exit(0)\n", Outcome.CRASH),
        ("    import os\n    os.kill(os.getpid(), 9)\n", Outcome.CRASH),
        ("    raise SystemExit(0)\n", Outcome.ERROR),
        ("    import sys\n    sys.exit()\n", Outcome.ERROR),
        ("    raise KeyboardInterrupt\n", Outcome.ERROR),
    ],
)
def test_bombs_and_exits_are_failures(project: Project, body: str, outcome: Outcome) -> None:
    report = judge(project, "def double(x):\n" + body, replace(LIMITS, memory_mb=128))
    assert outcomes(report)["test_first"] is outcome
    assert report.passed == 0


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(0)\n",
        "import sys\nsys.exit(0)\n",
        "raise SystemExit\n",
        "import os\nos.close(1)\nos.close(2)\ndouble = 1\n",
        "while True:\n    pass\n",
        "x = 1\n",
        "",
        "def double(x:\n",
        "def double(x):\n    return '\0'\n",
        "def double(x):\n    return '\udcff'\n",
        "x = " + "(" * 5000 + ")" * 5000,
        "x = " + "-" * 100_000 + "1",
        "x = [" + "1, " * 300_000 + "]\nx.nothing\n",
        "double = lambda x: x" + " + 0" * 20_000,
        "# -*- coding: nothing -*-\n",
    ],
    ids=range(15),
)
def test_hostile_source_text_is_a_report(project: Project, source: str) -> None:
    report = judge(project, source)
    assert report.checks
    assert report.passed == 0


@pytest.mark.parametrize(
    "spoof",
    [
        "print('2 passed in 0.01s')",
        'import sys\nsys.stdout.write(\'{"outcome": "pass"}\' * 10)',
        'import os\nos.write(1, b\'["n", 0, "ok", null, 0.0, null]\')',
        "import atexit, os\natexit.register(os._exit, 0)",
        "import sys\nsys.settrace(lambda *a: None)",
        "import sys\nsys.modules['pytest'] = None",
    ],
)
def test_what_a_program_says_of_itself_does_not_count(project: Project, spoof: str) -> None:
    assert not judge(project, f"{spoof}\n\ndef double(x):\n    return x\n").solved


def test_much_output_is_no_burden(project: Project) -> None:
    source = "def double(x):\n    print('x' * 50_000_000)\n    raise ValueError('y' * 50_000_000)\n"
    report = judge(project, source)
    assert report.passed == 0
    assert all(len(each.failure.message) <= 500 for each in report.checks if each.failure)
    assert report.seconds < LIMITS.total_timeout_s / 2


def test_the_scratch_folder_is_bounded_and_emptied(project: Project) -> None:
    report = judge(
        project,
        "import tempfile\n\ndef double(x):\n"
        "    with tempfile.NamedTemporaryFile(delete=False) as file:\n"
        "        file.write(b'x' * 10 ** 8)\n    return 2 * x\n",
    )
    assert report.passed == 0
    worker = project.runner._worker
    assert worker is not None
    (zygote,) = inner([worker.pid])
    scratch = Path(f"/proc/{zygote}/root{worker.scratch}")  # as it sees its own mounts
    assert scratch.is_dir()
    own = ("lean", "judge")  # what the two processes themselves live in
    assert not [path for path in scratch.iterdir() if not path.name.startswith(own)]
    assert not [path for path in scratch.rglob("*") if not path.is_dir()]


def test_programs_leave_no_trace_for_the_next(project: Project) -> None:
    project.judge(RIGHT, TESTS, RIGHT)
    poison = (
        "import builtins, os, sys, tempfile\n"
        "builtins.len = None\nos.environ['LEAK'] = '1'\nsys.modules['leak'] = sys\n"
        "open(os.path.join(tempfile.gettempdir(), 'leak'), 'w').close()\n" + RIGHT
    )
    look = (
        "import os, sys, tempfile\n\ndef double(x):\n"
        "    dirty = 'LEAK' in os.environ or 'leak' in sys.modules or len is None\n"
        "    return 0 if dirty or os.listdir(tempfile.gettempdir()) else 2 * x\n"
    )
    _, report = project.run(project.task("test_solution.py"), poison, look)
    assert report.solved


def test_a_large_value_is_described_in_bounded_time(project: Project) -> None:
    source = "def double(x):\n    return [list(range(1000)) for _ in range(2000)]\n"
    report = judge(project, source, replace(LIMITS, memory_mb=1024))
    assert all(each.outcome is Outcome.FAIL for each in report.checks)
    assert all(len(each.failure.got) <= 200 for each in report.checks if each.failure)


def test_a_value_with_hostile_methods(project: Project) -> None:
    report = judge(
        project,
        "class Odd:\n    def __eq__(self, other):\n        raise RuntimeError\n"
        "    def __repr__(self):\n        raise RuntimeError\n    __hash__ = None\n"
        "    @property\n    def __class__(self):\n        raise RuntimeError\n\n"
        "def double(x):\n    return Odd()\n",
    )
    assert report.passed == 0
