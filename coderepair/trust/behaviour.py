"""What programs do on the same calls: groups of equal behaviour, and calls that tell two apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coderepair.runner.calling import RAISED, TIMED_OUT

Outcomes = tuple[str, ...]
"""What each call came to (`runner.calling.outcomes`); empty where it is not known."""


def groups(outcomes: Sequence[Outcomes]) -> list[list[int]]:
    """Indices of programs that come to the same wherever it is known of both, in order of their first."""
    found: list[list[int]] = []
    for index, mine in enumerate(outcomes):
        for group in found:
            if not differing(outcomes[group[0]], mine):
                group.append(index)
                break
        else:
            found.append([index])
    return found


def differing(one: Outcomes, other: Outcomes) -> list[int]:
    """Indices of the calls that tell two programs apart."""
    pairs = enumerate(zip(one, other, strict=True))
    return [
        index
        for index, (mine, theirs) in pairs
        if mine and theirs and mine != theirs and _key(mine) != _key(theirs)
    ]


def _key(outcome: str) -> str:
    """Tests hold True to be 1 and False to be 0."""
    return re.sub(r"\bFalse\b", "0", re.sub(r"\bTrue\b", "1", outcome))


def crashes(mine: Outcomes, original: Outcomes) -> float:
    """Share of the calls that raise, though they came to a value in the original program."""
    known = [(a, b) for a, b in zip(mine, original, strict=True) if a and b]
    new = sum(a.startswith(RAISED) and not b.startswith(RAISED) for a, b in known)
    return new / max(1, len(known))


def kept(mine: Outcomes, original: Outcomes) -> float:
    """Share of the calls that come to what they came to in the original program."""
    known = [(a, b) for a, b in zip(mine, original, strict=True) if a and b]
    return sum(a == b for a, b in known) / max(1, len(known))


def distinct(mine: Outcomes) -> float:
    """Number of different outcomes, as a share of those that are known."""
    known = [each for each in mine if each]
    return len(set(known)) / max(1, len(known))


def in_words(outcome: str) -> str:
    """An outcome for people: `0`, `IndexError`."""
    if outcome == TIMED_OUT:
        return "no result in time"
    return outcome.removeprefix(RAISED)
