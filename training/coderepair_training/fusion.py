"""What the model's likelihood adds to the linear ranking, by weight, and what its own samples add.

Reads what `coderepair_training.outcomes` wrote of bugs that neither was trained on. The tolls are in the
linear scores already. Intervals are of the paired difference to weight 0, bootstrapped over problems.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from typing import Any

CUTS = (1, 10, 50, 200)
WEIGHTS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45)
TIERS = ((48, 208), (256,), (48,))
_NEVER = 10**9
_RESAMPLES = 2000

Record = dict[str, Any]


def read(paths: Sequence[Path]) -> list[Record]:
    """The bugs of some files that have edits."""
    records = [
        json.loads(line)
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return [record for record in records if record["edits"]]


def fused_rank(record: Record, weight: float, tiers: Sequence[int]) -> int:
    """0-based rank of the first edit that mends the bug, a large number if none does."""
    edits = record["edits"]
    ends = [0, *accumulate(tiers), len(edits)]
    order: list[int] = []
    for start, end in pairwise(ends):
        order += _tier(edits, range(start, min(end, len(edits))), weight)
    return next((rank for rank, index in enumerate(order) if edits[index]["solves"]), _NEVER)


def _tier(edits: Sequence[Record], places: range, weight: float) -> list[int]:
    """One tier in its new order; an edit that the model was not shown has the tier's median."""
    known = sorted(edits[i]["whole"] for i in places if edits[i]["whole"] is not None)
    if not known:
        return list(places)
    middle = known[len(known) // 2]

    def score(index: int) -> float:
        whole = edits[index]["whole"]
        likelihood = middle if whole is None else max(whole, -1e3)
        return float(edits[index]["linear"] + weight * (likelihood - middle))

    return sorted(places, key=lambda index: -score(index))


def interval(records: Sequence[Record], ranks: Sequence[int], base: Sequence[int], cut: int) -> str:
    """Difference of the share solved within `cut`, in points, with its 95 % bootstrap interval."""
    gains: defaultdict[str, list[int]] = defaultdict(list)
    for record, new, old in zip(records, ranks, base, strict=True):
        gains[record["problem"]].append((new < cut) - (old < cut))
    groups, rng = list(gains.values()), Random(0)
    found = []
    for _ in range(_RESAMPLES):
        drawn = rng.choices(groups, k=len(groups))
        found.append(100 * sum(map(sum, drawn)) / sum(map(len, drawn)))
    found.sort()
    middle = 100 * sum(map(sum, groups)) / len(records)
    low, high = found[_RESAMPLES // 40], found[-_RESAMPLES // 40]
    return f"{middle:+.1f} [{low:+.1f}, {high:+.1f}]"


def by_weight(records: Sequence[Record], tiers: Sequence[int]) -> Iterator[str]:
    """A line for each weight."""
    base = [fused_rank(record, 0.0, tiers) for record in records]
    for weight in WEIGHTS:
        ranks = [fused_rank(record, weight, tiers) for record in records]
        shares = " / ".join(f"{100 * share(ranks, cut):.1f}" for cut in CUTS)
        gains = ", ".join(f"@{cut} {interval(records, ranks, base, cut)}" for cut in CUTS[1:])
        yield f"weight {weight:<4}  {shares}   {gains}"


def share(ranks: Sequence[int], cut: int) -> float:
    """Share of ranks below `cut`."""
    return sum(rank < cut for rank in ranks) / len(ranks)


def own_samples(records: Sequence[Record], after: int) -> str:
    """How often a sample mends a bug that none of the first `after` edits of the operators mends."""
    left = [
        record
        for record in records
        if record["samples"] and not any(edit["solves"] for edit in record["edits"][:after])
    ]
    firsts = [
        next((rank for rank, each in enumerate(record["samples"]) if each["solves"]), _NEVER)
        for record in left
    ]
    tries = sum(
        min(first + 1, len(record["samples"])) for first, record in zip(firsts, left, strict=True)
    )
    spans = ", ".join(
        f"{low}-{high - 1}: {sum(low <= first < high for first in firsts)}"
        for low, high in ((0, 1), (1, 2), (2, 4), (4, 8), (8, 64))
    )
    return f"after {after} edits: {len(left)} bugs left, {tries} samples, first repair at {spans}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.fusion", description=__doc__)
    parser.add_argument("evidence", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    records = read(options.evidence)
    lines = [f"{len(records)} bugs of {len({record['problem'] for record in records})} problems"]
    for tiers in TIERS:
        lines += [f"tiers {tiers}", *by_weight(records, tiers)]
    lines += [own_samples(records, after) for after in (0, 10, 50, 200)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
