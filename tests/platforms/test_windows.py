"""Job Objects, on Windows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from coderepair.runner.child import windows

pytestmark = pytest.mark.windows
PYTHON = getattr(sys, "_base_executable", sys.executable)


def _start(source: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PYTHON, "-I", "-c", f"input()\n{source}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _run(source: str, memory_mb: int = 128) -> str:
    jobs = windows.Jobs()
    with _start(source) as process:
        jobs.started(process.pid, memory_mb)
        said = process.communicate("\n", timeout=60)[0]
        jobs.kill(process.pid)
    return said


def test_memory_is_bounded() -> None:
    source = "try:\n    bytearray(10 ** 9)\nexcept MemoryError:\n    print('refused')\n"
    assert _run(source).split() == ["refused"]
    assert _run("print(len(bytearray(10 ** 7)))").split() == ["10000000"]


def test_no_further_process_can_be_started() -> None:
    source = (
        "import subprocess, sys\ntry:\n    subprocess.run([sys.executable, '-c', ''], check=True)\n"
        "except OSError:\n    print('refused')\n"
    )
    assert _run(source).split() == ["refused"]


def test_closing_the_job_ends_the_process() -> None:
    jobs = windows.Jobs()
    with _start("import time; time.sleep(600)") as process:
        jobs.started(process.pid, 128)
        jobs.kill(process.pid)
        process.wait(timeout=30)
        assert process.returncode is not None
