"""Trains the embedded model from scratch, on the CPU, for a given time.

Several single-thread processes each step their own copy and average the weights every few steps
(local SGD); on two cores that was measured to be the fastest. The schedule runs on the clock, so a
run ends when it was told to, however loaded the machine is. It stops cleanly on SIGTERM and resumes
from its last checkpoint, which is written every few minutes beside `log.jsonl`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as nnf
from torch import Tensor

from coderepair_training.batches import Batch, Pool
from coderepair_training.induction import plant
from coderepair_training.model import Decoder, ModelConfig
from coderepair_training.optim import Optimiser, Rates

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Training:
    """The `[training]` table of a recipe."""

    minutes: float = 60.0
    ranks: int = 2
    average_every: int = 8
    """Steps between two averages over the ranks."""
    tokens_per_batch: int = 3072
    batches_per_step: int = 2
    warmup: float = 0.01
    """Share of the time in which the rates rise."""
    decay: float = 0.35
    """Share of the time, at the end, in which they fall to a twentieth."""
    prompt_weight: tuple[float, float] = (0.3, 0.08)
    """Weight of the language-model loss on the prompt, at the start and at the end."""
    prompt_share: float = 0.3
    """Share of the prompt's tokens for which that loss is computed; the output layer is costly."""
    executed_share: tuple[float, float, float] = (0.3, 0.5, 0.8)
    """Share of samples with a real failure, in each third of the time."""
    longest: tuple[int, int, int] = (192, 288, 640)
    """Most tokens of a sample, in each third of the time: copying is learnt sooner on short ones."""
    planted: bool = True
    """Whether to start from `coderepair_training.induction` rather than from random weights alone."""
    checkpoint_minutes: float = 3.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a run depends on but its data."""

    model: ModelConfig
    rates: Rates
    training: Training


def load_recipe(path: Path) -> Recipe:
    """Reads a TOML recipe; TypeError for an unknown key."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return Recipe(
        ModelConfig(**tables.get("model", {})),
        Rates(**_tuples(tables.get("rates", {}))),
        Training(**_tuples(tables.get("training", {}))),
    )


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in table.items()}


def rate_scale(progress: float, training: Training) -> float:
    """Multiple of the peak rates at a share of the time: up, flat, linearly down."""
    rising = progress / training.warmup if training.warmup else 1.0
    falling = (1 - progress) / training.decay if training.decay else 1.0
    return max(0.05, min(1.0, rising, falling))


def losses(model: Decoder, batch: Batch, prompt_share: float) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy over reply tokens, and over a random share of the prompt's tokens."""
    chosen = batch.prompt & (torch.rand(batch.prompt.shape) < prompt_share)
    features = model.features(batch.tokens)
    targets = batch.tokens.roll(-1, dims=1)
    rows = torch.cat([features[batch.reply], features[chosen]])
    wanted = torch.cat([targets[batch.reply], targets[chosen]])
    each = nnf.cross_entropy(model.logits(rows).float(), wanted, reduction="none")
    replies = int(batch.reply.sum())
    return each[:replies].mean(), each[replies:].mean() if chosen.any() else each.sum() * 0


class Run:
    """One rank of a training run."""

    def __init__(self, recipe: Recipe, data: Path, out: Path, rank: int) -> None:
        self.recipe, self.out, self.rank = recipe, out, rank
        torch.manual_seed(recipe.training.seed)
        self.model = Decoder(recipe.model)
        if recipe.training.planted:
            plant(self.model, recipe.training.seed)
        self.model.bfloat16()
        self.optimiser = Optimiser(self.model, recipe.rates)
        self.tokens, self.before, self.stopping = 0, 0.0, False
        if (out / CHECKPOINT).exists():
            state = torch.load(out / CHECKPOINT, weights_only=True)
            self.optimiser.restore(state["optimiser"])
            self.tokens, self.before = state["tokens"], state["seconds"]
        seed = recipe.training.seed + 1000 * rank + self.optimiser.steps
        self.pool = Pool(data, seed)
        torch.manual_seed(seed)
        self.started = self.saved = time.monotonic()
        self.recent: list[tuple[float, float]] = []
        self.queue: list[Batch] = []

    @property
    def seconds(self) -> float:
        """Time trained, over all resumptions."""
        return self.before + time.monotonic() - self.started

    @property
    def progress(self) -> float:
        """Share of the time that has gone, in [0, 1]."""
        return min(1.0, self.seconds / (60 * self.recipe.training.minutes))

    def train(self) -> None:
        """Steps until the time is up or a signal came; all ranks stop after the same average."""
        going = True
        while going:
            for _ in range(self.recipe.training.average_every):
                self._step()
            going = self._average()
            if self.rank == 0:
                self._report(going)
            self.pool.refresh()

    def _step(self) -> None:
        training, progress = self.recipe.training, self.progress
        start, end = training.prompt_weight
        weight = start + (end - start) * progress
        for _ in range(training.batches_per_step):
            batch = self._next(min(2, int(3 * progress)))
            reply, prompt = losses(self.model, batch, training.prompt_share)
            ((reply + weight * prompt) / training.batches_per_step).backward()
            self.tokens += int(batch.reply.sum() + batch.prompt.sum())
            self.recent.append((float(reply.detach()), float(prompt.detach())))
        self.optimiser.step(rate_scale(progress, training))

    def _next(self, third: int) -> Batch:
        training = self.recipe.training
        if not self.queue:
            share, longest = training.executed_share[third], training.longest[third]
            self.queue = list(self.pool.batches(share, longest, training.tokens_per_batch))
        return self.queue.pop()

    def _average(self) -> bool:
        """Averages weights and counts over the ranks; whether to go on."""
        stop = self.stopping or self.progress >= 1
        flags = torch.tensor([float(stop)])
        dist.all_reduce(flags)
        ranks = dist.get_world_size()
        if ranks > 1:
            flat = torch.cat([master.flatten() for master in self.optimiser.masters])
            dist.all_reduce(flat)
            sizes = [master.numel() for master in self.optimiser.masters]
            for master, mean in zip(
                self.optimiser.masters, (flat / ranks).split(sizes), strict=True
            ):
                master.copy_(mean.view_as(master))
            self.optimiser.publish()
        return float(flags) == 0

    def _report(self, going: bool) -> None:
        """Logs the mean losses since the last report, and saves when it is time or the end."""
        reply, prompt = (
            sum(column) / len(self.recent) for column in zip(*self.recent, strict=True)
        )
        line = {
            "seconds": round(self.seconds, 3),
            "step": self.optimiser.steps,
            "tokens": self.tokens * self.recipe.training.ranks,
            "reply_loss": round(reply, 4),
            "prompt_loss": round(prompt, 4),
            "rate": round(rate_scale(self.progress, self.recipe.training), 3),
        }
        self.recent.clear()
        with (self.out / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        waited = time.monotonic() - self.saved
        if not going or waited > 60 * self.recipe.training.checkpoint_minutes:
            self._save()
            self.saved = time.monotonic()

    def _save(self) -> None:
        state = {
            "optimiser": self.optimiser.state(),
            "tokens": self.tokens,
            "seconds": self.seconds,
            "model": asdict(self.recipe.model),
            "ranks": self.recipe.training.ranks,
            "data": {name: shard.digest for name, shard in self.pool.shards.items()},
        }
        part = self.out / f"{CHECKPOINT}.part"
        torch.save(state, part)
        part.replace(self.out / CHECKPOINT)


def _rank(rank: int, recipe: Recipe, data: Path, out: Path, meeting: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=meeting, rank=rank, world_size=recipe.training.ranks
    )
    run = Run(recipe, data, out, rank)

    def stop(_signal: int, _frame: object) -> None:
        run.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    run.train()
    dist.destroy_process_group()


def train(recipe: Recipe, data: Path, out: Path) -> None:
    """Trains until the recipe's time is up, or until this process gets SIGTERM; resumes if `out`
    holds a checkpoint. Raises ProcessRaisedException if a rank died."""
    out.mkdir(parents=True, exist_ok=True)
    meeting = out / f"meeting-{os.getpid()}"
    context = mp.spawn(
        _rank,
        args=(recipe, data, out, meeting.absolute().as_uri()),
        nprocs=recipe.training.ranks,
        join=False,
    )
    assert context is not None

    def pass_on(number: int, _frame: object) -> None:
        for process in context.processes:
            os.kill(process.pid, number)

    signal.signal(signal.SIGTERM, pass_on)
    try:
        while not context.join():
            pass
    finally:
        meeting.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.pretrain", description=__doc__)
    parser.add_argument("recipe", type=Path, help="TOML, see recipes/")
    parser.add_argument("--data", type=Path, required=True, help="folder of shards")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint and log")
    options = parser.parse_args(arguments)
    train(load_recipe(options.recipe), options.data, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
