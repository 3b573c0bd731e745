"""The part of a function that a value depends on: a backward slice (Weiser 1981) with distances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coderepair.localise.definitions import Flow

DECAY = 0.8
"""What each step away from the failing value leaves of its weight."""


def backward(flow: Flow, criterion: Iterable[int], executed: frozenset[int]) -> dict[int, int]:
    """Line -> fewest dependences between it and the criterion (0 for the criterion itself).

    `executed` narrows the slice to statements that ran (a dynamic slice's outer bound, Agrawal and
    Horgan 1990); empty means that nothing is known of that.
    """
    distances: dict[int, int] = {}
    front = [line for line in criterion if not executed or line in executed]
    steps = 0
    while front:
        fresh = [line for line in dict.fromkeys(front) if line not in distances]
        distances.update(dict.fromkeys(fresh, steps))
        behind = [
            other
            for line in fresh
            for graph in (flow.data, flow.control)
            for other in graph.get(line, ())
        ]
        front = [line for line in behind if not executed or line in executed]
        steps += 1
    return distances


def weights(distances: Mapping[int, int]) -> dict[int, float]:
    """Line -> `DECAY` to the power of its distance, in (0, 1]."""
    return {line: DECAY**distance for line, distance in distances.items()}
