"""Trains the linear ranker of edit operators and says how well it ranks bugs it has not seen.

Log-linear over each pool: P(edit) is proportional to exp(sum of the weights of its features), and the
loss is -log of the probability of the wanted edits. Of the unwanted a sample is enough: each counts for
as many as it stands for (a constant added to its score). Hand-written bugs count `BANK_WEIGHT` times,
for they are closer to what people write than injected ones.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from textwrap import dedent
from typing import TYPE_CHECKING

from coderepair.edit.regions import program_of, region_text
from coderepair.errors import EditError
from coderepair.model import Feedback
from coderepair.prompt.edit_dialect import decode
from coderepair.propose.plain_features import BUCKETS
from coderepair.propose.ranking import pack, unpack
from coderepair_training.execution import quiet
from coderepair_training.guard import Guard
from coderepair_training.pools import (
    Features,
    WrongProgram,
    bank_bugs,
    differing_function,
    features_of,
    injected_bugs,
)
from coderepair_training.steps import with_steps

if TYPE_CHECKING:
    import torch

BANK_WEIGHT = 3.0
EPOCHS, BATCH = 3, 8
RATE, DECAY = 0.03, 1e-3
"""Step size of Adam at the start, falling to nothing; weight of the squared weights in the loss."""
CUTS = (1, 3, 10, 50, 200, 1000)
MOST_MENDING = 8
"""Mending edits used of a bug, the best ranked ones."""


def train(pools: Sequence[Features], seed: int) -> torch.Tensor:
    """Weights of shape (BUCKETS, 1)."""
    import torch

    torch.manual_seed(seed)
    weights = torch.zeros(BUCKETS, 1, requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=RATE, betas=(0.9, 0.99))
    order, rng = list(pools), Random(seed)
    steps = EPOCHS * (len(order) // BATCH)
    for step in range(steps):
        at = step % (len(order) // BATCH)
        if at == 0:
            rng.shuffle(order)
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        optimiser.zero_grad()
        batch = order[at * BATCH : (at + 1) * BATCH]
        loss = _loss(weights, batch) + DECAY * (weights**2).sum()
        loss.backward()
        optimiser.step()
    return weights.detach()


def averaged(weights: torch.Tensor, path: Path) -> torch.Tensor:
    """The mean of these weights and those of a `ranker.bin`; it varies less than either."""
    import torch

    return (weights + torch.tensor(unpack(path.read_bytes())).unsqueeze(1)) / 2


def scores(weights: torch.Tensor, pool: Features) -> torch.Tensor:
    """Sum of the weights of each row, (rows,)."""
    import numpy as np
    import torch

    places = torch.from_numpy(np.frombuffer(pool.places, dtype=np.uint16).astype(np.int64))
    starts = torch.from_numpy(np.frombuffer(pool.starts, dtype=np.int64).copy())
    bag = torch.nn.functional.embedding_bag(places, weights, starts, mode="sum")
    return bag.squeeze(1)


def _loss(weights: torch.Tensor, batch: Sequence[Features]) -> torch.Tensor:
    import torch

    total, share = torch.zeros(()), 0.0
    for pool in batch:
        row = scores(weights, pool)
        shown = len(pool.starts) - pool.wanted
        stand_for = torch.zeros_like(row)
        if shown:
            stand_for[pool.wanted :] = math.log(pool.others / shown)
        row = row + stand_for
        weight = BANK_WEIGHT if pool.bug.source == "bank" else 1.0
        total = total + weight * (row.logsumexp(0) - row[: pool.wanted].logsumexp(0))
        share += weight
    return total / share


def rank(weights: torch.Tensor, pool: Features) -> float:
    """Expected 0-based rank of the best wanted edit in the whole pool, before it is spread over sites."""
    row = scores(weights, pool)
    shown = len(pool.starts) - pool.wanted
    before = int((row[pool.wanted :] > row[: pool.wanted].max()).sum())
    return before * pool.others / shown if shown else 0.0


def report(name: str, ranks: Sequence[float], bugs: int) -> str:
    """Share of all `bugs` whose wanted edit ranks among the first; those without one count as missed."""
    found = "  ".join(f"@{cut} {sum(r < cut for r in ranks) / bugs:.3f}" for cut in CUTS)
    return f"{name}: n {bugs}, in the pool {len(ranks) / bugs:.3f}, {found}"


def with_mending(bugs: Iterable[WrongProgram], paths: Sequence[Path]) -> list[WrongProgram]:
    """The bugs, with the edits that `coderepair_training.outcomes` saw mend them."""
    seen: dict[str, list[str]] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            record = json.loads(line)
            replies = [edit["reply"] for edit in record["edits"] if edit["solves"]]
            seen[record["id"]] = [reply for reply in replies if reply][:MOST_MENDING]
    return [_mended(bug, seen.get(bug.id, ())) for bug in bugs]


def _mended(bug: WrongProgram, found: Sequence[str]) -> WrongProgram:
    target = differing_function(bug.buggy, bug.reference) if found else None
    if target is None:
        return bug
    function = dedent(region_text(program_of(bug.buggy, (target,))))
    texts = []
    for reply in found:
        with contextlib.suppress(EditError):
            texts.append(decode(Feedback(target, function), reply))
    return replace(bug, mending=tuple(texts))


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints what is measured as it goes."""
    parser = argparse.ArgumentParser(prog="coderepair_training.ranker", description=__doc__)
    parser.add_argument("--injected", type=Path, required=True, help="records to train on")
    parser.add_argument("--held-out", type=Path, required=True, help="records to measure on")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of guarded *.jsonl")
    parser.add_argument(
        "--outcomes", type=Path, nargs="*", default=[], help="edits known to mend bugs of the bank"
    )
    parser.add_argument("--limit", type=int, default=1800, help="injected bugs to train on")
    parser.add_argument("--by-hand", type=int, help="bugs of the bank to train on (default all)")
    parser.add_argument("--sample", type=int, default=400, help="unwanted edits kept of a pool")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--average-with",
        type=Path,
        help="weights of an earlier training; the mean of both is written",
    )
    parser.add_argument("--out", type=Path, required=True, help="coderepair/data/ranker.bin")
    options = parser.parse_args(arguments)
    quiet()
    by_hand = with_mending(bank_bugs(Guard.of_folder(options.benchmarks)), options.outcomes)
    injected = list(injected_bugs(options.injected))
    Random(options.seed).shuffle(injected)
    held_out = list(injected_bugs(options.held_out))
    steps = list(with_steps(bug for bug in by_hand if bug.split == "train"))
    Random(options.seed).shuffle(steps)
    groups = {
        "train": [*steps[: options.by_hand], *injected[: options.limit]],
        "held-out bank": [bug for bug in by_hand if bug.split != "train"],
        "held-out injected": held_out,
    }
    _check_split(groups)
    pools = {name: _pools(bugs, options) for name, bugs in groups.items()}
    weights = train(pools["train"], options.seed)
    if options.average_with is not None:
        weights = averaged(weights, options.average_with)
    for name, bugs in groups.items():
        print(report(name, [rank(weights, pool) for pool in pools[name]], len(bugs)))  # noqa: T201
    options.out.write_bytes(pack(weights.squeeze(1).tolist()))
    return 0


def _check_split(groups: dict[str, list[WrongProgram]]) -> None:
    """ValueError if a problem is both trained on and measured."""
    trained = {bug.problem for bug in groups["train"]}
    for name, bugs in groups.items():
        if name != "train" and (both := trained & {bug.problem for bug in bugs}):
            raise ValueError(f"{name} shares {json.dumps(sorted(both)[:3])} with the training data")


def _pools(bugs: Sequence[WrongProgram], options: argparse.Namespace) -> list[Features]:
    with ProcessPoolExecutor(options.workers) as workers:
        made = workers.map(partial(features_of, sample=options.sample), bugs, chunksize=8)
        return [pool for pool in made if pool is not None]


if __name__ == "__main__":
    sys.exit(main())
