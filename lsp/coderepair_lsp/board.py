"""What is known of which document: failing places, verified repairs, and what was pushed of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from coderepair_lsp.places import Hunk, Place, hunk_between

MAX_STATES = 4
"""Texts of one file that are remembered with what was found in them."""
MAX_REPAIRS = 20


@dataclass(frozen=True, slots=True)
class State:
    """A checked text and what was found in it."""

    source_uri: str
    digests: Mapping[str, str]
    """Hash of the text of the file and of its tests, by URI."""
    versions: Mapping[str, int | None]
    """Version that each of them had in the editor."""
    text: str
    """Text of the file, with `\\n`."""
    result: Mapping[str, Any]
    """As `work.check.document` writes it."""
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    """A verified repair of one text."""

    id: str
    uri: str
    function: str
    before: str
    """Text that was repaired, with `\\n`."""
    after: str
    before_digest: str
    after_digest: str
    result: Mapping[str, Any]
    """As `work.repair.document` writes it."""


@dataclass
class _File:
    """A file under repair."""

    states: list[State]
    """Newest first; one of them is shown."""
    shown: State
    places: tuple[Place, ...]
    """Those of `shown`, moved with the edits since."""
    differing: set[str] = field(default_factory=set)
    """URIs whose text is not the checked one any more."""


class Board:
    """The state of all files that were checked. Publishes through `publish(uri)`."""

    def __init__(self, publish: Callable[[str], None]) -> None:
        self._publish = publish
        self._files: dict[str, _File] = {}
        self._repairs: dict[str, Repair] = {}
        self._numbers = itertools.count(1)

    # -- questions ----------------------------------------------------------------------------------

    def places(self, uri: str) -> list[tuple[Place, bool]]:
        """The places in a document; whether each is from before an edit."""
        return [
            (place, bool(file.differing))
            for file in self._files.values()
            for place in file.places
            if place.uri == uri
        ]

    def state(self, source_uri: str) -> State | None:
        """What the text as it is was found to be; None if it was not checked, or edited since."""
        file = self._files.get(source_uri)
        return None if file is None or file.differing else file.shown

    def shown(self, source_uri: str) -> State | None:
        """The last that was found, stale or not."""
        file = self._files.get(source_uri)
        return None if file is None else file.shown

    def source_of(self, uri: str) -> str | None:
        """The file under repair that a test file was last seen to judge."""
        if uri in self._files:
            return uri
        return next((key for key, file in self._files.items() if uri in file.shown.digests), None)

    def repair(self, repair_id: str) -> Repair | None:
        return self._repairs.get(repair_id)

    def repairs(self, uri: str) -> list[Repair]:
        """Verified repairs of a file, newest first."""
        return [each for each in reversed(self._repairs.values()) if each.uri == uri]

    # -- changes ------------------------------------------------------------------------------------

    def found(self, state: State) -> None:
        """A check has come to its end."""
        old = self._files.get(state.source_uri)
        earlier = [each for each in old.states if each.digests != state.digests] if old else []
        touched = set(state.digests) | (set(old.shown.digests) if old else set())
        states = [state, *earlier][:MAX_STATES]
        self._files[state.source_uri] = _File(states, state, state.places)
        self._publish_all(touched)

    def keep(self, repair: Repair) -> Repair:
        """Remembers a verified repair, and what is known of the text once it is applied."""
        kept = replace(repair, id=str(next(self._numbers)))
        self._repairs[kept.id] = kept
        while len(self._repairs) > MAX_REPAIRS:
            del self._repairs[next(iter(self._repairs))]
        file = self._files.get(repair.uri)
        if file is not None:
            file.states.append(_repaired(file.shown, kept))
        return kept

    def forget(self, uri: str) -> None:
        """The file is gone."""
        file = self._files.pop(uri, None)
        if file is not None:
            self._publish_all(file.shown.digests)

    def edited(self, uri: str, digest: str, hunks: Iterable[Hunk]) -> None:
        """A document has a new text: its places move, and are stale unless the text is a known one."""
        moves = list(hunks)
        for file in self._files.values():
            if uri not in file.shown.digests:
                continue
            known = next((each for each in file.states if each.digests.get(uri) == digest), None)
            was = set(file.differing)
            if known is not None:
                file.differing.discard(uri)
                self._show(file, known)
                continue
            file.differing.add(uri)
            file.places = tuple(
                _moved(each, moves) if each.uri == uri else each for each in file.places
            )
            if file.differing != was:
                self._publish_all(file.shown.digests)

    def _show(self, file: _File, state: State) -> None:
        file.shown, file.places = state, state.places
        self._publish_all(state.digests)

    def _publish_all(self, uris: Iterable[str]) -> None:
        for uri in uris:
            self._publish(uri)


def _moved(place: Place, hunks: Iterable[Hunk]) -> Place:
    for hunk in hunks:
        place = place.moved(hunk)
    return place


def _repaired(state: State, repair: Repair) -> State:
    """What is known of a text once a repair is in it: its functions pass, the others stand elsewhere."""
    mended = set(repair.result["targets"])
    hunk = hunk_between(repair.before, repair.after)
    places = tuple(
        each.moved(hunk) if each.uri == repair.uri else each
        for each in state.places
        if each.function not in mended
    )
    return replace(
        state,
        digests={**state.digests, repair.uri: repair.after_digest},
        versions={},
        text=repair.after,
        places=places,
    )
