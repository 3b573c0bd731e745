"""The way through the server: check, marks, repair, the edit of it."""

from __future__ import annotations

from tests.lsp.asking import checked, passes, repaired
from tests.lsp.client import Client
from tests.lsp.conftest import SOLUTION
from tests.lsp.processes import descendants


def test_a_check_marks_functions_and_asserts(client: Client) -> None:
    uri = client.open(client.root / "solution.py")
    answer = client.request("coderepair/check", {"uri": uri})
    assert (answer["status"], answer["passed"], answer["total"]) == ("failing", 2, 4)
    pushed = client.wait_for("textDocument/publishDiagnostics", lambda it: it["uri"] == uri)
    assert pushed["version"] == 1
    lines = {each["range"]["start"]["line"]: each["message"] for each in pushed["diagnostics"]}
    assert set(lines) == {3, 10}
    assert "expected 3, got -3" in lines[3]
    test_uri = (client.root / "test_solution.py").as_uri()
    marked = {each["range"]["start"]["line"] for each in client.diagnostics(test_uri)}
    assert marked == {4, 9}


def test_it_is_quiet_until_asked(client: Client) -> None:
    uri = client.open(client.root / "solution.py")
    client.replace(uri, SOLUTION + "\n")
    client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    titles = [each["title"] for each in client.actions(uri, 3)]
    assert titles == ["Check this file against its tests"]
    assert client.request("textDocument/codeLens", {"textDocument": {"uri": uri}}) == []
    assert not [each for each in client.received if "publishDiagnostics" in each["method"]]
    assert not descendants(client.process.pid)


def test_the_verified_repair_is_resolved_and_applied(client: Client) -> None:
    uri = checked(client)
    assert [each["title"] for each in client.actions(uri, 5)][:2] == [
        "Repair `total` to pass 1 failing test",
        "Explain why this fails",
    ]
    assert repaired(client, uri)["targets"] == ["total"]
    action = client.actions(uri, 5)[0]
    assert action["title"] == "Apply the verified repair of `total`"
    assert "edit" not in action
    assert "isPreferred" not in action
    resolved = client.request("codeAction/resolve", action)
    (change,) = resolved["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 1}
    client.received.clear()
    client.edit(uri, change["edits"])
    assert passes(client.texts[uri])
    (left,) = client.diagnostics(uri)
    assert "is_large" in left["message"]
    assert left["severity"] == 1  # verified, so not stale
