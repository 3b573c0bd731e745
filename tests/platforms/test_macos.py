"""sandbox-exec and memory watched from outside, on macOS."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from coderepair.runner.child import macos
from coderepair.runner.child.containment import choose
from tests.platforms.attempts import SOURCE
from tests.unit.runner.test_spawn import RIGHT, TESTS, WRONG

pytestmark = pytest.mark.macos


def test_a_contained_process_reaches_nothing_outside(tmp_path: Path) -> None:
    folder, outside = tmp_path.resolve() / "scratch", tmp_path.resolve() / "secret"
    folder.mkdir()
    outside.write_text("secret")
    python = os.path.realpath(sys.executable)
    readable = [sys.prefix, sys.base_prefix, *filter(None, sys.path)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = [str(folder), str(outside), str(server.getsockname()[1])]
        line = choose().command([python, "-c", SOURCE, *given], readable, str(folder))
        done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["inside"]
    assert outside.read_text() == "secret"


def test_memory_is_told_for_other_processes() -> None:
    held = "held = b'x' * (200 << 20); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert macos._footprint(process.pid) > 200
        assert macos._told_by_ps(process.pid) > 200
        process.communicate("\n")


def test_programs_are_judged(tmp_path: Path) -> None:
    from coderepair.runner import open_runner
    from tests.projects import Project

    with open_runner(1, integrity="auto") as runner:
        right, wrong = Project(tmp_path, runner).judge(RIGHT, TESTS, RIGHT, WRONG)
    assert (right.solved, wrong.solved) == (True, False)
    assert right.integrity == "two-process"
