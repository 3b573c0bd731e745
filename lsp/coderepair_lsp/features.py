"""The features of the protocol. Nothing here waits for a run, except the check on save."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from coderepair_lsp import answers, edits, requests, words
from coderepair_lsp import workspace as ws
from coderepair_lsp.board import Repair
from coderepair_lsp.places import Hunk
from coderepair_lsp.session import Session

STALE = "the file changed since this repair was verified; repair it again"


def changed(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    """Moves what is marked in the document, and ends a repair of its old text."""
    uri = params.text_document.uri
    if session.board.source_of(uri) is not None:
        text = ws.raw_text(session.server.workspace, uri)
        hunks = [_hunk(change) for change in params.content_changes]
        session.board.edited(uri, ws.digest(text), [hunk for hunk in hunks if hunk is not None])
    session.runs.edited(uri)


def _hunk(change: types.TextDocumentContentChangeEvent) -> Hunk | None:
    """Which lines a change replaces; None where the whole text is sent, which moves nothing."""
    if not isinstance(change, types.TextDocumentContentChangePartial):
        return None
    first, last = change.range.start.line, change.range.end.line
    # The first line stays: what is before the change on it is kept.
    return Hunk(first + 1, last + 1, len(ws.split_lines(change.text + "x")) - 1)


async def saved(session: Session, uri: str) -> None:
    """Checks on save, if that is wanted; its failure to run is no news to interrupt with."""
    settings = await session.settings_for(uri)
    if settings.check_on_save and session.trusted and not ws.refusal(session.server.workspace, uri):
        await requests.check(session, {"uri": uri})


def closed(session: Session, uri: str) -> None:
    """A file that was deleted or renamed takes what is known of it along."""
    if not Path(ws.path_of(uri)).is_file():
        session.runs.cancel(uri)
        session.board.forget(uri)


def code_actions(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What is offered on the failing functions and tests in a range."""
    uri, only = params.text_document.uri, params.context.only
    first, last = params.range.start.line, params.range.end.line
    offered: list[types.CodeAction] = []
    for place, _ in session.board.places(uri):
        if place.covers(first, last) and _wanted(types.CodeActionKind.QuickFix.value, only):
            offered += _on(session, place, params.context.diagnostics)
    check = answers.check_action(uri)
    if _wanted(str(check.kind), only) and not ws.refusal(session.server.workspace, uri):
        offered.append(check)
    return list({action.title: action for action in offered}.values())


def _on(session: Session, place: Any, diagnostics: Any) -> list[types.CodeAction]:
    mine = [
        each
        for each in diagnostics
        if each.source == answers.SOURCE
        and place.covers(each.range.start.line, each.range.end.line)
    ]
    repair = session.fresh_repair(place.source_uri, place.function)
    actions = answers.code_actions(place, repair, mine, session.tags_actions)
    if repair is not None and not session.resolves_edits:
        actions[0].edit = edit_of(session, repair)
    return actions


def _wanted(kind: str, only: Any) -> bool:
    if not only:
        return True
    asked = [str(getattr(each, "value", each)) for each in only]
    return any(not each or kind == each or kind.startswith(each + ".") for each in asked)


def resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    """The edit of a repair that is verified already; nothing is searched for here."""
    data = action.data if isinstance(action.data, Mapping) else {}
    repair = session.board.repair(str(data.get("repair", "")))
    if repair is not None:
        action.edit = edit_of(session, repair)
        if action.edit is None:
            session.show(STALE, trouble=True)
    return action


def edit_of(session: Session, repair: Repair) -> types.WorkspaceEdit | None:
    """The edit that puts a repair into the text it was made for; None if the text is another."""
    return _edit(session, repair.uri, repair.before_digest, repair.after)


def undo_of(session: Session, repair: Repair) -> types.WorkspaceEdit | None:
    """The edit that takes it out again; None if anything else was edited since."""
    return _edit(session, repair.uri, repair.after_digest, repair.before)


def _edit(session: Session, uri: str, digest: str, text: str) -> types.WorkspaceEdit | None:
    workspace = session.server.workspace
    raw, document = ws.raw_text(workspace, uri), ws.opened(workspace, uri)
    if raw is None or ws.digest(raw) != digest:
        return None
    changes = edits.text_edits(raw, text, workspace.position_codec)
    version = document.version if document else None
    return edits.workspace_edit(uri, version, changes, versioned=session.versioned_edits)


def lenses(session: Session, uri: str) -> list[types.CodeLens]:
    """Above every failing function and test, unless they are switched off."""
    if not session.settings.code_lens:
        return []
    found: dict[tuple[int, str], list[types.CodeLens]] = {}
    for place, _ in session.board.places(uri):
        repair = session.fresh_repair(place.source_uri, place.function)
        found.setdefault((place.first, place.function), answers.lenses(place, repair))
    return [lens for group in found.values() for lens in group]


def hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """The failing checks of the marked line."""
    line = params.position.line
    marked = [
        place for place, _ in session.board.places(params.text_document.uri) if place.line == line
    ]
    if not marked:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, words.hover(marked)))
