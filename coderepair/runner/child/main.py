"""Entry script of the zygote: `python main.py FD SCRATCH ROOT`.

The folder of this script must not stay on `sys.path`, or its files would shadow the project's own
modules, so the package is loaded under a private name.
"""

import importlib.util
import os
import sys

PACKAGE = "_coderepair_child"


def load_package():  # type: ignore[no-untyped-def]
    """Makes the folder of this file importable as `_coderepair_child`."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return importlib.import_module(PACKAGE + ".zygote")


if __name__ == "__main__":
    load_package().serve(int(sys.argv[1]), sys.argv[2], sys.argv[3])
