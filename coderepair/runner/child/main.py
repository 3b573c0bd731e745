"""Entry script: `python main.py MODULE FD SCRATCH ROOT` runs `MODULE.serve(FD, SCRATCH, ROOT)`.

The folder of this script must not stay on `sys.path`, or its files would shadow the project's own
modules, so the package is loaded under a private name.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

PACKAGE = "_coderepair_child"


def load(name: str) -> Any:
    """A module of this folder, imported as part of `_coderepair_child`."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return importlib.import_module(PACKAGE + "." + name)


if __name__ == "__main__":
    load(sys.argv[1]).serve(int(sys.argv[2]), sys.argv[3], sys.argv[4])
