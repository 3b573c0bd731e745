"""Batches of similar length from a folder of shards, with a share of executed samples that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from coderepair_training.shards import Shard

_GROUP = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded samples; causal attention never looks at the padding."""

    tokens: Tensor
    """Ids, (B, T) int64."""
    reply: Tensor
    """Whether the *next* token belongs to a reply, (B, T) bool."""
    prompt: Tensor
    """Whether the next token belongs to a prompt, (B, T) bool."""


class Pool:
    """The samples of all shards in a folder, read again when files are added."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = np.random.default_rng(seed)
        self.shards: dict[str, Shard] = {}
        self.refresh()
        if not self.shards:
            raise FileNotFoundError(f"no *.npz in {folder}")

    def refresh(self) -> None:
        """Loads files that were not there before."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self.shards:
                self.shards[path.name] = Shard.load(path)
        found = [
            np.stack([np.full(len(shard), number), np.arange(len(shard)), shard.executed], axis=1)
            for number, shard in enumerate(self.shards.values())
        ]
        self.rows = np.concatenate(found)
        """Shard, sample and whether it was executed, of every sample."""
        self.lengths = np.concatenate([np.diff(shard.starts) for shard in self.shards.values()])

    def batches(self, executed_share: float, longest: int, budget: int) -> Iterator[Batch]:
        """Batches of at most `budget` padded tokens from one group of random samples.

        A sample has at most `longest` tokens and was executed with probability `executed_share`.
        """
        index = {
            flag: np.flatnonzero((self.rows[:, 2] == flag) & (self.lengths <= longest))
            for flag in (True, False)
        }
        picks = [self._pick(index, self.random.random() < executed_share) for _ in range(_GROUP)]
        samples = sorted((self._sample(*pick) for pick in picks), key=lambda item: len(item[0]))
        groups: list[list[tuple[npt.NDArray[np.uint16], int]]] = [[]]
        for sample in samples:
            if groups[-1] and (len(groups[-1]) + 1) * len(sample[0]) > budget:
                groups.append([])
            groups[-1].append(sample)
        for number in self.random.permutation(len(groups)):
            yield collate(groups[number])

    def _pick(self, index: dict[bool, npt.NDArray[np.intp]], executed: bool) -> tuple[int, int]:
        """Shard and number of a random sample of the wanted kind, or of the other if there is none."""
        among = index[executed] if len(index[executed]) else index[not executed]
        number, row, _ = self.rows[among[self.random.integers(len(among))]]
        return int(number), int(row)

    def _sample(self, number: int, row: int) -> tuple[npt.NDArray[np.uint16], int]:
        """Token ids and the length of the prompt."""
        shard = list(self.shards.values())[number]
        start, end = int(shard.starts[row]), int(shard.starts[row + 1])
        return shard.tokens[start:end], int(shard.replies[row]) - start


def collate(samples: Sequence[tuple[npt.NDArray[np.uint16], int]]) -> Batch:
    """Pads samples, given as token ids and length of the prompt, to the longest."""
    longest = max(len(tokens) for tokens, _ in samples)
    padded = torch.zeros(len(samples), longest, dtype=torch.int64)
    reply = torch.zeros(len(samples), longest, dtype=torch.bool)
    prompt = torch.zeros(len(samples), longest, dtype=torch.bool)
    for row, (tokens, length) in enumerate(samples):
        padded[row, : len(tokens)] = torch.from_numpy(tokens.astype(np.int64))
        prompt[row, : length - 1] = True
        reply[row, length - 1 : len(tokens) - 1] = True
    return Batch(padded, reply, prompt)
