"""Blocks that share a line become one, so that every line has one block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coderepair.trace.graph import BEFORE, EXIT, Block, Point


def fused(
    blocks: Sequence[Block], points: Sequence[Point]
) -> tuple[tuple[Block, ...], tuple[Point, ...]]:
    """The blocks without shared lines, numbered anew, and the points that their visits still need."""
    leaders = _leaders(blocks)
    kept = sorted(set(leaders))
    numbers = {old: kept.index(leader) for old, leader in enumerate(leaders)} | {EXIT: EXIT}
    groups = [[old for old, leader in enumerate(leaders) if leader == each] for each in kept]
    merged = tuple(_merged([blocks[old] for old in group], group, numbers) for group in groups)
    return merged, _needed(points, numbers)


def _leaders(blocks: Sequence[Block]) -> list[int]:
    """For each block the first of those that it shares lines with, directly or through others."""
    leaders = list(range(len(blocks)))
    first: dict[int, int] = {}
    for number, block in enumerate(blocks):
        for line in block.lines:
            one, other = leaders[first.setdefault(line, number)], leaders[number]
            low, high = min(one, other), max(one, other)
            leaders = [low if each == high else each for each in leaders]
    return leaders


def _merged(group: Sequence[Block], old: Sequence[int], numbers: dict[int, int]) -> Block:
    """One block; of the ways between its parts only those back to an earlier part are left."""
    lines = sorted({line for block in group for line in block.lines})
    after = {
        numbers[following]
        for number, block in zip(old, group, strict=True)
        for following in block.after
        if following not in old or following <= number
    }
    return Block(tuple(lines), frozenset(after), len(group) == 1 and group[0].silent)


def _needed(points: Sequence[Point], numbers: dict[int, int]) -> tuple[Point, ...]:
    """A block begins once; but a loop on one line begins with each of its rounds."""
    begun: set[int] = set()
    found = []
    for point in points:
        number = numbers[point.block]
        if point.where == BEFORE and number in begun and not point.rounds:
            continue
        begun.add(number)
        found.append(replace(point, block=number))
    return tuple(found)
