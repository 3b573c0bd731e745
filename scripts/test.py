"""Installs what the tests need and runs the fast ones: `python3 scripts/test.py [pytest arguments]`."""

from __future__ import annotations

import subprocess
import sys

from bootstrap import ROOT, environment


def main() -> int:
    python = environment(extras=("llama", "bench", "dev"))
    return subprocess.run([python, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
