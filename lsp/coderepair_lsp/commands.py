"""Commands for clients without code of ours: thin entries that start the work, show how far it is, and
end with a message. A verified repair is then among the code actions; nothing is applied unasked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from coderepair_lsp import answers, features, requests
from coderepair_lsp import workspace as ws
from coderepair_lsp.announce import new_token
from coderepair_lsp.session import Session

Command = Callable[[Session, list[Any]], Coroutine[Any, Any, None]]
_GOOD = ("passing", "failing", "already_passing", "repair_available", "explained", "tree", "setup")


async def check(session: Session, arguments: list[Any]) -> None:
    """[uri]"""
    await _run(session, requests.check, _target(arguments))


async def repair(session: Session, arguments: list[Any]) -> None:
    """[uri, function]"""
    answer = await _run(session, requests.repair, _target(arguments), quiet=True)
    if answer.get("status") == "repair_available":
        where = "it is the first code action at the function"
        session.show(f"{answer['message']}; {where}")
    else:
        _show(session, answer)


async def repair_file(session: Session, arguments: list[Any]) -> None:
    """[uri]: every function that fails."""
    await repair(session, arguments[:1])


async def explain(session: Session, arguments: list[Any]) -> None:
    """[uri, function]"""
    answer = await _run(session, requests.explain, _target(arguments), quiet=True)
    if "markdown" in answer:
        await _show_text(session, "explanation.md", answer["markdown"])
    else:
        _show(session, answer)


async def apply(session: Session, arguments: list[Any]) -> None:
    """[id of a repair]"""
    found = session.board.repair(str(arguments[0]) if arguments else "")
    await _apply(session, features.edit_of(session, found) if found else None)


async def undo(session: Session, arguments: list[Any]) -> None:
    """[uri]: takes the repair that is in the text out again."""
    uri = _target(arguments).get("uri", "")
    now = ws.digest(ws.raw_text(session.server.workspace, uri))
    found = next((each for each in session.board.repairs(uri) if each.after_digest == now), None)
    await _apply(session, features.undo_of(session, found) if found else None)


async def show_tree(session: Session, arguments: list[Any]) -> None:
    """[id of a run]: the newest without one."""
    run = str(arguments[0]) if arguments else ""
    answer = await _run(session, requests.tree, {"run": run}, quiet=True)
    if "lines" in answer:
        await _show_text(session, f"tree-{answer['run_id']}.txt", "\n".join(answer["lines"]) + "\n")
    else:
        _show(session, answer)


async def model_status(session: Session, arguments: list[Any]) -> None:
    """[uri]"""
    answer = await _run(session, requests.setup, _target(arguments), quiet=True)
    findings = answer.get("findings", ())
    told = [each for each in findings if each["subject"] in ("llama.cpp", "model", "endpoint")]
    for each in told:
        mend = f"; mend it with: {each['mend']}" if each["mend"] and not each["ok"] else ""
        session.show(f"{each['subject']}: {each['text']}{mend}", trouble=not each["ok"])
    if not told:
        _show(session, answer)


COMMANDS: dict[str, Command] = {
    answers.CHECK: check,
    answers.REPAIR: repair,
    answers.EXPLAIN: explain,
    answers.APPLY: apply,
    "coderepair.repairFile": repair_file,
    "coderepair.undo": undo,
    "coderepair.showTree": show_tree,
    "coderepair.modelStatus": model_status,
}
"""Name of each command, and what it does. The arguments stand in the docstrings."""


def _target(arguments: list[Any]) -> dict[str, Any]:
    return dict(zip(("uri", "function"), arguments, strict=False))


async def _run(
    session: Session, request: requests.Request, params: Mapping[str, Any], *, quiet: bool = False
) -> Mapping[str, Any]:
    token = await new_token(session.server)
    answer = await request(session, {"uri": "", **params, "workDoneToken": token})
    if not quiet:
        _show(session, answer)
    return answer


def _show(session: Session, answer: Mapping[str, Any]) -> None:
    session.show(str(answer["message"]), trouble=answer["status"] not in _GOOD)


async def _apply(session: Session, edit: types.WorkspaceEdit | None) -> None:
    if edit is None:
        session.show(features.STALE, trouble=True)
        return
    params = types.ApplyWorkspaceEditParams(edit, label="coderepair")
    answer = await session.server.workspace_apply_edit_async(params)
    if not answer.applied:
        reason = answer.failure_reason or "the editor did not take the edit"
        session.show(f"nothing was changed: {reason}", trouble=True)


async def _show_text(session: Session, name: str, text: str) -> None:
    """In the editor if it can open documents, else as a message."""
    window = session.server.client_capabilities.window
    if window is None or window.show_document is None or not window.show_document.support:
        session.show(text)
        return
    path = Path(tempfile.mkdtemp(prefix="coderepair-"), name)
    path.write_text(text, encoding="utf-8")
    await session.server.window_show_document_async(types.ShowDocumentParams(ws.uri_of(str(path))))
