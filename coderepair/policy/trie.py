"""Continuations of one prompt as prefix trees, so that a shared beginning is evaluated once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class TrieNode:
    """One token behind the prompt."""

    token: int
    depth: int
    """0 for the first token of a continuation."""
    parent: int
    """Index in the wave, -1 for the prompt itself."""
    leaves: list[int] = field(default_factory=list)
    """Indices (in the wave) of the continuations that run through this token."""
    inner: bool = False
    """Whether some continuation goes on behind it."""


@dataclass(slots=True)
class Wave:
    """A prefix tree small enough to be evaluated together."""

    nodes: list[TrieNode]
    """Parents before children, shallow before deep."""
    members: list[int]
    """Indices of its continuations in the caller's order."""
    ends: list[int]
    """Node at which each member ends, in the order of `members`."""


def waves(continuations: Sequence[tuple[int, ...]], nodes: int, leaves: int) -> Iterator[Wave]:
    """Splits non-empty continuations into prefix trees of about `nodes` tokens, `leaves` members.

    Neighbours in sorted order share the most, so a wave is a run of that order. A continuation of
    more than `nodes` tokens gets a wave of its own.
    """
    order = sorted(range(len(continuations)), key=lambda index: continuations[index])
    run: list[int] = []
    size = 0
    before: tuple[int, ...] = ()
    for index in order:
        continuation = continuations[index]
        fresh = len(continuation) - _shared(before, continuation)
        if run and (size + fresh > nodes or len(run) == leaves):
            yield _build(continuations, run)
            run, size, fresh = [], 0, len(continuation)
        run.append(index)
        size += fresh
        before = continuation
    if run:
        yield _build(continuations, run)


def batches(nodes: Sequence[TrieNode], size: int) -> Iterator[range]:
    """Ranges of a wave's nodes, at most `size` long; the order of evaluation."""
    for start in range(0, len(nodes), size):
        yield range(start, min(start + size, len(nodes)))


def _shared(left: Iterable[int], right: Iterable[int]) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def _build(continuations: Sequence[tuple[int, ...]], members: list[int]) -> Wave:
    nodes: list[TrieNode] = []
    # Breadth first: level by level, each member at the node its prefix has led to.
    at = [-1] * len(members)
    active = list(range(len(members)))
    depth = 0
    while active:
        level: dict[tuple[int, int], int] = {}
        for leaf in active:
            token = continuations[members[leaf]][depth]
            key = (at[leaf], token)
            if key not in level:
                level[key] = len(nodes)
                nodes.append(TrieNode(token, depth, at[leaf]))
            at[leaf] = level[key]
            nodes[at[leaf]].leaves.append(leaf)
        depth += 1
        active = [leaf for leaf in active if len(continuations[members[leaf]]) > depth]
        for leaf in active:
            nodes[at[leaf]].inner = True
    return Wave(nodes, members, at)
