"""Each outcome is said where it means something, and no other in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.model import Outcome
from coderepair.runner import ForkRunner, open_runner, reports
from coderepair.runner.batch import ATTEMPTS, Batch
from coderepair.runner.child import ending
from coderepair.runner.worker import Channel
from tests.projects import LIMITS, Project, outcomes

SLOW = (
    "import time\n\ndef double(x):\n    end = time.process_time() + 0.1\n"
    "    while time.process_time() < end:\n        pass\n    return 2 * x\n"
)
"""Right, and so slow that a program has a second of processor time for its check."""
START = "import time\n\ndef double(x):\n"
TESTS = "from solution import double\n\ndef test_it():\n    assert double(2) == 4\n"
FILES = (
    "    import os, tempfile\n    for n in range(3):\n"
    "        with open(os.path.join(tempfile.gettempdir(), str(n)), 'wb') as file:\n"
    "            file.write(bytes(6 * 10 ** 7))\n    return 2 * x\n"
)
NATIVE = (
    "    import ctypes\n    libc = ctypes.CDLL(None)\n    libc.malloc.restype = ctypes.c_void_p\n"
    "    while True:\n        ctypes.memset(libc.malloc(10 ** 6), 1, 10 ** 6)\n"
)
"""As a library does that is written in C and does not ask whether it got the memory."""
BODIES = {
    "right": ("    return 2 * x\n", Outcome.PASS),
    "wrong": ("    return x\n", Outcome.FAIL),
    "raises": ("    return x.nothing\n", Outcome.ERROR),
    "loops": ("    while True:\n        pass\n", Outcome.TIMEOUT),
    "processor": ("    import os\n    os.kill(os.getpid(), 24)\n", Outcome.TIMEOUT),
    "memory": ("    return bytearray(10 ** 10)\n", Outcome.MEMORY_LIMIT),
    "memory in C": (NATIVE, Outcome.MEMORY_LIMIT),
    "files": (FILES, Outcome.OUTPUT_LIMIT),
    "crash": ("    import os\n    os.abort()\n", Outcome.CRASH),
    "killed": ("    import os\n    os.kill(os.getpid(), 9)\n", Outcome.CRASH),
    "ends": ("    import os\n    os._exit(0)\n", Outcome.CRASH),
}


@pytest.fixture(scope="module", params=["auto", "shared-process"])
def runner(request: pytest.FixtureRequest) -> Iterator[ForkRunner]:
    with open_runner(1, integrity=request.param) as opened:
        yield opened


@pytest.mark.parametrize("name", BODIES)
def test_what_became_of_a_check(tmp_path: Path, runner: ForkRunner, name: str) -> None:
    body, outcome = BODIES[name]
    project = Project(tmp_path / "project", runner)
    limits = replace(LIMITS, memory_mb=128)
    (report,) = project.judge(SLOW, TESTS, START + body, limits=limits)
    assert outcomes(report) == {"test_it": outcome}
    assert not report.infra_error


def test_a_program_that_names_what_reaches_the_tests_is_rejected(tmp_path: Path) -> None:
    tests = "import pickle\n" + TESTS.replace("double(2)", "pickle.loads(pickle.dumps(double(2)))")
    with open_runner(1) as opened:
        project = Project(tmp_path / "project", opened)
        source = "import gc\n\ndef double(x):\n    return 2 * x\n"
        (report,) = project.judge("def double(x):\n    return x\n", tests, source)
    assert outcomes(report) == {"test_it": Outcome.REJECTED}


def test_a_process_that_dies_again_and_again_is_no_fault_of_the_program() -> None:
    batch = Batch([{}], waiting=[])
    nodes = (reports.TestNode("t.py::test_it", ("t.py::test_it",)),)
    channel = Channel.__new__(Channel)
    for death in range(ATTEMPTS):
        batch.running[channel] = 0
        batch.again(channel)
        assert batch.waiting == [0] * (death + 1 if death + 1 < ATTEMPTS else death)
    report = reports.report(nodes, batch.answers[0], frozenset())
    assert "died" in report.infra_error
    assert outcomes(report) == {"test_it": Outcome.NOT_RUN}
    assert not report.solved


def test_a_full_disk_that_is_found_after_the_last_check_is_not_passed_over() -> None:
    events = [["c", 0, 1, "pass", 0.0, None, 0.1, None], ["n", 0, "ok", None, 0.1, None], ["end"]]
    ending.charge(events, "disk")
    nodes = (reports.TestNode("t.py::test_it", ("t.py::test_it",)),)
    report = reports.report(nodes, {"events": events, "end": "disk", "shared": 1}, frozenset())
    assert outcomes(report) == {"test_it": Outcome.OUTPUT_LIMIT}
