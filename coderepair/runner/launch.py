"""Starts a test command in a copy of the project: its environment, what it may read, what became of it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair.errors import SandboxError
from coderepair.model import Limits, Task
from coderepair.runner.child.landlock import SYSTEM
from coderepair.runner.overlay import Snapshot
from coderepair.runner.requests import CPU_MARGIN_S, package_base
from coderepair.runner.worker import MAIN, Channel, environment

OUTPUT = 1024 * 1024
"""Bytes that a command may print."""
MARGIN_S = 60.0
"""Wall seconds beyond a command's own limit after which its supervisor counts as broken."""
ASK_PATHS = "import sys, sysconfig; print('\\n'.join([sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path]))"
ASK_S = 20.0
XML_OPTION = re.compile(r"--junit-?xml[= ]([^\s'\"]+)")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    end: str
    """`exit`, `timeout`, `output` or `processes`."""
    status: int
    """Exit code; the negative number of the signal that ended it."""
    output: str
    xml: str
    """The report that its option --junitxml asked for."""
    used: bool | None
    """Whether the file under repair was opened, where that can be told."""
    seconds: float
    tampered: tuple[str, ...]
    """Files of the tests that the run has changed."""


class Launcher:
    """Runs a task's command."""

    def __init__(self, task: Task, snapshot: Snapshot) -> None:
        self._task = task
        self._snapshot = snapshot
        self._root = str(snapshot.root)
        self._path = os.path.relpath(os.path.realpath(task.path), self._root)
        prefixes = interpreter_paths(task.python, self._root)
        programs = [path for path in os.environ.get("PATH", "").split(os.pathsep) if path]
        self._programs = [str(Path(task.python).parent), *programs]
        self._readable = [*SYSTEM, *prefixes, *self._programs, *snapshot.links]

    def run(self, folder: Path, source: str, limits: Limits, seed: int) -> Ran:
        """Runs it for a program in a copy below `folder`. Raises `SandboxError`."""
        copy = folder / "copy" / Path(self._root).name
        home = folder / "home"
        copy.parent.mkdir()
        home.mkdir()
        self._snapshot.copy(copy, self._path, source)
        request = {
            "command": moved(self._task.command, self._root, str(copy)),
            "folder": str(copy),
            "environ": self._environ(copy, home, seed),
            "readable": [*self._readable, str(copy)],
            "listable": ["/"],
            "watched": str(copy / self._path),
            "output": str(folder / "output"),
            "output_bytes": OUTPUT,
            "memory_mb": limits.memory_mb,
            "cpu_s": int(limits.total_timeout_s) + CPU_MARGIN_S,
            "total_s": limits.total_timeout_s,
        }
        told = supervise(request, folder, limits.total_timeout_s)
        return Ran(
            end=str(told["end"]),
            status=int(told["status"]),
            output=_read(folder / "output"),
            xml=self._xml(copy),
            used=told["used"],
            seconds=float(told["seconds"]),
            tampered=self._snapshot.tampered(copy, self._path, source),
        )

    def _environ(self, copy: Path, home: Path, seed: int) -> dict[str, str]:
        """Clean, with the interpreter's programs first, and the copy's modules before installed ones."""
        base = package_base(Path(self._task.path).resolve().parent)
        kept = environment(str(home), seed)
        given = [
            moved(path, self._root, str(copy)) for path in kept.get("PYTHONPATH", "").split(":")
        ]
        modules = [str(copy / os.path.relpath(base, self._root)), *filter(None, given)]
        prefix = Path(self._task.python).parent.parent
        active = {"VIRTUAL_ENV": str(prefix)} if (prefix / "pyvenv.cfg").exists() else {}
        return {
            **kept,
            **active,
            "PATH": os.pathsep.join(dict.fromkeys(self._programs)),
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(modules)),
        }

    def _xml(self, copy: Path) -> str:
        option = XML_OPTION.search(self._task.command)
        if option is None:
            return ""
        path = Path(os.path.realpath(copy / moved(option[1], self._root, str(copy))))
        return _read(path) if path.is_relative_to(os.path.realpath(copy)) else ""


def supervise(request: dict[str, Any], folder: Path, total_s: float) -> dict[str, Any]:
    """Hands the request to a supervisor of its own and waits for its answer. Raises `SandboxError`."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(MAIN), "command", str(theirs.fileno()),
             os.path.realpath(folder), ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )  # fmt: skip
    try:
        channel.send(request)
        answer: dict[str, Any] = channel.receive(total_s + MARGIN_S)
    except (OSError, EOFError) as error:
        raise SandboxError(f"the supervisor of the test command ended: {error}") from None
    finally:
        channel.close()
        process.wait()
    return answer


def moved(text: str, root: str, copy: str) -> str:
    """`text` with paths below the project turned to the copy."""
    return re.sub(rf"(?<![\w/.-]){re.escape(root)}(?=/|$|[\s'\":;])", lambda _: copy, text)


def interpreter_paths(python: str, root: str) -> list[str]:
    """Folders that the project's interpreter needs to read, without those of the project itself."""
    try:
        done = subprocess.run(
            [python, "-c", ASK_PATHS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=Path(python).parent,
            timeout=ASK_S,
            check=False,
        )
        told = done.stdout.splitlines()
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        told = []
    found = [os.path.realpath(path) for path in told if Path(path).is_absolute()]
    own = [path for path in found if not Path(path).is_relative_to(root) or _in_environment(path)]
    return [path for path in dict.fromkeys(own) if path != os.sep]


def _in_environment(path: str) -> bool:
    return any((folder / "pyvenv.cfg").exists() for folder in (Path(path), *Path(path).parents))


def _read(path: Path) -> str:
    """The start of a text, bounded."""
    try:
        with path.open("rb") as file:
            return file.read(OUTPUT).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return ""
