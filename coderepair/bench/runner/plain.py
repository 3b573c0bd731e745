"""Plain pytest, without the runner's rewriting, warm sessions, judge or time limits, for comparison."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from coderepair.errors import SandboxError
from coderepair.runner.worker import environment

CHILD = Path(__file__).with_name("plain_child.py")
TEST_S = 5.0
"""CPU seconds that one test may take: generous, since only a test that hangs must not."""
MEMORY_MB = 2048


class PlainPytest(AbstractContextManager["PlainPytest"]):
    """A process of an interpreter that runs pytest in forks, one program each."""

    def __init__(self, python: str, test_s: float = TEST_S) -> None:
        """`test_s` is the CPU time that one test may take, in seconds."""
        self._test_s = test_s
        self._scratch = TemporaryDirectory(prefix="coderepair-plain-")
        self._process = subprocess.Popen(
            [python, "-B", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(self._scratch.name),
            text=True,
        )

    def run(self, folder: Path, args: Sequence[str]) -> dict[str, str]:
        """Outcome of each test of `folder`, by node id. Raises `SandboxError` if the process has gone."""
        request = {
            "folder": str(folder.resolve()),
            "args": list(args),
            "seconds": self._test_s,
            "memory_mb": MEMORY_MB,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return dict(json.loads(self._process.stdout.readline()))
        except (OSError, ValueError) as error:
            raise SandboxError(f"the process of plain pytest ended: {error}") from None

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
        self._scratch.cleanup()

    def __exit__(self, *_: object) -> None:
        self.close()
