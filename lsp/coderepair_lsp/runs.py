"""Checks and repairs from request to result: what the text was, whether it still is, what is known now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pygls.workspace import Workspace

from coderepair.report.diff import shown_path, unified
from coderepair_lsp import job as jobs
from coderepair_lsp import workspace as ws
from coderepair_lsp.board import Board, Repair, State
from coderepair_lsp.edits import with_newlines
from coderepair_lsp.job import JobFailed, OnEvent
from coderepair_lsp.options import ClientSettings
from coderepair_lsp.places import hunk_between, places
from coderepair_lsp.work.job import Job

EDITED = "the file was edited meanwhile; repair it again"


class Refused(Exception):
    """What was asked for cannot be done; the text is for people."""


@dataclass
class _Running:
    """A repair under way."""

    task: asyncio.Future[dict[str, Any]]
    digest: str
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What of a document is meant: a function by its qualified name or by a line, else all that fails."""

    function: str | None = None
    line: int | None = None
    """Counted from 0, of a function or of a test."""

    def function_in(self, state: State, uri: str) -> str | None:
        """Qualified name; None for all. Raises `Refused` if nothing fails at the line."""
        if self.function is not None or self.line is None:
            return self.function
        for place in state.places:
            if place.uri == uri and place.covers(self.line, self.line):
                return place.function or None
        raise Refused(f"no failing check leads to line {self.line + 1}; choose a marked function")


class Runs:
    """What runs, and for which file."""

    def __init__(self, workspace: Workspace, board: Board) -> None:
        self._workspace = workspace
        self._board = board
        self._repairs: dict[str, _Running] = {}
        self._checks: dict[str, asyncio.Future[dict[str, Any]]] = {}

    @property
    def repairing(self) -> list[str]:
        """URIs of the files that are being repaired."""
        return list(self._repairs)

    async def check(self, uri: str, settings: ClientSettings, on_event: OnEvent) -> State:
        """Checks what the document is about; an earlier check of it that still runs is cancelled.

        Raises `Refused`, `JobFailed`.
        """
        self._refuse(uri)
        earlier = self._checks.pop(uri, None)
        if earlier is not None:
            earlier.cancel()
        texts, versions = ws.buffers(self._workspace), self._versions()
        job = Job(
            "check",
            ws.path_of(uri),
            texts,
            settings.tests,
            flags=settings.flags,
            root=self._root(uri),
        )
        task = asyncio.ensure_future(jobs.do(job, on_event))
        self._checks[uri] = task
        try:
            result = await task
        finally:
            if self._checks.get(uri) is task:
                del self._checks[uri]
        state = self._state(result, texts, versions)
        self._board.found(state)
        self._catch_up(state)
        return state

    async def repair(
        self,
        uri: str,
        target: Target,
        settings: ClientSettings,
        on_event: OnEvent,
    ) -> Mapping[str, Any]:
        """Repairs a function of the document, or all that fail. The answer is plain data.

        Raises `Refused`, `JobFailed`.
        """
        self._refuse(uri)
        source_uri = self._board.source_of(uri) or uri
        state = self._board.state(source_uri)
        if state is None or not self._is_current(state):
            on_event({"event": "progress", "stage": "running the tests"})
            state = await self.check(uri, settings, on_event)
        if not state.places:
            message = f"all checks pass already ({state.result['passed']}); nothing to repair"
            return {"status": "already_passing", "message": message, "uri": state.source_uri}
        return await self._repair(state, target.function_in(state, uri), settings, on_event)

    def edited(self, uri: str) -> None:
        """A document changed: a repair of its old text is of no use any more."""
        running = self._repairs.get(uri)
        if running is not None and self._digest(uri) != running.digest:
            running.edited = True
            running.task.cancel()

    def cancel(self, uri: str) -> bool:
        """Ends what runs for a file; whether anything did."""
        tasks = [self._repairs[uri].task] if uri in self._repairs else []
        tasks += [self._checks[uri]] if uri in self._checks else []
        for task in tasks:
            task.cancel()
        return bool(tasks)

    async def look(
        self, kind: str, uri: str, settings: ClientSettings, run: str = ""
    ) -> dict[str, Any]:
        """The tree of a run, or the state of the installation. Raises `JobFailed`."""
        path = ws.path_of(uri) or self._root("")
        return await jobs.do(Job(kind, path, flags=settings.flags, run=run), lambda _: None)

    # -- parts --------------------------------------------------------------------------------------

    async def _repair(
        self, state: State, function: str | None, settings: ClientSettings, on_event: OnEvent
    ) -> Mapping[str, Any]:
        uri = state.source_uri
        if uri in self._repairs:
            raise Refused(f"{_name(uri)} is being repaired already; cancel that first")
        job = self._job(state, function, settings)
        search = self._search(job, uri, state.digests[uri], on_event)
        running = _Running(asyncio.ensure_future(search), state.digests[uri])
        self._repairs[uri] = running
        try:
            result = await running.task
        except asyncio.CancelledError:
            if not running.edited:
                raise
            return {"status": "stale", "message": EDITED, "uri": uri}
        finally:
            del self._repairs[uri]
        return self._concluded(state, function, result)

    async def _search(self, job: Job, uri: str, digest: str, on_event: OnEvent) -> dict[str, Any]:
        """Saving the text under repair changes the file, which ends the run, but not the text: so once more."""
        before = ws.digest(ws.disk_text(ws.path_of(uri)))
        try:
            return await jobs.do(job, on_event)
        except JobFailed:
            if before == digest or ws.digest(ws.disk_text(ws.path_of(uri))) != digest:
                raise
        return await jobs.do(job, on_event)

    def _job(self, state: State, function: str | None, settings: ClientSettings) -> Job:
        """Judged by the tests as they were checked, without those that fail for another function."""
        uri = state.source_uri
        functions = (function,) if function else ()
        return Job(
            "repair",
            ws.path_of(uri),
            {**ws.buffers(self._workspace), ws.path_of(uri): state.text},
            _tests_for(function, state),
            functions,
            {**settings.flags, "python": state.result["python"]},
            self._root(uri),
        )

    def _concluded(
        self, state: State, function: str | None, result: dict[str, Any]
    ) -> Mapping[str, Any]:
        """The answer; a verified repair is kept, unless the text is another by now."""
        uri = state.source_uri
        answer = {key: value for key, value in result.items() if key not in ("event", "program")}
        answer["uri"] = uri
        program = result["program"]
        if program is None:
            return answer
        if self._digest(uri) != state.digests[uri]:
            return {**answer, "status": "stale", "message": EDITED}
        repair = self._board.keep(
            Repair(
                "",
                uri,
                function or "",
                state.text,
                program,
                state.digests[uri],
                ws.digest(program),
                result,
            )
        )
        raw = ws.raw_text(self._workspace, uri) or state.text
        document = ws.opened(self._workspace, uri)
        patch = unified(
            state.text.encode("utf-8", "surrogatepass"),
            program.encode("utf-8", "surrogatepass"),
            shown_path(Path(ws.path_of(uri))),
        )
        return {
            **answer,
            "repair": repair.id,
            "version": document.version if document else None,
            "newText": with_newlines(raw, program),
            "diff": patch.decode("utf-8", "replace"),
        }

    def _state(
        self, result: dict[str, Any], texts: Mapping[str, str], versions: Mapping[str, int | None]
    ) -> State:
        paths = [result["path"], *result["tests"]]
        uris = {ws.uri_of(path): path for path in paths}
        text = texts.get(result["path"])
        if text is None:
            text = ws.normal(ws.raw_text(self._workspace, ws.uri_of(result["path"])) or "")
        digests = {uri: ws.digest(ws.disk_text(path)) for uri, path in uris.items()}
        digests[ws.uri_of(result["path"])] = ws.digest(text)
        mine = {uri: versions.get(uri) for uri in uris}
        return State(ws.uri_of(result["path"]), digests, mine, text, result, places(result, text))

    def _catch_up(self, state: State) -> None:
        """Documents that were edited while the check ran are told to the board as edits."""
        for uri, digest in state.digests.items():
            now = ws.raw_text(self._workspace, uri)
            if now is not None and ws.digest(now) != digest:
                hunks = (
                    [hunk_between(state.text, ws.normal(now))] if uri == state.source_uri else []
                )
                self._board.edited(uri, ws.digest(now), hunks)

    def _is_current(self, state: State) -> bool:
        """Whether the files that were checked are what they were, on disk too."""
        return all(self._digest(uri) == digest for uri, digest in state.digests.items())

    def _digest(self, uri: str) -> str:
        return ws.digest(ws.raw_text(self._workspace, uri))

    def _versions(self) -> dict[str, int | None]:
        return {each.uri: each.version for each in self._workspace.text_documents.values()}

    def _refuse(self, uri: str) -> None:
        reason = ws.refusal(self._workspace, uri)
        if reason:
            raise Refused(reason)

    def _root(self, uri: str) -> str:
        """The innermost workspace folder around a document; for no document, the first."""
        path = ws.path_of(uri)
        roots = [ws.path_of(folder) for folder in self._workspace.folders]
        around = [each for each in roots if not path or Path(path).is_relative_to(each)]
        return max(around, key=len) if around and path else (around or [""])[0]


def _tests_for(function: str | None, state: State) -> tuple[str, ...]:
    """The tests of the check; if some fail for other functions, every other one by its node id."""
    tests: Sequence[str] = state.result["tests"]
    checks = state.result["checks"]
    if function is None:
        return tuple(tests)
    others = {
        check["node"]
        for check in checks
        if check["outcome"] != "pass" and check["function"] not in ("", function)
    }
    mine = {check["node"] for check in checks if check["function"] == function}
    left_out = others - mine
    if not left_out or any(check["test"] is None for check in checks):
        return tuple(tests)
    wanted = [
        f"{check['test']['path']}::{check['node'].partition('::')[2]}"
        for check in checks
        if check["node"] not in left_out
    ]
    return tuple(dict.fromkeys(wanted))


def _name(uri: str) -> str:
    return Path(ws.path_of(uri)).name
