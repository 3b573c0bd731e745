"""Puts the server's pure-Python parts into dist/server: ours, and what they need, at the tested versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[1]
ROOT = EXTENSION.parent
REQUIREMENTS = (
    "pygls==2.1.1",
    "lsprotocol==2025.0.0",
    "cattrs==26.2.1",
    "attrs==26.1.0",
    "typing_extensions==4.15.0",
)
START = '''\
"""Starts the server that comes with the extension."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "libs"))

from coderepair_lsp.server import main

main()
'''


def main() -> None:
    server = EXTENSION / "dist" / "server"
    libs = server / "libs"
    shutil.rmtree(server, ignore_errors=True)
    libs.mkdir(parents=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    options = [
        "--target",
        str(libs),
        "--implementation",
        "py",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    subprocess.run([*pip, *options, *REQUIREMENTS], check=True)
    ignored = shutil.ignore_patterns("__pycache__", "bench")
    shutil.copytree(ROOT / "coderepair", libs / "coderepair", ignore=ignored)
    shutil.copytree(ROOT / "lsp" / "coderepair_lsp", libs / "coderepair_lsp", ignore=ignored)
    shutil.rmtree(libs / "bin", ignore_errors=True)
    (server / "run.py").write_text(START, encoding="utf-8")
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, EXTENSION / name)
    for name in ("orders.py", "test_orders.py"):
        place = EXTENSION / "media" / "example" / name
        place.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "examples" / "orders" / name, place)


if __name__ == "__main__":
    main()
