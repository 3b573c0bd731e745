"""Real editors and a real framing layer, where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.asking import passes
from tests.lsp.client import PATIENCE_S

pytestmark = pytest.mark.editor

EDITORS = Path(__file__).parent / "editors"
EXTENSION = Path(__file__).parents[2] / "vscode-extension"
JSONRPC = EXTENSION / "node_modules" / "vscode-jsonrpc"


def run(project: Path, *command: str) -> str:
    """Runs an editor's session on `solution.py`; returns its standard output."""
    told = {
        "SESSION_PYTHON": sys.executable,
        "SESSION_FILE": str(project / "solution.py"),
        "SESSION_RESULT": str(project.parent / "result.json"),
        "HOME": str(project.parent),
        "TERM": "dumb",
    }
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def result(project: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((project.parent / "result.json").read_text())
    return loaded


@pytest.mark.skipif(not shutil.which("nvim"), reason="Neovim is not installed")
def test_neovim(project: Path) -> None:
    session = str(EDITORS / "session.lua")
    run(
        project,
        "nvim",
        "--headless",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "-c",
        f"luafile {session}",
        "-c",
        "cq!",
    )
    told = result(project)
    assert told["errors"] == []
    assert sorted(told["lines"]) == [3, 10]
    assert passes(told["repaired"])
    assert told["undone"]
    assert (project / "solution.py").read_text() == told["repaired"]


@pytest.mark.skipif(not shutil.which("emacs"), reason="Emacs is not installed")
def test_emacs(project: Path) -> None:
    run(
        project,
        "emacs",
        "-q",
        "--batch",
        "-f",
        "package-initialize",
        "-l",
        str(EDITORS / "session.el"),
    )
    told = result(project)
    assert sorted(told["lines"]) == [4, 11]
    assert passes(told["repaired"])
    assert (project / "solution.py").read_text() == told["repaired"]


@pytest.mark.skipif(
    not shutil.which("node") or not JSONRPC.is_dir(),
    reason="needs node, and npm ci in vscode-extension",
)
def test_node_with_the_framing_of_vs_code(project: Path) -> None:
    told = run(
        project, "node", str(EDITORS / "client.mjs"), str(JSONRPC), str(project), sys.executable
    )
    assert json.loads(told) == {
        "check": "failing",
        "repair": "repair_available",
        "cancelled": -32800,
        "code": 0,
        "errors": [],
    }
