"""Tunes the embedded model to prefer the edits that mend a bug over those that do not.

The model ranks the edits of the operators by their likelihood, so that is what is trained: the loss is
-log of the share of exp(TAU * log-likelihood) that the mending edits have among a sample of the pool.
The others are drawn in proportion to exp(score of the linear ranker), which makes the loss that of the
whole pool with the linear score as an offset (sampled softmax: Bengio & Senecal 2008, "Adaptive
importance sampling"): the model learns what the linear ranker does not know. The likelihood of the
mending edits per token is kept up by the ordinary loss on them, as in the training before.

All replies stand behind one prompt in one sequence: each sees the prompt and itself.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from coderepair_training.model import HIDDEN, Decoder, Layout, ModelConfig, causal_mask
from coderepair_training.optim import Optimiser, Rates
from coderepair_training.tokenizer import load

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TAU = 0.3
"""Weight of a nat of likelihood in the preference."""
LIKELIHOOD = 0.3
"""Weight of the ordinary loss on the mending edits."""
OTHERS, MENDING = 24, 3
"""Most edits of each kind in one step's sample of a pool."""
BUGS_A_STEP = 4
PEAK = 0.3
"""Highest step size, as a share of that of the training before."""
WARMUP = 20
LONGEST = 1100
"""Most tokens of a sequence; replies that do not fit are left out."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A prompt with the replies of a pool, as token ids."""

    prompt: list[int]
    mending: list[list[int]]
    others: list[list[int]]
    linear: list[float]
    """Linear scores of the others."""


def read_pools(paths: Sequence[Path], tokenizer: Tokenizer) -> Iterator[Pool]:
    """The bugs that `coderepair_training.outcomes --texts` wrote and some edit mends."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):  # still being written
                    break
                record = json.loads(line)
                pool = _pool(record, tokenizer)
                if pool.mending and pool.others:
                    yield pool


def _pool(record: dict[str, Any], tokenizer: Tokenizer) -> Pool:
    prompt: list[int] = tokenizer.encode(record["prompt"]).ids
    edits = [edit for edit in record["edits"] if edit["reply"]]
    ids = [encoding.ids for encoding in tokenizer.encode_batch([edit["reply"] for edit in edits])]
    pairs = list(zip(edits, ids, strict=True))
    return Pool(
        prompt,
        [tokens for edit, tokens in pairs if edit["solves"]],
        [tokens for edit, tokens in pairs if not edit["solves"]],
        [edit["linear"] for edit, _ in pairs if not edit["solves"]],
    )


def drawn(pool: Pool, rng: Random) -> tuple[list[list[int]], int]:
    """Replies for one step, the mending ones first, and how many those are."""
    mending = rng.sample(pool.mending, min(MENDING, len(pool.mending)))
    keys = [score - math.log(-math.log(rng.random() or 0.5)) for score in pool.linear]
    order = sorted(range(len(keys)), key=lambda index: -keys[index])[:OTHERS]
    replies, room = [], LONGEST - len(pool.prompt)
    for tokens in (*mending, *(pool.others[index] for index in order)):
        if len(tokens) <= room:
            room -= len(tokens)
            replies.append(tokens)
    return replies, sum(tokens in mending for tokens in replies)


def reply_losses(model: Decoder, prompt: Sequence[int], replies: Sequence[Sequence[int]]) -> Tensor:
    """Negative log-likelihood of each reply behind the prompt, (replies,), in nats."""
    start = len(prompt)
    owner = [-1] * start
    positions = list(range(start))
    before: list[int] = []
    for number, reply in enumerate(replies):
        before += [start - 1, *range(len(owner), len(owner) + len(reply) - 1)]
        owner += [number] * len(reply)
        positions += range(start, start + len(reply))
    tokens = torch.tensor([*prompt, *(token for reply in replies for token in reply)])
    owners = torch.tensor(owner)
    foreign = (owners[None, :] != owners[:, None]) & (owners[None, :] >= 0)
    mask = causal_mask(len(owner)).masked_fill_(foreign, HIDDEN)
    features = model.features(tokens[None], Layout(torch.tensor(positions), mask))[0]
    logits = model.logits(features[torch.tensor(before)]).float()
    each = torch.nn.functional.cross_entropy(logits, tokens[start:], reduction="none")
    return torch.zeros(len(replies)).index_add(0, owners[start:], each)


def preference_loss(losses: Tensor, mending: int, lengths: Sequence[int]) -> tuple[Tensor, Tensor]:
    """-log of the share of the mending replies, and their loss per token."""
    scores = -TAU * losses
    preferred = scores.logsumexp(0) - scores[:mending].logsumexp(0)
    return preferred, losses[:mending].sum() / sum(lengths[:mending])


class Tuning:
    """One run, on one thread. `pools` is asked anew when all bugs were seen."""

    def __init__(
        self, checkpoint: Path, pools: Callable[[], list[Pool]], steps: int, seed: int
    ) -> None:
        self.state = torch.load(checkpoint, weights_only=True)
        torch.manual_seed(seed)
        self.model = Decoder(ModelConfig(**self.state["model"]))
        self.model.bfloat16()
        self.optimiser = Optimiser(self.model, Rates())
        self.optimiser.restore(self.state["optimiser"])
        self.pools, self.steps, self.rng = pools, steps, Random(seed)
        self.queue: list[Pool] = []

    def train(self, log: Path, save: Path, minutes: float) -> None:
        """All steps, or until the time is up; logs means of 25 steps and saves with them."""
        recent: list[tuple[float, float]] = []
        started = time.monotonic()
        for step in range(self.steps):
            late = min(1.0, (time.monotonic() - started) / (60 * minutes))
            left = 1 - max(late, step / self.steps)
            recent += [self._step_one() for _ in range(BUGS_A_STEP)]
            self.optimiser.step(PEAK * max(0.02, min(1.0, (step + 1) / WARMUP, left / 0.7)))
            if step % 25 == 24 or step == self.steps - 1 or left == 0:
                self._report(step + 1, recent, log)
                self._save(save)
                recent.clear()
            if left == 0:
                return

    def _step_one(self) -> tuple[float, float]:
        """Adds the gradient of one bug; its two losses."""
        if not self.queue:
            self.queue = self.pools()
            self.rng.shuffle(self.queue)
        pool = self.queue.pop()
        replies, mending = drawn(pool, self.rng)
        if not 0 < mending < len(replies):
            return 0.0, 0.0
        losses = reply_losses(self.model, pool.prompt, replies)
        preferred, likelihood = preference_loss(losses, mending, [len(each) for each in replies])
        ((preferred + LIKELIHOOD * likelihood) / BUGS_A_STEP).backward()
        self.state["tokens"] += len(pool.prompt) + sum(map(len, replies))
        return float(preferred.detach()), float(likelihood.detach())

    def _report(self, step: int, recent: Sequence[tuple[float, float]], log: Path) -> None:
        preferred, likelihood = (sum(column) / len(recent) for column in zip(*recent, strict=True))
        line = {"step": step, "preference": round(preferred, 4), "reply_loss": round(likelihood, 4)}
        with log.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")

    def _save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save({**self.state, "optimiser": self.optimiser.state()}, part)
        part.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.preference", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="from coderepair_training.pretrain")
    parser.add_argument("--pools", type=Path, nargs="+", required=True, help="evidence with texts")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1000, help=f"of {BUGS_A_STEP} bugs each")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint and log")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    tokenizer = load(options.tokenizer)

    def pools() -> list[Pool]:
        return list(read_pools(options.pools, tokenizer))

    sys.stdout.write(f"{len(pools())} bugs\n")
    options.out.mkdir(parents=True, exist_ok=True)
    tuning = Tuning(options.checkpoint, pools, options.steps, options.seed)
    tuning.train(options.out / "log.jsonl", options.out / "checkpoint.pt", options.minutes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
