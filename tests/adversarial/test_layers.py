"""One property for every class of hostile program, with each layer of containment missing in turn.

What a layer promises is asked only where it is there; that nothing forged passes, that no process is left,
and that right and wrong programs are told apart afterwards holds everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from coderepair.model import Limits, Outcome, TestReport
from coderepair.runner import ForkRunner
from tests.adversarial.double import RIGHT, TESTS, WRONG
from tests.processes import children, inner
from tests.projects import LIMITS, Project, outcomes

pytestmark = pytest.mark.adversarial

OFF = {
    "all": (),
    "no-namespaces": ("namespaces",),
    "no-landlock": ("landlock",),
    "no-seccomp": ("seccomp",),
    "bare": ("namespaces", "landlock", "seccomp"),
    "spawned": ("fork",),
}
"""Layers that are switched off. `fork`: interpreters started ahead instead of forks, in two-process mode."""
WORLDS = [(name, two) for two in (False, True) for name in OFF if two or name != "spawned"]


@dataclass
class World:
    """A runner, and which layers it has."""

    runner: ForkRunner
    off: tuple[str, ...]
    two_process: bool
    project: Project

    def has(self, *layers: str) -> bool:
        return not set(layers) & set(self.off)

    def judge(self, *sources: str, limits: Limits = LIMITS) -> list[TestReport]:
        """Reports of hostile programs, after which right and wrong ones must still be told apart."""
        *reports, right, wrong = self.project.judge(
            RIGHT, TESTS, *sources, RIGHT, WRONG, limits=limits
        )
        assert right.solved
        assert not wrong.solved
        assert not any(report.infra_error for report in reports)
        return reports

    def goes_through(self, *actions: str) -> list[bool]:
        """Whether each action, made inside a call of the function under test, met no error."""
        bodies = ["\n".join("        " + line for line in each.splitlines()) for each in actions]
        sources = [
            f"def double(x):\n    try:\n{body}\n    except BaseException:\n        return 2 * x\n    return 0\n"
            for body in bodies
        ]
        return [not report.solved for report in self.judge(*sources)]


@pytest.fixture(
    scope="module", params=WORLDS, ids=lambda world: f"{world[0]}-{'two' if world[1] else 'one'}"
)
def opened(request: pytest.FixtureRequest) -> Iterator[tuple[ForkRunner, tuple[str, ...], bool]]:
    name, two_process = request.param
    layers = dict.fromkeys(OFF[name], False)
    integrity = "auto" if two_process else "shared-process"
    with ForkRunner(1, "L1", layers, integrity=integrity) as runner:
        yield runner, OFF[name], two_process


@pytest.fixture
def world(opened: tuple[ForkRunner, tuple[str, ...], bool], tmp_path: Path) -> World:
    runner, off, two_process = opened
    return World(runner, off, two_process, Project(tmp_path / "project", runner))


def descendants(pid: int) -> set[int]:
    found = set(children(pid))
    return found.union(*(descendants(each) for each in found))


def test_forged_results_do_not_pass(world: World) -> None:
    spoofs = [
        "print('2 passed in 0.01s')",
        "import os\nos.write(1, b'[\"end\"]')",
        "import atexit, os\natexit.register(os._exit, 0)",
        "import sys\nsys.modules['pytest'] = None",
    ]
    liar = "class Liar:\n    def __eq__(self, other):\n        return True\n"
    forged = [f"{spoof}\n{WRONG}" for spoof in spoofs] + ["import os\nos._exit(0)\n"]
    if world.two_process:
        forged.append(f"{liar}\ndef double(x):\n    return Liar()\n")
    reports = world.judge(*forged)
    assert not any(report.solved for report in reports)
    if world.two_process:
        assert {report.integrity for report in reports} == {"two-process"}


def test_signals_and_processes_of_others_are_out_of_reach(world: World) -> None:
    found = world.goes_through(
        "import os, signal\nos.kill(os.getppid(), signal.SIGCONT)",
        "import fcntl, os\nfcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())",
        "import ctypes\nif ctypes.CDLL(None).prctl(1, 0, 0, 0, 0): raise OSError",
        "import ctypes\nif ctypes.CDLL(None).ptrace(16, 1, 0, 0) < 0: raise OSError",
    )
    if world.has("seccomp"):
        assert not any(found)


def test_no_descendant_survives(world: World) -> None:
    world.judge()
    worker = world.runner._worker
    assert worker is not None
    before = descendants(worker.pid)
    orphan = (
        "import os, time\n{more}if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        time.sleep(600)\n    os._exit(0)\n"
    )
    world.judge(*[orphan.format(more=more) + RIGHT for more in ("", "os.setsid\n")])
    deadline = time.monotonic() + 30
    while len(descendants(worker.pid)) > len(before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(descendants(worker.pid)) <= len(before)


def test_files_outside_stay_as_they_are(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside / "secret.txt"
    secret.write_text("secret")
    actions = ["open({0!r}).read()", "open({0!r}, 'a').write('x')", "import os; os.remove({0!r})"]
    found = world.goes_through(*[action.format(str(secret)) for action in actions])
    if world.has("landlock"):
        assert not any(found)
        assert secret.read_text() == "secret"


def test_devices_are_not_to_be_made(world: World) -> None:
    """As root too, whose privileges a program does not keep."""
    made = "import os\nos.mknod(os.path.join(os.environ['TMPDIR'], 'd'), 0o20600, os.makedev(1, 1))"
    assert world.goes_through(made) == [False]


def test_no_network(world: World) -> None:
    found = world.goes_through(
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
        "import socket; socket.create_connection(('127.0.0.1', 1), 1)",
    )
    if world.has("seccomp"):
        assert not any(found)
    assert not found[2]  # nothing listens, but with namespaces not even the interface is up


def test_secrets_are_not_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    found = world.goes_through(
        "import os\nif 'hunter2' not in str(os.environ): raise OSError",
        "import os\nfor fd in range(3, 200):\n    try:\n        link = os.readlink('/proc/self/fd/%d' % fd)\n"
        "    except OSError:\n        continue\n    if '/' in link[1:] and 'statm' not in link: break\n"
        "else:\n    raise OSError",
        "if b'hunter2' not in open('/proc/%d/environ' % __import__('os').getppid(), 'rb').read():\n"
        "    raise OSError",
    )
    assert found == [False] * 3


def test_limits_cannot_be_raised(world: World) -> None:
    found = world.goes_through(
        *[
            f"import resource\nresource.setrlimit(resource.{name}, (-1, -1))"
            for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU")
        ]
    )
    assert found == [False] * 4


BOMBS = {
    "memory": "    return bytearray(10 ** 10)\n",
    "hidden memory": "    import os\n    return [os.write(os.memfd_create('x'), b'x' * 10 ** 7) for _ in range(99)]\n",
    "loop": "    while True:\n        pass\n",
    "swallowed": "    while True:\n        try:\n            while True:\n                pass\n"
    "        except BaseException:\n            pass\n",
    "recursion": "    return double(x)\n",
    "power": "    return 10 ** 10 ** 9\n",
    "output": "    print('x' * 50_000_000)\n    raise ValueError('y' * 50_000_000)\n",
    "sleep": "    import time\n    time.sleep(600)\n",
}


def test_bombs_cost_only_their_own_checks(world: World) -> None:
    bombs = {name: f"def double(x):\n{body}" for name, body in BOMBS.items()}
    if not world.has("seccomp"):
        del bombs["hidden memory"]
    limits = replace(LIMITS, memory_mb=128, test_timeout_s=1.0)
    reports = world.judge(*bombs.values(), limits=limits)
    assert [report.passed for report in reports] == [0] * len(reports)
    assert all(report.seconds < limits.total_timeout_s / 2 for report in reports)
    told = dict(zip(bombs, (outcomes(each)["test_first"] for each in reports), strict=True))
    assert told["memory"] is Outcome.MEMORY_LIMIT
    assert told["loop"] is Outcome.TIMEOUT
    assert told["recursion"] is Outcome.ERROR


SLOW = (
    "import time\n\ndef double(x):\n    end = time.process_time() + 0.1\n"
    "    while time.process_time() < end:\n        pass\n    return 2 * x\n"
)
"""Right, and so slow that a program has a second of processor time for each check."""
WRITES = """
import os, tempfile

def double(x):
    for n in range(3):
        with open(os.path.join(tempfile.gettempdir(), str(n)), "wb") as file:
            file.write(bytes(6 * 10 ** 7))
"""


@pytest.mark.parametrize("then", ["    return 2 * x\n", "    while True:\n        pass\n"])
def test_many_files_are_too_many(world: World, then: str) -> None:
    world.judge()
    limits = replace(LIMITS, test_timeout_s=20.0, total_timeout_s=60.0)
    (report,) = world.project.judge(SLOW, TESTS, WRITES + then, limits=limits)
    assert outcomes(report)["test_first"] is Outcome.OUTPUT_LIMIT
    assert not report.solved
    worker = world.runner._worker
    assert worker is not None
    (zygote,) = inner([worker.pid])
    scratch = Path(f"/proc/{zygote}/root{worker.scratch}")
    assert sum(path.stat().st_size for path in scratch.rglob("*") if path.is_file()) == 0


def test_hostile_text_is_a_report(world: World) -> None:
    texts = [
        "", "x = 1\n", "def double(x:\n", "x = " + "(" * 5000 + ")" * 5000, "while True:\n    pass\n",
        "x = " + "-" * 100_000 + "1", "def double(x):\n    return '\udcff'\n", "raise SystemExit\n",
    ]  # fmt: skip
    reports = world.judge(*texts, limits=replace(LIMITS, test_timeout_s=1.0))
    assert [(bool(report.checks), report.passed) for report in reports] == [(True, 0)] * len(texts)


def test_nothing_leaks_to_the_next_program(world: World) -> None:
    poison = (
        "import builtins, os, sys, tempfile, signal\n"
        "builtins.abs = None\nos.environ['LEAK'] = '1'\nsys.modules['leak'] = sys\n"
        "open(os.path.join(tempfile.gettempdir(), 'leak'), 'w').close()\n"
        "os.chdir(tempfile.gettempdir())\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + RIGHT
    )
    look = (
        "import os, signal, sys, tempfile\n\nHERE = os.getcwd()\n\ndef double(x):\n"
        "    dirty = 'LEAK' in os.environ or 'leak' in sys.modules or abs is None\n"
        "    dirty = dirty or HERE.startswith('/tmp/coderepair')\n"
        "    dirty = dirty or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL\n"
        "    return 0 if dirty or os.listdir(tempfile.gettempdir()) else 2 * x\n"
    )
    _, report = world.judge(poison, look)
    assert report.solved


def test_tests_on_disk_cannot_be_changed(world: World) -> None:
    test = str(world.project.root / "test_solution.py")
    if world.has("landlock"):
        world.goes_through(f"open({test!r}, 'w').write('def test_first(): pass')")
    (report,) = world.judge(
        "def double(x):\n    try:\n        open(__file__.replace('solution', 'test_solution'), 'r+')\n"
        "    except OSError:\n        pass\n    return x\n"
    )
    assert not report.solved
    assert Path(test).read_text().count("assert") == 2


def test_verdicts_do_not_depend_on_who_ran_before(world: World) -> None:
    """A program that works every other time, by the clock or by chance, is not carried over as solved."""
    flaky = "import os\n\ndef double(x):\n    return 2 * x if os.urandom(1)[0] < 0 else x\n"
    first, second, third = world.judge(flaky, RIGHT, flaky)
    assert (first.solved, second.solved, third.solved) == (False, True, False)


def test_answers_learnt_by_heart_fail_other_tests(world: World) -> None:
    learnt = "def double(x):\n    return {2: 4, 5: 10}[x]\n"
    (report,) = world.judge(learnt)
    assert report.solved  # the visible tests cannot know
    other = "from solution import double\n\ndef test_other():\n    assert double(7) == 14\n"
    assert not world.project.judge(RIGHT, other, learnt)[0].solved
