"""Samples as token ids on disk: one flat array with the place where each sample and reply begins."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coderepair_training.samples import PLAIN
from coderepair_training.tokenizer import load

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 2000


@dataclass(frozen=True)
class Shard:
    """Token ids of many samples."""

    tokens: npt.NDArray[np.uint16]
    starts: npt.NDArray[np.int64]
    """Where sample i begins; one more entry than samples."""
    replies: npt.NDArray[np.int64]
    """Where the reply of sample i begins."""
    executed: npt.NDArray[np.bool_]
    """Whether the failure slot holds what a run found."""

    def __len__(self) -> int:
        return len(self.replies)

    @property
    def digest(self) -> str:
        """Hash of all token ids."""
        return hashlib.sha256(self.tokens.tobytes()).hexdigest()[:16]

    def save(self, path: Path) -> None:
        np.savez(
            path,
            tokens=self.tokens,
            starts=self.starts,
            replies=self.replies,
            executed=self.executed,
        )

    @classmethod
    def load(cls, path: Path) -> Shard:
        with np.load(path) as arrays:
            return cls(*(arrays[name] for name in ("tokens", "starts", "replies", "executed")))


def build(paths: Sequence[Path], tokenizer: Tokenizer, longest: int) -> Shard:
    """The samples of the files, without those of more than `longest` tokens."""
    tokens: list[npt.NDArray[np.uint16]] = []
    starts, replies, executed = [0], [], []
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for prompt, reply, kind in _encoded(lines, tokenizer):
                if len(prompt) + len(reply) <= longest:
                    tokens.append(np.array(prompt + reply, dtype=np.uint16))
                    replies.append(starts[-1] + len(prompt))
                    starts.append(starts[-1] + len(tokens[-1]))
                    executed.append(kind != PLAIN)
    return Shard(np.concatenate(tokens), np.array(starts), np.array(replies), np.array(executed))


def _encoded(
    lines: Iterator[str], tokenizer: Tokenizer
) -> Iterator[tuple[list[int], list[int], str]]:
    while samples := [json.loads(line) for line in islice(lines, _BATCH)]:
        prompts = tokenizer.encode_batch([sample["prompt"] for sample in samples])
        answers = tokenizer.encode_batch([sample["reply"] for sample in samples])
        for sample, prompt, reply in zip(samples, prompts, answers, strict=True):
            yield prompt.ids, reply.ids, sample["kind"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints counts and the mean length."""
    parser = argparse.ArgumentParser(prog="coderepair_training.shards", description=__doc__)
    parser.add_argument("samples", type=Path, nargs="+", help="JSON Lines of samples")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--longest", type=int, default=896, help="tokens (default 896)")
    parser.add_argument("--out", type=Path, required=True, help=".npz")
    options = parser.parse_args(arguments)
    shard = build(options.samples, load(options.tokenizer), options.longest)
    shard.save(options.out)
    mean = len(shard.tokens) / len(shard)
    share = float(shard.executed.mean())
    sys.stdout.write(f"{len(shard)} samples, {mean:.0f} tokens each, {share:.0%} executed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
