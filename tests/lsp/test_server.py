"""The server over its standard streams, asked as a real VS Code asks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lsp.asking import checked, passes, repaired
from tests.lsp.client import CAPABILITIES, Client
from tests.lsp.conftest import SOLUTION, TESTS
from tests.lsp.processes import descendants, resident_kb, wait_for_some, wait_until_gone

pytestmark = pytest.mark.editor

Connect = Callable[..., Client]
CANCELLED = -32800


def test_only_the_asked_function_changes_and_the_other_failures_do_not_matter(
    client: Client,
) -> None:
    uri = checked(client)
    text = repaired(client, uri)["newText"]
    assert "len(order) > 3" in text


def test_an_edit_makes_marks_stale_and_its_undo_brings_them_back(client: Client) -> None:
    uri = checked(client)
    client.diagnostics(uri)
    client.replace(uri, "# new\n" + SOLUTION)
    stale = client.diagnostics(uri)
    assert all(each["severity"] == 3 for each in stale)
    assert all(each["message"].startswith("before your edit: ") for each in stale)
    client.replace(uri, SOLUTION)
    fresh = client.diagnostics(uri)
    assert {each["range"]["start"]["line"] for each in fresh} == {3, 10}
    assert all(each["severity"] == 1 for each in fresh)


def test_marks_move_with_lines_inserted_above_them(client: Client) -> None:
    uri = checked(client)
    top = {"line": 0, "character": 0}
    client.edit(uri, [{"range": {"start": top, "end": top}, "newText": "# 1\n# 2\n"}])
    titles = [each["title"] for each in client.actions(uri, 5)]
    assert any("`total`" in title for title in titles)
    assert not any("`total`" in each["title"] for each in client.actions(uri, 3))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_unsaved_buffer_is_what_is_repaired(client: Client, newline: str) -> None:
    text = SOLUTION.replace('"""Shop."""', '"""\U0001f6d2 \U0001f4b0."""; x = "\U0001f600"\f')
    text = text.replace("def total(prices):", "def total(prices):  # \U0001f9ee").replace(
        "\n", newline
    )
    uri = checked(client, text=text)
    marked = next(each for each in client.diagnostics(uri) if "total" in each["message"])
    assert marked["range"]["end"]["character"] == len("def total(prices):  # ") + 2
    answer = repaired(client, uri)
    resolved = client.request("codeAction/resolve", client.actions(uri, 5)[0])
    client.edit(uri, resolved["edit"]["documentChanges"][0]["edits"])
    assert client.texts[uri] == answer["newText"]
    assert passes(client.texts[uri])
    assert client.texts[uri].count("\r\n") == (
        client.texts[uri].count("\n") if newline == "\r\n" else 0
    )
    assert (client.root / "solution.py").read_text() == SOLUTION


def test_a_stale_repair_is_not_served(client: Client) -> None:
    uri = checked(client)
    repair = repaired(client, uri)["repair"]
    action = client.actions(uri, 5)[0]
    client.replace(uri, SOLUTION + "# edited\n")
    assert not any("verified" in each["title"] for each in client.actions(uri, 5))
    assert "edit" not in client.request("codeAction/resolve", action)
    assert client.request("coderepair/edit", {"repair": repair})["status"] == "stale"


def test_the_test_offers_the_repair_of_the_function(client: Client) -> None:
    uri = checked(client, "test_solution.py")
    titles = [each["title"] for each in client.actions(uri, 4)]
    assert titles[0] == "Repair `total` to pass 1 failing test"
    source = (client.root / "solution.py").as_uri()
    assert client.actions(uri, 4)[0]["command"]["arguments"] == [source, "total"]


def test_a_line_means_the_function_or_test_that_stands_there(client: Client) -> None:
    uri = checked(client)
    asked = {"uri": uri, "line": 11}
    assert "`is_large`" in client.request("coderepair/explain", asked)["markdown"]
    assert client.request("coderepair/repair", asked)["targets"] == ["is_large"]
    answer = client.request("coderepair/repair", {"uri": uri, "line": 0})
    assert answer["status"] == "refused"
    assert "line 1" in answer["message"]
    test_uri = (client.root / "test_solution.py").as_uri()
    answer = client.request("coderepair/repair", {"uri": test_uri, "line": 3})
    assert answer["targets"] == ["total"]


def test_hover_and_explanation_tell_expected_and_got(client: Client) -> None:
    uri = checked(client)
    where = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 5}}
    told = client.request("textDocument/hover", where)["contents"]["value"]
    assert "expected  3" in told
    assert "got       -3" in told
    answer = client.request("coderepair/explain", {"uri": uri, "function": "is_large"})
    assert "# Why `is_large` fails" in answer["markdown"]
    assert "solution.is_large" in answer["markdown"]


def test_lenses_can_be_switched_off(client: Client) -> None:
    uri = checked(client)
    wanted = {"textDocument": {"uri": uri}}
    lines = {
        each["range"]["start"]["line"] for each in client.request("textDocument/codeLens", wanted)
    }
    assert lines == {3, 10}
    client.settings["codeLens"] = False
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    while client.request("textDocument/codeLens", wanted):
        client.wait_for("workspace/codeLens/refresh")


def test_progress_and_tree_come_as_partial_results(client: Client) -> None:
    uri = checked(client)
    tokens = {"workDoneToken": "w", "partialResultToken": "p"}
    client.request("coderepair/repair", {"uri": uri, "function": "total", **tokens})
    told = [each["params"] for each in client.received if each["method"] == "$/progress"]
    work = [each["value"]["kind"] for each in told if each["token"] == "w"]
    assert work[0] == "begin"
    assert work[-1] == "end"
    nodes = [
        node for each in told if each["token"] == "p" for node in each["value"].get("nodes", ())
    ]
    assert nodes[0]["parent"] is None
    assert all(node["parent"] is not None for node in nodes[1:])
    tree = client.request("coderepair/tree", {"uri": uri})
    assert tree["nodes"][0] == nodes[0]
    assert "as it is" in tree["lines"][0]


def test_a_cancelled_repair_leaves_no_process(client: Client) -> None:
    uri = client.open(client.root / "hopeless.py")
    number = client.send("coderepair/repair", {"uri": uri, "partialResultToken": "p"})
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    started = wait_for_some(client.process.pid, 3)
    client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(RuntimeError) as caught:
        client.result(number)
    assert caught.value.args[0] == CANCELLED
    wait_until_gone(started)
    assert client.request("coderepair/check", {"uri": uri})["status"] == "failing"


def test_requests_are_answered_while_a_repair_runs_and_a_second_is_declined(client: Client) -> None:
    uri = client.open(client.root / "hopeless.py")
    number = client.send("coderepair/repair", {"uri": uri, "partialResultToken": "p"})
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    assert client.actions(uri, 0)
    second = client.request("coderepair/repair", {"uri": uri})
    assert second["status"] == "refused"
    assert "already" in second["message"]
    other = checked(client)
    assert repaired(client, other)["repair"]
    client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(RuntimeError):
        client.result(number)


def test_an_edit_ends_the_repair_of_the_old_text(client: Client) -> None:
    uri = client.open(client.root / "hopeless.py")
    number = client.send("coderepair/repair", {"uri": uri, "partialResultToken": "p"})
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    started = wait_for_some(client.process.pid, 3)
    client.replace(uri, "def f(x):\n    return x + 1\n")
    assert client.result(number)["status"] == "stale"
    wait_until_gone(started)


def test_saving_the_text_under_repair_does_not_end_the_repair(client: Client) -> None:
    unsaved = "def f(x):\n    return x + 1\n"
    uri = client.open(client.root / "hopeless.py", unsaved)
    number = client.send("coderepair/repair", {"uri": uri, "partialResultToken": "p"})
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    (client.root / "hopeless.py").write_text(unsaved)
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations") == 0)
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(RuntimeError) as caught:
        client.result(number)
    assert caught.value.args[0] == CANCELLED


def test_a_deleted_file_ends_its_repair_and_loses_its_marks(client: Client) -> None:
    uri = client.open(client.root / "hopeless.py")
    number = client.send("coderepair/repair", {"uri": uri, "partialResultToken": "p"})
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    (client.root / "hopeless.py").unlink()
    client.close(uri)
    client.diagnostics(uri, lambda found: not found)
    with pytest.raises(RuntimeError) as caught:
        client.result(number)
    assert caught.value.args[0] == CANCELLED


@pytest.mark.parametrize("end", ["kill the client's pipe", "kill the server"])
def test_nothing_survives_the_client_or_the_server(client: Client, end: str) -> None:
    uri = client.open(client.root / "hopeless.py")
    client.send("coderepair/repair", {"uri": uri, "partialResultToken": "p"})
    client.wait_for("$/progress", lambda it: it["value"].get("evaluations", 0) > 0)
    started = wait_for_some(client.process.pid, 3) | {client.process.pid}
    if end == "kill the server":
        client.process.kill()
    else:
        assert client.process.stdin is not None
        client.process.stdin.close()
    wait_until_gone(started)


def test_the_protocol_ends_it_with_code_0(client: Client) -> None:
    assert client.stop() == 0


def test_what_prints_does_not_break_the_protocol(connect: Connect, project: Path) -> None:
    script = project.parent / "noisy.py"
    script.write_text(
        "import os, subprocess\n"
        "from coderepair_lsp import stdio\n"
        "from coderepair_lsp.server import create\n"
        "stream = stdio.protect()\n"
        "print('noise', flush=True)\n"
        "os.write(1, b'noise')\n"
        "subprocess.run(['echo', 'noise'])\n"
        "create().start_io(stdout=stream)\n"
    )
    client = connect(command=(sys.executable, str(script)))
    (project / "conftest.py").write_text("import os\nprint('x')\nos.write(1, b'noise')\n")
    uri = client.open(project / "solution.py")
    assert client.request("coderepair/check", {"uri": uri})["status"] == "failing"
    assert client.stop() == 0
    assert client.errors.count(b"noise") >= 3


def test_an_untrusted_workspace_runs_nothing(connect: Connect) -> None:
    client = connect(options={"trusted": False})
    uri = client.open(client.root / "solution.py")
    for method in ("check", "repair", "explain", "tree", "setup"):
        answer = client.request(f"coderepair/{method}", {"uri": uri})
        assert answer["status"] == "refused"
        assert "trusted" in answer["message"]
    assert not descendants(client.process.pid)
    client.notify("coderepair/trust", {})
    assert client.request("coderepair/check", {"uri": uri})["status"] == "failing"


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("vscode-notebook-cell:/a.ipynb#1", "notebook"),
        ("untitled:Untitled-1", "save"),
        ("file:///nowhere/solution.py", "not on disk"),
        ("file:///etc/hostname", "no Python file"),
    ],
)
def test_what_is_no_file_is_declined(client: Client, uri: str, word: str) -> None:
    document = {"uri": uri, "languageId": "python", "version": 1, "text": SOLUTION}
    client.notify("textDocument/didOpen", {"textDocument": document})
    answer = client.request("coderepair/repair", {"uri": uri})
    assert answer["status"] == "refused"
    assert word in answer["message"]
    assert client.actions(uri, 0) == []


def test_a_huge_file_is_declined(client: Client) -> None:
    uri = client.open(client.root / "solution.py", SOLUTION + "# x\n" * 300_000)
    answer = client.request("coderepair/check", {"uri": uri})
    assert answer["status"] == "refused"
    assert "1 MB" in answer["message"]


def test_a_syntax_error_in_the_buffer_is_a_failing_check(client: Client) -> None:
    uri = checked(client, text=SOLUTION.replace("def total(prices):", "def total(prices)"))
    (marked,) = client.diagnostics(uri)
    assert "4 failing checks" in marked["message"]
    first = client.actions(uri, marked["range"]["start"]["line"])[0]
    assert first["title"] == "Repair this file to pass 2 failing tests"


def test_a_file_without_tests_is_told_so(client: Client) -> None:
    (client.root / "lonely.py").write_text("def f():\n    return 1\n")
    uri = client.open(client.root / "lonely.py")
    answer = client.request("coderepair/check", {"uri": uri})
    assert answer["status"] == "error"
    assert "test_lonely.py" in answer["message"]


def test_tests_that_import_the_file_are_found_whatever_their_name(client: Client) -> None:
    (client.root / "lonely.py").write_text("def f():\n    return 1\n")
    (client.root / "tests").mkdir()
    (client.root / "tests" / "test_all.py").write_text(
        "from lonely import f\n\ndef test_f():\n    assert f() == 2\n"
    )
    uri = client.open(client.root / "lonely.py")
    assert client.request("coderepair/check", {"uri": uri})["total"] == 1


@pytest.mark.parametrize(
    ("interpreter", "word"), [("/nowhere/python", "interpreter"), ("/bin/true", "does not start")]
)
def test_a_wrong_interpreter_is_told_so(connect: Connect, interpreter: str, word: str) -> None:
    client = connect(settings={"interpreter": interpreter})
    uri = client.open(client.root / "solution.py")
    answer = client.request("coderepair/check", {"uri": uri})
    assert answer["status"] in ("error", "tests_not_runnable")
    assert word in answer["message"]


def test_settings_of_the_client_go_over_those_of_the_project(client: Client) -> None:
    pyproject = client.root / "pyproject.toml"
    pyproject.write_text("[tool.coderepair]\nmodel = 'none'\nmax-candidates = 2\n")
    uri = checked(client, "hopeless.py")
    assert "maxCandidates" in client.request("coderepair/repair", {"uri": uri})["message"]
    client.settings["timeout"] = 0.01
    assert "coderepair.timeout" in client.request("coderepair/repair", {"uri": uri})["message"]
    client.settings["memory"] = 1
    assert "memory" in client.request("coderepair/repair", {"uri": uri})["message"]


def test_folders_have_their_own_interpreter_and_configuration(
    connect: Connect, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        (folder / "solution.py").write_text(SOLUTION)
        (folder / "test_solution.py").write_text(TESTS)
        script = folder / "python"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        script.chmod(0o755)
    client = connect(tmp_path, folders=folders)
    client.answers["workspace/configuration"] = lambda params: [
        {"interpreter": str(folder / "python")}
        for item in params["items"]
        for folder in folders
        if item.get("scopeUri", folders[0].as_uri()).startswith(folder.as_uri())
    ]
    for folder in folders:
        uri = client.open(folder / "solution.py")
        assert client.request("coderepair/check", {"uri": uri})["python"] == str(folder / "python")


def test_a_client_with_few_abilities_gets_plain_edits(connect: Connect) -> None:
    client = connect(capabilities={})
    uri = checked(client)
    repaired(client, uri)
    action = client.actions(uri, 5)[0]
    client.edit(uri, action["edit"]["changes"][uri])
    assert passes(client.texts[uri])


def test_commands_work_without_code_in_the_client(client: Client) -> None:
    uri = client.open(client.root / "solution.py")
    run = {"command": "coderepair.repair", "arguments": [uri, "total"]}
    assert client.request("workspace/executeCommand", run) is None
    begun = client.wait_for("$/progress", lambda it: it["value"]["kind"] == "begin")
    assert begun["value"]["cancellable"]
    told = client.wait_for("window/showMessage")["message"]
    assert "first code action" in told
    repair = client.request("codeAction/resolve", client.actions(uri, 5)[0])["data"]["repair"]
    for command, arguments, good in (("apply", [repair], True), ("undo", [uri], False)):
        run = {"command": f"coderepair.{command}", "arguments": arguments}
        client.request("workspace/executeCommand", run)
        client.wait_for("workspace/applyEdit")
        assert passes(client.texts[uri]) is good


def test_a_command_is_cancelled_by_its_progress(client: Client) -> None:
    uri = client.open(client.root / "hopeless.py")
    run = {"command": "coderepair.repair", "arguments": [uri, "f"]}
    client.request("workspace/executeCommand", run)
    said = client.wait_for("$/progress", lambda it: "run" in (it["value"].get("message") or ""))
    started = wait_for_some(client.process.pid, 3)
    client.notify("window/workDoneProgress/cancel", {"token": said["token"]})
    client.wait_for("$/progress", lambda it: it["value"]["kind"] == "end")
    wait_until_gone(started)


def test_a_client_with_commands_of_its_own_is_offered_none(connect: Connect) -> None:
    client = connect(options={"clientCommands": True})
    assert client.server["capabilities"]["executeCommandProvider"]["commands"] == []


def test_check_on_save_is_a_setting(client: Client) -> None:
    client.settings["checkOnSave"] = True
    uri = client.open(client.root / "solution.py")
    client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert len(client.diagnostics(uri)) == 2


def test_positions_are_those_that_the_client_asks_for(connect: Connect) -> None:
    assert CAPABILITIES["general"]["positionEncodings"] == ["utf-16"]
    client = connect(capabilities={"general": {"positionEncodings": ["utf-8"]}})
    uri = checked(client, text=SOLUTION.replace("(prices):", "(prices):  # \U0001f9ee"))
    marked = next(each for each in client.diagnostics(uri) if "total" in each["message"])
    assert marked["range"]["end"]["character"] == len("def total(prices):  # ") + 4


def test_many_documents_and_checks_leave_no_growth(client: Client) -> None:
    uri = client.open(client.root / "solution.py")
    answer = client.request("coderepair/check", {"uri": uri})
    sizes, handles = [], []
    for number in range(1000):
        other = client.open(client.root / "hopeless.py")
        client.replace(other, f"# {number}\n" * 100)
        client.replace(uri, SOLUTION + "# x\n" * (number % 7))
        client.close(other)
        if number % 100 == 99:
            answer = client.request("coderepair/check", {"uri": uri})
            assert answer["status"] == "failing"
            client.received.clear()
            sizes.append(resident_kb(client.process.pid))
            handles.append(len(list(Path(f"/proc/{client.process.pid}/fd").iterdir())))
    assert sizes[-1] < sizes[1] + 2000
    assert handles[-1] <= handles[0] + 1
    assert not descendants(client.process.pid)


def test_idle_memory_is_small(client: Client) -> None:
    checked(client)
    assert resident_kb(client.process.pid) < 60_000
