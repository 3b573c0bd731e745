"""The system call filter and the levels, on Linux on arm64."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.child import seccomp
from tests.projects import Project
from tests.unit.runner.test_spawn import RIGHT, TESTS, WRONG

pytestmark = pytest.mark.arm64


def test_this_is_the_machine() -> None:
    assert seccomp.MACHINE == "aarch64"


def test_every_layer_holds_by_itself() -> None:
    with open_runner(1) as runner:
        found = runner.isolation(sys.executable)
    assert found.open == ()
    assert {"limits", "Landlock", "seccomp"} <= set(found.layers)


@pytest.mark.parametrize("integrity", ["shared-process", "auto"])
def test_programs_are_judged(tmp_path: Path, integrity: str) -> None:
    with ForkRunner(1, integrity=integrity) as runner:
        right, wrong = Project(tmp_path, runner).judge(RIGHT, TESTS, RIGHT, WRONG)
    assert (right.solved, wrong.solved) == (True, False)
