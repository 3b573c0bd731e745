"""Lines that stand at another indentation than they should."""

from __future__ import annotations

from collections.abc import Iterator

from coderepair.edit.syntax.place import FOLLOWING, HEADER, Change, Place, indent, step

_LEVELS = 3


def no_block(place: Place) -> Iterator[Change]:
    """Nothing is indented behind a header: the lines up to the next blank one belong there, or less."""
    head = place.filled(place.row, -1)
    if head is None:
        return
    wide = place.lines[head][: indent(place.lines[head])] + step(place.source)
    yield from indented(place, place.row, wide, 0.0)
    at = place.code_end(head)
    yield Change(0.5, at, at, f"\n{wide}pass")


def indented(place: Place, row: int, prefix: str, cost: float) -> Iterator[Change]:
    """The line, and as many behind it as are not indented less, moved to another indentation."""
    old = indent(place.lines[row])
    moved: list[str] = []
    ends: list[int] = []
    for line in place.lines[row:]:
        if line.strip() and indent(line) < old:
            break
        moved.append(prefix + line[old:] if line.strip() else line)
        ends.append(len(moved))
    blank = next((i for i, line in enumerate(moved) if not line.strip()), len(moved))
    sizes = dict.fromkeys([blank, 1, len(moved), *ends[:FOLLOWING]])
    for index, size in enumerate(each for each in sizes if each):
        end = place.starts[row + size - 1] + len(place.lines[row + size - 1])
        yield Change(cost + 0.1 * index, place.starts[row], end, "\n".join(moved[:size]))


def shifted(place: Place, cost: float) -> Iterator[Change]:
    """The line at the indentations of the lines about it, the nearest first."""
    own = indent(place.line)
    seen: set[int] = set()
    row: int | None = place.row
    for _ in range(FOLLOWING):
        row = place.filled(row, -1) if row is not None else None
        if row is None:
            break
        width = indent(place.lines[row])
        if HEADER.match(place.lines[row]):
            yield from _once(seen, own, place, place.lines[row][:width] + step(place.source), cost)
        yield from _once(seen, own, place, place.lines[row][:width], cost)
        if len(seen) > _LEVELS:
            return


def _once(seen: set[int], own: int, place: Place, prefix: str, cost: float) -> Iterator[Change]:
    if len(prefix) != own and len(prefix) not in seen:
        yield from indented(place, place.row, prefix, cost + 0.3 * len(seen))
        seen.add(len(prefix))


def misplaced(place: Place) -> Iterator[Change]:
    """The line, or the one before it, which then stands too far to the left or to the right."""
    yield from shifted(place, 0.0)
    before = place.filled(place.row, -1)
    if before is None:
        yield from indented(place, place.row, "", 0.0)
        return
    yield from indented(place, before, place.line[: indent(place.line)], 0.3)


def tabs(place: Place) -> Iterator[Change]:
    for cost, width in ((0.0, 4), (0.1, 8), (0.2, 2)):
        yield Change(cost, 0, len(place.source), place.source.expandtabs(width))
