"""One client: what it can do, its settings, what is known and what runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from coderepair_lsp import answers, options
from coderepair_lsp import workspace as ws
from coderepair_lsp.board import Board, Repair
from coderepair_lsp.options import ClientSettings
from coderepair_lsp.runs import Refused, Runs

if TYPE_CHECKING:
    from coderepair_lsp.server import Server

SECTION = "coderepair"
ANSWER_S = 5.0
"""Wall seconds that a client may take to tell its settings."""
UNTRUSTED = "the workspace is not trusted, so nothing of it is run"

log = logging.getLogger(__name__)


class Session:
    """Lives as long as the server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.options = options.Start()
        self.trusted = True
        self.board = Board(self._publish)
        self.runs: Runs
        self.settings: ClientSettings = self.options.settings
        """Those of the last document that was asked for; lenses and saves go by them."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_token: dict[types.ProgressToken, asyncio.Task[Any]] = {}
        self._refreshing = False

    # -- the client -----------------------------------------------------------------------------------

    def start(self, params: types.InitializeParams) -> None:
        self.options = options.start(params.initialization_options)
        self.trusted = self.options.trusted
        self.settings = self.options.settings
        self.runs = Runs(self.server.workspace, self.board)

    async def initialized(self) -> None:
        """Asks to be told of changed settings, where that has to be asked for."""
        about = self._workspace_capabilities.did_change_configuration
        if about is not None and about.dynamic_registration:
            method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
            registration = types.Registration("configuration", method, {"section": SECTION})
            wanted = types.RegistrationParams([registration])
            with contextlib.suppress(Exception):
                await asyncio.shield(self.server.client_register_capability_async(wanted))
        self.settings = await self.settings_for("")

    async def configured(self, given: Any) -> None:
        """Settings have changed; clients that cannot be asked send them along."""
        section = given.get(SECTION) if isinstance(given, dict) else None
        if isinstance(section, dict):
            self.options = options.Start(
                self.trusted, self.options.client_commands, options.settings(section)
            )
        self.settings = await self.settings_for("")
        self.refresh_lenses()

    async def settings_for(self, uri: str) -> ClientSettings:
        """The client's settings for a document's folder."""
        if not self._workspace_capabilities.configuration:
            return self.options.settings
        item = types.ConfigurationItem(scope_uri=uri or None, section=SECTION)
        asked = self.server.workspace_configuration_async(types.ConfigurationParams([item]))
        try:
            answer = await asyncio.wait_for(asyncio.shield(asked), ANSWER_S)
        except Exception as error:
            log.warning("the client does not tell its settings: %r", error)
            return self.options.settings
        found = options.settings(answer[0]) if answer and answer[0] else self.options.settings
        self.settings = found
        return found

    @property
    def _workspace_capabilities(self) -> types.WorkspaceClientCapabilities:
        return self.server.client_capabilities.workspace or types.WorkspaceClientCapabilities()

    @property
    def versioned_edits(self) -> bool:
        edit = self._workspace_capabilities.workspace_edit
        return bool(edit and edit.document_changes)

    @property
    def _code_action(self) -> types.CodeActionClientCapabilities:
        document = self.server.client_capabilities.text_document
        found = document.code_action if document else None
        return found or types.CodeActionClientCapabilities()

    @property
    def resolves_edits(self) -> bool:
        """Whether the client asks for the edit of an action once it is chosen."""
        support = self._code_action.resolve_support
        return support is not None and "edit" in support.properties

    @property
    def tags_actions(self) -> bool:
        return self._code_action.tag_support is not None

    def show(self, message: str, *, trouble: bool = False) -> None:
        """A message for the user."""
        kind = types.MessageType.Warning if trouble else types.MessageType.Info
        self.server.window_show_message(types.ShowMessageParams(kind, f"coderepair: {message}"))

    def require_trust(self) -> None:
        """Raises `Refused` in a workspace whose code must not run."""
        if not self.trusted:
            raise Refused(UNTRUSTED)

    # -- tasks ----------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs a command's work beside the requests."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a command failed", exc_info=error)
            self.show(f"internal error: {type(error).__name__}: {error}", trouble=True)

    def watch(self, token: types.ProgressToken | None) -> None:
        """The current task ends if the client cancels this progress."""
        task = asyncio.current_task()
        if token is not None and task is not None:
            self._by_token[token] = task
            task.add_done_callback(lambda _: self._by_token.pop(token, None))

    def cancel(self, token: types.ProgressToken) -> None:
        task = self._by_token.get(token)
        if task is not None:
            task.cancel()

    # -- what is known --------------------------------------------------------------------------------

    def lines(self, uri: str) -> list[str]:
        """Lines of a document, open or not."""
        return ws.split_lines(ws.raw_text(self.server.workspace, uri) or "")

    def fresh_repair(self, uri: str, function: str) -> Repair | None:
        """The newest verified repair of a function that fits the text as it is."""
        repairs = [each for each in self.board.repairs(uri) if each.function in ("", function)]
        if not repairs:
            return None
        now = ws.digest(ws.raw_text(self.server.workspace, uri))
        return next((each for each in repairs if each.before_digest == now), None)

    def _publish(self, uri: str) -> None:
        document = ws.opened(self.server.workspace, uri)
        lines, codec = self.lines(uri), self.server.workspace.position_codec
        found = self.board.places(uri)
        self.server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri,
                [answers.diagnostic(place, stale, lines, codec) for place, stale in found],
                version=document.version if document else None,
            )
        )
        self.refresh_lenses()

    def refresh_lenses(self) -> None:
        """Has the client ask for lenses again, once for all that changes now."""
        lens = self._workspace_capabilities.code_lens
        if lens is None or not lens.refresh_support or self._refreshing:
            return
        self._refreshing = True
        asyncio.get_running_loop().call_later(0.05, self._refresh_now)

    def _refresh_now(self) -> None:
        self._refreshing = False
        self.server.workspace_code_lens_refresh(None)
