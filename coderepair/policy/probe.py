"""Loads a model's vocabulary in a process of its own, because llama.cpp aborts on some broken files.

A header that is whole can still describe nonsense (tokens that occur twice, for instance), and the
library checks that with assertions that end the process. So an unknown file is tried here first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from coderepair.errors import ModelFileError

TIMEOUT_S = 60.0


def probe(path: Path) -> None:
    """Raises `ModelFileError` if loading the file ends the process that does it; takes about 0.3 s."""
    command = [sys.executable, "-m", "coderepair.policy.probe", os.fspath(path)]
    package = Path(__file__).resolve().parents[2]
    search = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1", "PYTHONPATH": search}
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelFileError(f"llama.cpp does not get through {path}; fetch it again") from None
    if done.returncode < 0:
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        reason = next((line for line in lines if "GGML_ASSERT" in line), "it ends the process")
        raise ModelFileError(f"llama.cpp cannot load {path}: {reason.rpartition('/')[2]}")


def _load_vocabulary(path: str) -> None:
    """What the child does: an error that is no abort is told by whoever loads the file in earnest."""
    from coderepair.policy.llama_engine import library

    lc = library()
    params = lc.llama_model_default_params()
    params.vocab_only = True
    lc.llama_model_load_from_file(os.fsencode(path), params)


if __name__ == "__main__":
    _load_vocabulary(sys.argv[1])
