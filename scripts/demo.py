"""Repairs the bundled example: `python3 scripts/demo.py`.

The first run makes `.venv` beside it and compiles llama.cpp; the example is copied to a scratch
folder, so that nothing in the repository changes. Further arguments go to `coderepair fix`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import ROOT, environment


def main() -> int:
    python = environment(extras=("llama",), packages=("pytest",))
    with tempfile.TemporaryDirectory(prefix="coderepair-demo-") as scratch:
        folder = Path(shutil.copytree(ROOT / "examples" / "orders", Path(scratch) / "orders"))
        # Some seconds are enough; a slow or busy machine shall have its time.
        patience = ["--timeout", "180", *sys.argv[1:]]
        command = ["fix", "orders.py", "--tests", "test_orders.py", "--write", *patience]
        print(f"\n$ coderepair {' '.join(command)}\n", flush=True)
        fixed = subprocess.run(
            [python, "-m", "coderepair", *command], cwd=folder, check=False
        ).returncode
        if fixed == 0:
            print("\n$ pytest -q test_orders.py\n", flush=True)
            subprocess.run(
                [python, "-m", "pytest", "-q", "test_orders.py"], cwd=folder, check=False
            )
    return fixed


if __name__ == "__main__":
    sys.exit(main())
