"""Runs programs of the bank against tests in a process of their own, under limits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
WALL_SECONDS = 1800.0
"""Limit of one call; single programs are limited in CPU time by the child."""

Job = tuple[str, Sequence[str], bool]
"""Module text, tests, whether to stop at the first failing test."""


def execute(jobs: Sequence[Job], hash_seed: int = 0) -> list[list[str]]:
    """Outcome of each test of each job, in order; raises CalledProcessError or TimeoutExpired."""
    done = subprocess.run(
        [sys.executable, "-s", str(CHILD)],
        input=json.dumps([[program, list(tests), stop] for program, tests, stop in jobs]),
        capture_output=True,
        text=True,
        timeout=WALL_SECONDS,
        check=True,
        env={"PYTHONHASHSEED": str(hash_seed), "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found
