"""One change made in several places: at every occurrence, in both branches, or two values exchanged."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator

from coderepair.propose.operators.edit import Edit, Replacement

_PAIRED = frozenset(
    {
        "compare",
        "binary",
        "number",
        "string",
        "flag",
        "name",
        "function",
        "attribute",
        "augmented",
        "target",
        "empty",
    }
    | {
        "returned",
        "range",
        "index",
        "slice",
        "argument.drop",
        "argument.add",
        "unary.not",
        "wrap",
        "unwrap.call",
    }
    | {
        "condition.negate",
        "unwrap.subscript",
        "unwrap.method",
        "argument.swap",
        "none",
        "name.number",
        "boolean",
    }
)
_SWAPPED = frozenset(
    {"compare", "binary", "number", "string", "flag", "name", "augmented", "function", "attribute"}
)
_MOST_SITES = 24


def everywhere(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits that combine single ones: the same change at all its sites, and `a` with `b` exchanged."""
    groups: dict[tuple[str, str, str], list[Edit]] = defaultdict(list)
    for edit in edits:
        if edit.kind in _PAIRED and len(edit.replacements) == 1:
            groups[edit.kind, edit.old, edit.new].append(edit)
    yield from _strictness(groups)
    for (kind, old, new), members in groups.items():
        sites = _apart(members)
        if 1 < len(sites) <= _MOST_SITES:
            yield _joined(f"{kind}.all", sites, old, new)
            if len(sites) > 2:
                for first, second in itertools.pairwise(sites):
                    yield _joined(f"{kind}.two", [first, second], old, new)
        back = groups.get((kind, new, old)) if kind in _SWAPPED and old < new else None
        if back:
            both = _apart([*members, *back])
            if 1 < len(both) <= _MOST_SITES:
                yield _joined(f"{kind}.exchange", both, old, new)
                if len(both) > 2:
                    for one, other in _neighbours(members, back):
                        yield _joined(f"{kind}.exchange", [one, other], old, new)


def _strictness(groups: dict[tuple[str, str, str], list[Edit]]) -> Iterator[Edit]:
    """All strict comparisons become weak, or the other way round."""
    for pairs in ((("<", "<="), (">", ">=")), (("<=", "<"), (">=", ">"))):
        members = [groups.get(("compare", old, new), []) for old, new in pairs]
        if all(members):
            both = _apart([edit for edits in members for edit in edits])
            yield _joined("compare.strict", both, "<" if pairs[0][0] == "<" else "<=", pairs[0][1])


def _neighbours(first: list[Edit], second: list[Edit]) -> Iterator[tuple[Edit, Edit]]:
    """Each edit with the nearest of the opposite kind."""
    for edit in first:
        yield (
            edit,
            min(second, key=lambda other: abs(other.replacements[0][0] - edit.replacements[0][0])),
        )


def _apart(edits: list[Edit]) -> list[Edit]:
    """In source order, without those that overlap an earlier one."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.replacements[0][:2]):
        if not kept or edit.replacements[0][0] >= kept[-1].replacements[0][1]:
            kept.append(edit)
    return kept


def _joined(kind: str, edits: list[Edit], old: str, new: str) -> Edit:
    places: list[Replacement] = sorted(place for edit in edits for place in edit.replacements)
    return Edit(kind, edits[0].anchor, tuple(places), old, new, len(edits))
