"""What a static error is, and its codes: those that CoCoGen's Table 4 lists, by pylint's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from coderepair.project.lookup import Found

CODES: Mapping[str, str] = {
    "E0001": "syntax-error",
    "E0102": "function-redefined",
    "E0401": "import-error",
    "E0602": "undefined-variable",
    "E0611": "no-name-in-module",
    "E1101": "no-member",
    "E1102": "not-callable",
    "E1111": "assignment-from-no-return",
    "E1120": "no-value-for-parameter",
    "E1121": "too-many-function-args",
    "E1123": "unexpected-keyword-arg",
    "E1133": "not-an-iterable",
    "E1136": "unsubscriptable-object",
}


class Finding(NamedTuple):
    """One static error."""

    line: int
    """1-based, in the file."""
    code: str
    """A key of `CODES`."""
    message: str
    subject: str = ""
    """The name that is at fault."""
    about: Found | None = None
    """The module, class or function that it was looked up in or that was called."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.code} {CODES[self.code]}: {self.message}"
