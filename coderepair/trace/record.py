"""What was seen of one failing check: visits of blocks, in order, with the values around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from coderepair.trace.graph import END, Graph, Point

NAME_CHARS, VALUE_CHARS = 60, 200
"""What is kept of a name and of a value, whatever the traced process says."""
Values = tuple[tuple[str, str], ...]
"""Names and the text of what they stand for."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One time that a block was run."""

    number: int
    """Its place among all visits of the check's call, from 1."""
    function: str
    frame: int
    """Tells the calls of a function apart; visits of one call have the same number."""
    block: int
    """Of the function's graph."""
    lines: tuple[int, ...]
    before: Values = ()
    """What is known of the names of the call when the block begins."""
    after: Values = ()
    """Names whose values the block changes, with their new values."""
    returned: str = ""
    """The value that the function returns from this block, as text."""
    raised: str = ""
    """Type of the exception that ends the check, where it comes from this block."""
    line: int = 0
    """Line at which it was raised."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The call that a failing check makes."""

    check: str
    level: str
    """`block`, `line` or `function`."""
    visits: tuple[Visit, ...]
    """The first and the last ones; where some are left out their numbers have a gap."""
    total: int
    """Visits in all; of a call that does not end, those until the last one that was looked at."""
    endless: bool = False
    """Whether the call was stopped because it took too long."""
    earlier: tuple[str, ...] = ()
    """Calls from outside of the file that the check made before that one: `push(x=1)`."""


@dataclass(slots=True)
class _Open:
    """A visit that may not have ended, and what is known in its frame."""

    index: int = -1
    """Of the visit in the list; -1 if there is none."""
    values: dict[str, str] = field(default_factory=dict)


class Story:
    """Puts the events of a traced process together. What it says is not trusted."""

    def __init__(
        self, graphs: Sequence[Graph], marks: Sequence[tuple[int, Point]], start: int
    ) -> None:
        """`marks` says for each mark its graph and its point; `start` is the count at which the call
        began."""
        self._graphs = graphs
        self._marks = marks
        self._start = start
        self._frames: dict[int, _Open] = {}
        self._visits: list[Visit] = []
        self._last = start

    def read(self, events: Iterable[object]) -> list[Visit]:
        """The visits in order; events of another shape are passed over."""
        for event in events:
            match event:
                case ["v", int(count), int(mark), int(frame), dict(changed)]:
                    if 0 <= mark < len(self._marks):
                        self._visit(count, mark, frame, _texts(changed))
                case ["r", str(value), int(frame), dict(changed)]:
                    self._close(frame, _texts(changed), returned=value[:VALUE_CHARS])
                case ["x", int(line), str(name), int(frame), dict(changed)]:
                    self._close(frame, _texts(changed), raised=name[:NAME_CHARS], line=max(0, line))
        return self._visits

    def _visit(self, count: int, mark: int, frame: int, changed: dict[str, str]) -> None:
        # Behind a gap, what changed was not changed by the block that was seen before it.
        known = self._last + 1 == count or frame not in self._frames
        self._last = count
        graph, point = self._marks[mark]
        if known:
            self._close(frame, self._own(frame, changed, point))
        opened = self._frames.setdefault(frame, _Open())
        opened.values |= changed
        if point.where == END:
            opened.index = -1
            return
        found = self._graphs[graph]
        opened.index = len(self._visits)
        self._visits.append(
            Visit(
                count - self._start,
                found.function,
                frame,
                point.block,
                found.blocks[point.block].lines,
                tuple(opened.values.items()),
            )
        )

    def _own(self, frame: int, changed: dict[str, str], following: Point) -> dict[str, str]:
        """Without what the head of a `for` assigns, which is no work of the round before."""
        opened = self._frames.get(frame)
        if opened is None or opened.index < 0 or self._is_head(self._visits[opened.index]):
            return changed
        return {name: text for name, text in changed.items() if name not in following.rounds}

    def _is_head(self, visit: Visit) -> bool:
        return any(
            each.blocks[visit.block].silent
            for each in self._graphs
            if each.function == visit.function and visit.block < len(each.blocks)
        )

    def _close(self, frame: int, changed: dict[str, str], **end: Any) -> None:
        opened = self._frames.setdefault(frame, _Open())
        opened.values |= changed
        if opened.index >= 0:
            visit = self._visits[opened.index]
            self._visits[opened.index] = replace(visit, after=tuple(changed.items()), **end)
        opened.index = -1


def _texts(changed: Mapping[Any, Any]) -> dict[str, str]:
    return {
        str(name)[:NAME_CHARS]: text[:VALUE_CHARS]
        for name, text in changed.items()
        if isinstance(text, str)
    }


def first_and_last(visits: Sequence[Visit], first: int, last: int) -> tuple[Visit, ...]:
    """At most `first` visits of the beginning and `last` of the end (row B12)."""
    if len(visits) <= first + last:
        return tuple(visits)
    return (*visits[:first], *visits[len(visits) - last :])
