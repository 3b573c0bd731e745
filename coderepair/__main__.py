"""`python -m coderepair` is the command line.

`-m` puts the working directory in front of the import path, where a project's `random.py` would stand in
for Python's own; the installed command has no such entry either.
"""

import os
import sys

if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:  # noqa: PTH109  (pathlib: not needed yet)
    del sys.path[0]

from coderepair.cli.main import run

if __name__ == "__main__":
    run()
