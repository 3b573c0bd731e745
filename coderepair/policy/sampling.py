"""Drawing tokens from rows of logits, reproducibly. Needs numpy, which comes with llama-cpp-python."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from coderepair.errors import PolicyError

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
TOP_K = 100
"""Candidates that are looked at for one token; cuts the cost of sorting a large vocabulary."""


def log_normaliser(logits: Array) -> Array:
    """log sum exp of each row, shape (rows, vocabulary) -> (rows,). Raises if a model gave NaN."""
    largest = logits.max(axis=1, keepdims=True)
    total: Array = np.log(np.exp(logits - largest).sum(axis=1)) + largest[:, 0]
    if not np.isfinite(total).all():
        raise PolicyError("the model gave numbers that are none (NaN); its weights are damaged")
    return total


def draw(
    logits: Array, uniforms: Array, temperature: float, top_p: float
) -> tuple[list[int], list[float]]:
    """One token a row, and its log-probability at temperature 1 over the whole vocabulary.

    Nucleus sampling (Holtzman et al. 2020) of the `TOP_K` likeliest; temperature 0 is greedy.
    `uniforms`, in [0, 1), decide: one a row.
    """
    total = log_normaliser(logits)
    rows = np.arange(len(logits))
    if temperature <= 0:
        chosen: Array = logits.argmax(axis=1)
    else:
        chosen = _nucleus(logits, uniforms, temperature, top_p)
    return chosen.tolist(), (logits[rows, chosen] - total).tolist()


def _nucleus(logits: Array, uniforms: Array, temperature: float, top_p: float) -> Array:
    k = min(TOP_K, logits.shape[1])
    best = np.sort(np.argpartition(logits, -k, axis=1)[:, -k:], axis=1)
    values = np.take_along_axis(logits, best, axis=1).astype(np.float64) / temperature
    order = np.argsort(-values, axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    weights = np.exp(values - values[:, :1])
    weights /= weights.sum(axis=1, keepdims=True)
    before = np.cumsum(weights, axis=1) - weights
    weights[before >= top_p] = 0.0
    cumulative = np.cumsum(weights, axis=1)
    position = (cumulative <= (uniforms * cumulative[:, -1])[:, None]).sum(axis=1)
    chosen: Array = best[np.arange(len(best)), np.minimum(position, k - 1)]
    return chosen


def generators(seed: int, count: int) -> list[np.random.Generator]:
    """One generator a sample; sample `i` draws the same whatever `count` is."""
    return [np.random.default_rng([seed & (2**63 - 1), index]) for index in range(count)]
