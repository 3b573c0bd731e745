"""log P of many continuations of one prompt, through prefix trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coderepair.policy.sampling import log_normaliser
from coderepair.policy.trie import Wave, batches, waves

if TYPE_CHECKING:
    from coderepair.policy.llama_engine import Engine
    from coderepair.policy.sampling import Array


def score(
    engine: Engine, prompt: Sequence[int], continuations: Sequence[tuple[int, ...]], nodes: int
) -> list[float]:
    """Sums of token log-probabilities in nats, in order; an empty continuation has 0."""
    distinct = sorted({tail for tail in continuations if tail})
    if not distinct:
        return [0.0] * len(continuations)
    longest = max(map(len, distinct))
    held = engine.hold(prompt, max(nodes, longest))
    assert held is not None, "without a stop check nothing stops it"
    first, _ = held
    first_row = first - log_normaliser(first[None, :])
    found: dict[tuple[int, ...], float] = {(): 0.0}
    for wave in waves(distinct, nodes, engine.followers):
        totals = _evaluate(engine, len(prompt), wave, first_row)
        for member, end in zip(wave.members, wave.ends, strict=True):
            found[distinct[member]] = totals[end]
    return [found[tail] for tail in continuations]


def _evaluate(engine: Engine, prompt: int, wave: Wave, first_row: Array) -> list[float]:
    """log P of the path from the prompt to each node of the wave."""
    engine.follow(len(wave.members))
    children: dict[int, list[int]] = {}
    for index, node in enumerate(wave.nodes):
        children.setdefault(node.parent, []).append(index)
    totals = [0.0] * len(wave.nodes)
    for index in children[-1]:
        totals[index] = float(first_row[wave.nodes[index].token])
    for span in batches(wave.nodes, engine.rows):
        _evaluate_batch(engine, prompt, wave, span, children, totals)
    engine.clear_followers()
    return totals


def _evaluate_batch(
    engine: Engine,
    prompt: int,
    wave: Wave,
    span: range,
    children: dict[int, list[int]],
    totals: list[float],
) -> None:
    """Evaluates some nodes and adds up the log-probabilities of their children."""
    nodes = [wave.nodes[index] for index in span]
    rows = engine.decode(
        [node.token for node in nodes],
        [prompt + node.depth for node in nodes],
        [[leaf + 1 for leaf in node.leaves] for node in nodes],
        [node.inner for node in nodes],
    )
    parents = [index for index in span if wave.nodes[index].inner]
    if not parents:
        return
    edges = [(row, child) for row, parent in enumerate(parents) for child in children[parent]]
    tokens = [wave.nodes[child].token for _, child in edges]
    normaliser = log_normaliser(rows)
    places = np.array([row for row, _ in edges])
    steps = rows[places, tokens] - normaliser[places]
    # Parents come before children, so a parent's total is complete by now.
    for (row, child), step in zip(edges, steps.tolist(), strict=True):
        totals[child] = totals[parents[row]] + step
