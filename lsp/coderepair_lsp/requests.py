"""Requests of our own: parameters and answers are plain objects, every answer has `status` and `message`.

check     {uri} -> passing | failing, with passed, total and the failing functions
repair    {uri, function? or line?, workDoneToken?, partialResultToken?} -> a status of the command line's
          reports, `stale` or `refused`; with `repair_available` also repair, version, newText, diff
explain   {uri, function? or line?} -> explained, with markdown
edit      {repair, undo?} -> edit, with the edit for the text as it is, or stale
tree      {uri?, run?} -> tree, with nodes and lines
setup     {uri?} -> setup, with findings

All can be cancelled: what they started is ended before they answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from coderepair_lsp import features, words
from coderepair_lsp.announce import Announcer
from coderepair_lsp.board import State
from coderepair_lsp.job import JobFailed
from coderepair_lsp.places import FUNCTION, Place
from coderepair_lsp.runs import Refused, Target
from coderepair_lsp.session import Session

Params = Mapping[str, Any]
Answer = Mapping[str, Any]
Request = Callable[[Session, Params], Awaitable[Answer]]


async def check(session: Session, params: Params) -> Answer:
    """Runs the tests and pushes what they tell."""

    async def work(announcer: Announcer) -> Answer:
        uri = params["uri"]
        settings = await session.settings_for(uri)
        return told(await session.runs.check(uri, settings, announcer.on_event))

    return await _announced(session, params, "Checking", work)


async def repair(session: Session, params: Params) -> Answer:
    """Searches a repair; the answer holds it, nothing is applied."""

    async def work(announcer: Announcer) -> Answer:
        uri = params["uri"]
        settings = await session.settings_for(uri)
        return await session.runs.repair(uri, _target(params), settings, announcer.on_event)

    function = params.get("function")
    answer = await _announced(session, params, f"Repairing {function or 'file'}", work)
    if "repair" in answer:
        session.refresh_lenses()
    return answer


async def explain(session: Session, params: Params) -> Answer:
    """Why a function fails; its tests are run if that is not known of the text as it is."""

    async def work(announcer: Announcer) -> Answer:
        uri = params["uri"]
        state = session.board.state(session.board.source_of(uri) or uri)
        if state is None:
            settings = await session.settings_for(uri)
            state = await session.runs.check(uri, settings, announcer.on_event)
        place = _place(state, _target(params).function_in(state, uri))
        if place is None:
            return {"status": "passing", "message": "all of its checks pass"}
        passed, total = state.result["passed"], state.result["total"]
        text = words.explanation(place, passed, total)
        return {"status": "explained", "message": words.message(place), "markdown": text}

    return await _announced(session, params, "Explaining", work)


async def edit(session: Session, params: Params) -> Answer:
    """The edit of a verified repair for the text as it is, or the one that takes it out again."""
    found = session.board.repair(str(params.get("repair", "")))
    if found is None:
        return {"status": "refused", "message": "that repair is no longer known; repair it again"}
    take = features.undo_of if params.get("undo") else features.edit_of
    changes = take(session, found)
    if changes is None:
        return {"status": "stale", "message": features.STALE}
    plain = session.server.protocol._converter.unstructure(changes)
    return {"status": "edit", "message": "", "edit": plain, "uri": found.uri}


async def tree(session: Session, params: Params) -> Answer:
    """The refinement tree of a run, the newest if none is named."""
    return await _look(session, "tree", params)


async def setup(session: Session, params: Params) -> Answer:
    """What works here: interpreter, isolation, model; and what would mend the rest."""
    return await _look(session, "setup", params)


def told(state: State) -> Answer:
    """A check in plain data."""
    result = state.result
    functions = [place for place in state.places if place.role == FUNCTION]
    counts = f"{result['passed']} of {result['total']} checks pass"
    return {
        "status": "failing" if functions else "passing",
        "message": counts,
        "uri": state.source_uri,
        "version": state.versions.get(state.source_uri),
        "passed": result["passed"],
        "total": result["total"],
        "python": result["python"],
        "tests": result["tests"],
        "functions": [
            {
                "name": each.function,
                "line": each.line,
                "tests": each.tests,
                "reason": words.message(each),
            }
            for each in functions
        ],
    }


def _target(params: Params) -> Target:
    return Target(params.get("function") or None, params.get("line"))


def _place(state: State, function: str | None) -> Place | None:
    found = [each for each in state.places if each.role == FUNCTION]
    return next((each for each in found if function in (None, each.function)), None)


async def _look(session: Session, kind: str, params: Params) -> Answer:
    async def work(_: Announcer) -> Answer:
        uri = params.get("uri", "")
        settings = await session.settings_for(uri)
        found = await session.runs.look(kind, uri, settings, params.get("run", ""))
        return {"status": kind, "message": "", "repairing": session.runs.repairing, **found}

    return await _announced(session, params, kind, work)


async def _announced(
    session: Session, params: Params, title: str, work: Callable[[Announcer], Awaitable[Answer]]
) -> Answer:
    """Does the work with its progress told; what cannot be done is an answer too."""
    tokens = params.get("workDoneToken"), params.get("partialResultToken")
    announcer = Announcer(session.server, title, *tokens)
    session.watch(tokens[0])
    message = "cancelled"
    announcer.begin()
    try:
        session.require_trust()
        answer = await work(announcer)
        message = str(answer["message"])
        return answer
    except Refused as error:
        message = str(error)
        return {"status": "refused", "message": message}
    except JobFailed as error:
        message = str(error)
        return {"status": error.status, "message": message}
    finally:
        announcer.end(message)
