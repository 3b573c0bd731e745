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
        pairs: dict[bool, list[npt.NDArray[np.int64]]] = {True: [], False: []}
        for number, shard in enumerate(self.shards.values()):
            for executed in (True, False):
                rows = np.flatnonzero(shard.executed == executed)
                pairs[executed].append(np.stack([np.full(len(rows), number), rows], axis=1))
        self.index = {executed: np.concatenate(found) for executed, found in pairs.items()}

    def batches(self, executed_share: float, budget: int) -> Iterator[Batch]:
        """Batches of at most `budget` padded tokens from one group of random samples."""
        picks = [self._pick(self.random.random() < executed_share) for _ in range(_GROUP)]
        samples = sorted((self._sample(*pick) for pick in picks), key=lambda item: len(item[0]))
        groups: list[list[tuple[npt.NDArray[np.uint16], int]]] = [[]]
        for sample in samples:
            if groups[-1] and (len(groups[-1]) + 1) * len(sample[0]) > budget:
                groups.append([])
            groups[-1].append(sample)
        for number in self.random.permutation(len(groups)):
            yield collate(groups[number])

    def _pick(self, executed: bool) -> tuple[int, int]:
        index = self.index[executed]
        if not len(index):
            index = self.index[not executed]
        number, row = index[self.random.integers(len(index))]
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
