"""The language server. Every feature is a few lines that ask the board or hand on to a run."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import attrs
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter

import coderepair
from coderepair_lsp import commands, features, requests, stdio
from coderepair_lsp.session import Session
from coderepair_lsp.workspace import Documents

PREFIX = "coderepair/"
TRUST = PREFIX + "trust"
REQUESTS = {
    f"{PREFIX}check": requests.check,
    f"{PREFIX}repair": requests.repair,
    f"{PREFIX}explain": requests.explain,
    f"{PREFIX}edit": requests.edit,
    f"{PREFIX}tree": requests.tree,
    f"{PREFIX}setup": requests.setup,
}
"""Requests of our own. Their parameters and answers are plain objects; see `requests`."""


@attrs.define
class PlainRequest:
    """A request of our own, its parameters as they came."""

    id: Any
    method: str
    jsonrpc: str
    params: Any = None


@attrs.define
class PlainNotification:
    """A notification of our own."""

    method: str
    jsonrpc: str
    params: Any = None


class _Futures(dict[Any, Any]):
    """Handlers under way; one that is cancelled goes while pygls walks over them."""

    def items(self) -> Any:
        return list(super().items())


class Protocol(LanguageServerProtocol):
    """The protocol with our own messages, and documents whose lines are those of the protocol."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_futures = _Futures()

    @lru_cache  # noqa: B019
    def get_message_type(self, method: str) -> type[Any] | None:
        if method == TRUST:
            return PlainNotification
        if method.startswith(PREFIX):
            return PlainRequest
        known: type[Any] | None = super().get_message_type(method)
        return known

    def _execute_handler(
        self,
        msg_id: Any,
        handler: Callable[..., Any],
        callback: Callable[[Any], Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """pygls (2.1) keeps what handled a notification for ever; here it goes when it is done."""

        def done(future: Any) -> None:
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, done, args, kwargs)


class Server(LanguageServer):
    """A server with one session: the client that started it."""

    def __init__(self) -> None:
        super().__init__(
            "coderepair",
            coderepair.__version__,
            protocol_cls=Protocol,
            converter_factory=default_converter,
        )
        self.session = Session(self)


def create() -> Server:
    """A server with all features, not yet started."""
    server = Server()
    session = server.session
    _lifecycle(server, session)
    _features(server, session)
    for name, command in commands.COMMANDS.items():
        server.command(name)(_command(session, command))
    for method, request in REQUESTS.items():
        server.feature(method)(_request(session, request))
    return server


def _lifecycle(server: Server, session: Session) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        root = params.root_uri
        kind, encoding = types.TextDocumentSyncKind.Incremental, server.workspace.position_encoding
        server.protocol._workspace = Documents(root, kind, params.workspace_folders, encoding)
        session.start(params)
        if session.options.client_commands:
            server.protocol.fm.commands.clear()

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await session.initialized()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        await session.configured(params.settings)

    @server.feature(TRUST)
    def trusted(_: Any) -> None:
        session.trusted = True

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancelled(params: types.WorkDoneProgressCancelParams) -> None:
        session.cancel(params.token)


def _features(server: Server, session: Session) -> None:
    quick_fix, source = types.CodeActionKind.QuickFix, types.CodeActionKind.Source
    offered = types.CodeActionOptions([quick_fix, source], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        features.changed(session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: types.DidSaveTextDocumentParams) -> None:
        await features.saved(session, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        features.closed(session, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, offered)
    def code_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return features.code_actions(session, params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def resolve(action: types.CodeAction) -> types.CodeAction:
        return features.resolve(session, action)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())
    def lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        return features.lenses(session, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        return features.hover(session, params)


def _request(session: Session, request: requests.Request) -> Any:
    async def handle(params: Any) -> Mapping[str, Any]:
        return await request(session, params if isinstance(params, Mapping) else {})

    return handle


def _command(session: Session, command: commands.Command) -> Any:
    def handle(*arguments: Any) -> None:
        session.spawn(command(session, list(arguments)))

    return handle


def main() -> None:
    """Serves on standard input and output until the client goes away."""
    parser = argparse.ArgumentParser(
        prog="coderepair-lsp", description="Language server of coderepair."
    )
    parser.add_argument(
        "--version", action="version", version=f"coderepair {coderepair.__version__}"
    )
    parser.add_argument(
        "--stdio", action="store_true", help="the only transport; for clients that say it"
    )
    parser.add_argument(
        "--log-level", default="warning", choices=("debug", "info", "warning", "error")
    )
    level = parser.parse_args().log_level
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s")
    stream = stdio.protect()
    create().start_io(stdout=stream)
