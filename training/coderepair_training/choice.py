"""Fits the weights of the choice among programs that pass (`coderepair.trust.choice`).

Conditional logit: the chance of a program is proportional to exp(w . traits), and the loss is -log of the
chance of all right ones, over the bugs that have right and wrong ones, with a penalty on the squared
weights. Measured by cross-validation over problems, and against showing the first program that passes;
the weights printed are those of all bugs. Data: `coderepair_training.rivals`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from coderepair.bench import metrics
from coderepair.edit.size import changed_tokens
from coderepair.runner.calling import Call
from coderepair.trust import behaviour
from coderepair.trust.choice import WEIGHTS, Traits, chances, ordered
from coderepair.trust.examine import MOST_PROGRAMS, traits_of
from coderepair_training.rivals import Rivals, load

if TYPE_CHECKING:
    import torch

FOLDS = 5
PENALTY = 0.3
STEPS = 200


@dataclass(frozen=True, slots=True)
class Bug:
    """The programs of one bug that are compared."""

    rivals: Rivals
    traits: tuple[Traits, ...]
    groups: tuple[tuple[int, ...], ...]

    @property
    def right(self) -> list[bool]:
        """Whether each program is."""
        return [each.right for each in self.rivals.rivals[: len(self.traits)]]

    def chosen(self, weights: Traits) -> int:
        """The program that the product would show."""
        return ordered(self.groups, chances(self.traits, weights))[0][0]


def bug_of(rivals: Rivals, more: int) -> Bug:
    """As the product compares them: those within `more` edits behind the first, `MOST_PROGRAMS` at most."""
    first = rivals.rivals[0].place
    compared = [each for each in rivals.rivals if each.place <= first + more][:MOST_PROGRAMS]
    seen = [Call(name, args, kwargs) for name, _, args, kwargs in rivals.calls[: rivals.seen]]
    traits = tuple(
        traits_of(
            rivals.original,
            each.source,
            each.place - first,
            seen,
            each.outcomes,
            rivals.outcomes,
        )
        for each in compared
    )
    groups = behaviour.groups([each.outcomes for each in compared])
    return Bug(rivals, traits, tuple(map(tuple, groups)))


def fit(bugs: Sequence[Bug], penalty: float) -> Traits:
    """The weights. Deterministic."""
    import torch

    mixed = [bug for bug in bugs if any(bug.right) and not all(bug.right)]
    tables = [torch.tensor([astuple(each) for each in bug.traits]) for bug in mixed]
    rights = [torch.tensor(bug.right) for bug in mixed]
    weights = torch.zeros(len(fields(Traits)), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=STEPS)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        total = penalty * (weights**2).sum()
        for table, right in zip(tables, rights, strict=True):
            scores = table @ weights
            total = total + torch.logsumexp(scores, 0) - torch.logsumexp(scores[right], 0)
        total.backward()
        return total

    optimiser.step(loss)
    return Traits(*(round(float(each), 2) for each in weights.detach()))


def cross_validated(bugs: Sequence[Bug], penalty: float, seed: int) -> Iterator[tuple[Bug, int]]:
    """Each bug with the program chosen by weights that were fitted without its problem."""
    problems = sorted({bug.rivals.problem for bug in bugs})
    Random(seed).shuffle(problems)
    for fold in range(FOLDS):
        held = set(problems[fold::FOLDS])
        weights = fit([bug for bug in bugs if bug.rivals.problem not in held], penalty)
        yield from ((bug, bug.chosen(weights)) for bug in bugs if bug.rivals.problem in held)


def told(title: str, pairs: Sequence[tuple[Bug, int]]) -> str:
    """What a choice brings against the first program, in one line."""
    first = [bug.right[0] for bug, _ in pairs]
    after = [bug.right[at] for bug, at in pairs]
    groups = [bug.rivals.problem for bug, _ in pairs]
    found = metrics.paired(first, after, groups)
    small = sum(
        changed_tokens(bug.rivals.original, bug.rivals.rivals[at].source)
        <= changed_tokens(bug.rivals.original, bug.rivals.reference)
        for bug, at in pairs
    )
    return (
        f"{title}: first right {sum(first)}, chosen {sum(after)}, some right "
        f"{sum(any(bug.right) for bug, _ in pairs)} of {len(pairs)} ({len(set(groups))} problems); "
        f"won {found.only_b}, lost {found.only_a}, {100 * found.value:+.1f} points "
        f"[{100 * found.low:+.1f}, {100 * found.high:+.1f}], p={found.p_mcnemar:.2g}; "
        f"no larger than the reference {small}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.choice", description=__doc__)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of `rivals`")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], help="files of `rivals`")
    parser.add_argument("--more", type=int, default=32, help="edits behind the first that passes")
    parser.add_argument("--penalty", type=float, default=PENALTY)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    train, held = (
        [bug_of(each, options.more) for path in paths for each in load(path) if each.rivals]
        for paths in (options.train, options.held_out)
    )
    write = sys.stdout.write
    weights = fit(train, options.penalty)
    pairs = [(bug, bug.chosen(weights)) for bug in held]
    if pairs:
        write(told("fitted on the first, held out", pairs) + "\n")
    everything = [*train, *held]
    crossed = list(cross_validated(everything, options.penalty, options.seed))
    write(told("cross-validated over all", crossed) + "\n")
    shipped = [(bug, bug.chosen(WEIGHTS)) for bug in everything]
    write(told("weights that ship, over all", shipped) + "\n")
    write(f"{fit(everything, options.penalty)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
