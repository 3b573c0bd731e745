"""What most tests of the server begin with."""

from __future__ import annotations

from typing import Any

from tests.lsp.client import Client


def checked(client: Client, name: str = "solution.py", text: str | None = None) -> str:
    """Opens a file and has it checked."""
    uri = client.open(client.root / name, text)
    client.request("coderepair/check", {"uri": uri})
    return uri


def repaired(client: Client, uri: str, function: str = "total") -> dict[str, Any]:
    answer: dict[str, Any] = client.request("coderepair/repair", {"uri": uri, "function": function})
    assert answer["status"] == "repair_available", answer
    return answer


def passes(source: str) -> bool:
    space: dict[str, Any] = {}
    exec(source, space)
    return bool(space["total"]([1, 2]) == 3)
