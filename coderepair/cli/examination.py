"""What `doctor` looks at, one finding after the other."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import coderepair
from coderepair.config import Settings
from coderepair.errors import CodeRepairError, SandboxError

PROBE_TIMEOUT_S = 30.0
_PROBE = "import sys, pytest; print(sys.version.split()[0], pytest.__version__)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    subject: str
    ok: bool
    text: str
    mend: str = ""
    """Command or setting that mends it."""


def examine(settings: Settings, start: Path) -> Iterator[Finding]:
    """Everything a repair below `start` would need."""
    yield Finding(
        "coderepair",
        True,
        f"{coderepair.__version__}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores",
    )
    yield _interpreter(settings, start)
    yield from _isolation(settings, start)
    yield _llama()
    yield _model(settings)
    if settings.endpoint:
        yield _endpoint(settings)
    yield _run_log(settings)


def _interpreter(settings: Settings, start: Path) -> Finding:
    from coderepair.interpreter import find_python
    from coderepair.task import find_root

    file = start / "module.py" if start.is_dir() else start
    try:
        chosen = find_python(settings.python, file, find_root(file, ()))
    except CodeRepairError as error:
        return Finding("project", False, str(error), "name the project's interpreter with --python")
    try:
        done = subprocess.run(
            [chosen.path, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("project", False, f"{chosen.path}: {error}", "name another with --python")
    if done.returncode != 0:
        text = f"{chosen.path} has no pytest"
        return Finding("project", False, text, f"{chosen.path} -m pip install pytest")
    version, pytest = done.stdout.split()
    text = f"{chosen.path} ({chosen.origin}), Python {version}, pytest {pytest}"
    return Finding("project", True, text)


def _isolation(settings: Settings, start: Path) -> Iterator[Finding]:
    """By trying to break out of a candidate's confinement; a layer that nobody asked for may be missing."""
    from coderepair.interpreter import find_python
    from coderepair.runner import open_runner
    from coderepair.runner.isolation import require
    from coderepair.runner.layers import layers
    from coderepair.task import find_root

    file = start / "module.py" if start.is_dir() else start
    try:
        python = find_python(settings.python, file, find_root(file, ())).path
        with open_runner(1, settings.isolation, settings.integrity) as runner:
            found = runner.isolation(python)
    except CodeRepairError as error:
        yield Finding("isolation", False, f"not tested: {error}")
        return
    try:
        require(found, settings.isolation)
        yield Finding("isolation", True, str(found))
    except SandboxError as error:
        yield Finding("isolation", False, str(error), "--isolation, or CODEREPAIR_ISOLATION")
    for layer in layers(found):
        yield Finding(layer.name, True, layer.text, layer.mend)


def _llama() -> Finding:
    if importlib.util.find_spec("llama_cpp") is None:
        return Finding(
            "llama.cpp",
            False,
            "not installed; operators and endpoints work without",
            "pip install 'coderepair[llama]'",
        )
    from importlib.metadata import version

    return Finding("llama.cpp", True, f"llama-cpp-python {version('llama-cpp-python')}")


def _model(settings: Settings) -> Finding:
    """Loads the model and has it write a few tokens."""
    from coderepair.model import Message, Request
    from coderepair.policy.base import CHAT
    from coderepair.policy.open import open_policy

    if settings.model == "none":
        return Finding("model", True, "none wanted")
    try:
        begin = time.perf_counter()
        policy = open_policy(settings.model)
        asked = "def add(a, b):\n"
        request = (
            Request(messages=(Message("user", asked),), max_tokens=16)
            if policy.dialect == CHAT
            else Request(text=asked, max_tokens=16)
        )
        written = policy.complete([request])[0][0].tokens
        seconds = time.perf_counter() - begin
        policy.close()
    except CodeRepairError as error:
        mend = "another --model (coderepair model list), or --model none"
        return Finding("model", False, f"{settings.model}: {error}", mend)
    return Finding(
        "model",
        True,
        f"{settings.model} ({policy.dialect}) loads and writes {written} tokens in {seconds:.1f} s",
    )


def _endpoint(settings: Settings) -> Finding:
    from coderepair.model import Message, Request
    from coderepair.policy.openai_http import OpenAIPolicy

    try:
        policy = OpenAIPolicy(
            settings.endpoint, model=settings.endpoint_model, offline=settings.offline
        )
        begin = time.perf_counter()
        request = Request(messages=(Message("user", "Say ok."),), max_tokens=4)
        policy.complete([request])
    except CodeRepairError as error:
        return Finding("endpoint", False, str(error), "start the server, or change --endpoint")
    seconds = time.perf_counter() - begin
    return Finding("endpoint", True, f"{settings.endpoint} answers in {seconds:.1f} s")


def _run_log(settings: Settings) -> Finding:
    folder = settings.runs_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror}"
        return Finding("run log", False, text, "set runs-dir, or CODEREPAIR_RUNS_DIR")
    return Finding("run log", True, str(folder))
