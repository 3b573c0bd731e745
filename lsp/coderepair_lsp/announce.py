"""How far a run is, told to the client: work done progress, and partial results for those who ask."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

PAUSE_S = 0.1
"""Least time between two reports."""


class Announcer:
    """Reports of one run. Without tokens it says nothing."""

    def __init__(
        self,
        server: LanguageServer,
        title: str,
        work_token: types.ProgressToken | None = None,
        partial_token: types.ProgressToken | None = None,
    ) -> None:
        self._server = server
        self._title = title
        self._work = work_token
        self._partial = partial_token
        self._nodes: list[Any] = []
        self._last = 0.0
        self._stage = ""

    def begin(self) -> None:
        if self._work is not None:
            begin = types.WorkDoneProgressBegin(title=self._title, cancellable=True, percentage=0)
            self._server.work_done_progress.begin(self._work, begin)

    def end(self, message: str) -> None:
        if self._work is not None:
            self._server.work_done_progress.end(
                self._work, types.WorkDoneProgressEnd(message=message)
            )
            self._server.work_done_progress.tokens.pop(self._work, None)

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Passes on what is new, not more often than a person can read."""
        if event["event"] != "progress":
            self._tell(event)
            return
        self._nodes += event.get("nodes", ())
        stage = str(event["stage"])
        if stage == self._stage and time.monotonic() - self._last < PAUSE_S:
            return
        self._stage, self._last = stage, time.monotonic()
        self._tell({**event, "nodes": self._nodes})
        self._nodes = []
        self._report(event)

    def _report(self, event: Mapping[str, Any]) -> None:
        if self._work is None:
            return
        share = event.get("seconds", 0.0) / (event.get("limit") or 1.0)
        report = types.WorkDoneProgressReport(
            message=headline(event), percentage=min(int(100 * share), 99)
        )
        self._server.work_done_progress.report(self._work, report)

    def _tell(self, event: Mapping[str, Any]) -> None:
        if self._partial is not None:
            self._server.progress(types.ProgressParams(self._partial, dict(event)))


def headline(event: Mapping[str, Any]) -> str:
    """`searching with operators, 41 programs run, best 5 of 7`."""
    parts = [str(event["stage"])]
    if event.get("evaluations"):
        parts.append(f"{event['evaluations']} programs run")
    best = event.get("best")
    if best:
        parts.append(f"best {best['passed']} of {best['total']}")
    return ", ".join(parts)


async def new_token(server: LanguageServer) -> types.ProgressToken | None:
    """A token for progress that the server begins; None if the client shows none."""
    window = server.client_capabilities.window
    if window is None or not window.work_done_progress:
        return None
    token = str(uuid.uuid4())
    # A cancel must not reach the request itself: its late answer would find nobody.
    await asyncio.shield(server.work_done_progress.create_async(token))
    return token
