"""Standard output belongs to the protocol: whatever else writes to it goes to standard error."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO


def protect() -> BinaryIO:
    """A private stream on what was standard output; from now on `print` and children write to stderr."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")
