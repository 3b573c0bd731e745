"""Makes the project's own environment, `.venv`, with the standard library alone.

Used by `demo.py` and `test.py`; nothing outside the repository is changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
OLDEST = (3, 11)
NEWEST = (3, 14)
NINJA_STEP = re.compile(r"\[(\d+)/(\d+)\]")


def environment(*, extras: tuple[str, ...], packages: tuple[str, ...] = ()) -> Path:
    """The interpreter of `.venv` with the project, these extras and packages in it.

    The `llama` extra compiles llama.cpp (minutes, once). Where that fails the environment is
    still good: coderepair then works with its edit operators and with endpoints.
    """
    VENV.mkdir(exist_ok=True)
    python = _venv_python()
    wanted = [extra for extra in extras if extra != "llama"]
    target = f".[{','.join(wanted)}]" if wanted else "."
    _step(python, f"installing coderepair into {VENV.name}", ("-e", target, *packages))
    if "llama" in extras and not _step(
        python, "compiling llama.cpp (once, some minutes)", ("-e", ".[llama]"), optional=True
    ):
        print(
            f"llama.cpp could not be built here (see {LOG.relative_to(ROOT)}; it needs a C and C++"
            " compiler). Going on without the embedded model: edit operators and --endpoint work.",
            file=sys.stderr,
        )
    return python


def _venv_python() -> Path:
    """Creates `.venv` from a fitting interpreter if it is not there."""
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = VENV / scripts / ("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        made = subprocess.run(
            [_base_interpreter(), "-m", "venv", str(VENV)],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            reason = (made.stdout + made.stderr).strip().splitlines()[-1:]
            sys.exit(
                f"cannot make a virtual environment: {' '.join(reason)}\n"
                "On Debian and Ubuntu `apt install python3-venv` mends this."
            )
    return python


def _base_interpreter() -> str:
    """This interpreter if it is new enough, else the newest fitting one on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and _runs(found):
            return found
    sys.exit(
        f"coderepair needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}, "
        f"this is {sys.version.split()[0]} and no other was found on PATH"
    )


def _runs(python: str) -> bool:
    """Whether it starts; a version manager's shim may be on PATH without its version."""
    return (
        subprocess.run([python, "-c", "import venv"], capture_output=True, check=False).returncode
        == 0
    )


def _step(python: Path, what: str, arguments: tuple[str, ...], *, optional: bool = False) -> bool:
    """One `pip install`, skipped when it already succeeded for this pyproject.toml."""
    content = (ROOT / "pyproject.toml").read_bytes() + " ".join(arguments).encode()
    stamp = VENV / f".installed-{hashlib.sha256(content).hexdigest()[:16]}"
    if stamp.exists():
        return True
    code = _pip_with_progress(python, what, arguments)
    if code == 0:
        stamp.touch()
    elif not optional:
        tail = "\n".join(LOG.read_text(errors="replace").splitlines()[-15:])
        sys.exit(f"{tail}\n{what} failed; the whole output is in {LOG}")
    return code == 0


def _pip_with_progress(python: Path, what: str, arguments: tuple[str, ...]) -> int:
    """Runs pip with its output in the log and one status line on stderr; returns its exit code."""
    command = [str(python), "-m", "pip", "install", "-v", "--disable-pip-version-check", *arguments]
    started = shown = time.monotonic()
    detail = ""
    interactive = sys.stderr.isatty()
    print(f"{what} ...", file=sys.stderr, flush=True)
    with (
        LOG.open("a", errors="replace") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            step = NINJA_STEP.search(line)
            if step:
                detail = f"  step {step[1]} of {step[2]}"
            now = time.monotonic()
            if now - shown > (0.5 if interactive else 15):
                shown = now
                status = f"  {now - started:4.0f} s{detail}"
                print(status, end="\r" if interactive else "\n", file=sys.stderr, flush=True)
    print(f"  done in {time.monotonic() - started:.0f} s{' ' * 30}", file=sys.stderr, flush=True)
    return pip.returncode
