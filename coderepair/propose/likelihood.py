"""The embedded model's opinion of ranked edits: its likelihood of each, fused with the linear score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

from coderepair.errors import ContextOverflow, EditError, PolicyError
from coderepair.model import Feedback
from coderepair.prompt import edit_dialect
from coderepair.propose.operators import Edit, FunctionContext

if TYPE_CHECKING:
    from coderepair.contracts import Policy

_TIERS = (48, 208)
"""Sizes of the slices of the cheap ranking that the model orders anew, one after the other, so that the
first candidates come at once."""
MODEL_WEIGHT = 0.04
"""Nats of linear score that one nat of the model's log-likelihood is worth: from 0.03 to 0.06 nothing is
lost on held-out bugs of the problem bank and next to nothing won, above 0.15 the first ten edits are worse
(`coderepair_training.fusion`, docs/LOG.md)."""


class Candidate(NamedTuple):
    """A ranked edit of one of the regions."""

    region: int
    edit: Edit
    score: float
    """Nats, up to a constant of the list."""


class Likelihood:
    """Orders the first tiers of a ranked list by linear score and model together."""

    def __init__(self, policy: Policy) -> None:
        self._policy: Policy | None = policy

    def fused(
        self,
        feedback: Feedback,
        contexts: Mapping[int, FunctionContext],
        ranked: Iterator[Candidate],
    ) -> Iterator[Candidate]:
        """All of `ranked`. `feedback` is of the program that the edits are of."""
        for size in _TIERS:
            yield from self._tier(feedback, contexts, list(islice(ranked, size)))
        yield from ranked

    def _tier(
        self,
        feedback: Feedback,
        contexts: Mapping[int, FunctionContext],
        tier: Sequence[Candidate],
    ) -> list[Candidate]:
        """One tier in its new order. What the model is not shown keeps the score of its neighbours."""
        replies = _replies(feedback, contexts, tier)
        likelihoods = self._score(edit_dialect.render(feedback), list(replies.values()))
        if not likelihoods:
            return list(tier)
        scores = dict(zip(replies, likelihoods, strict=True))
        middle = sorted(likelihoods)[len(likelihoods) // 2]
        blended = [
            (candidate.score + MODEL_WEIGHT * (scores.get(index, middle) - middle), -index)
            for index, candidate in enumerate(tier)
        ]
        return [tier[-index] for _, index in sorted(blended, reverse=True)]

    def _score(self, prompt: str, replies: list[str]) -> list[float]:
        """Log-likelihoods of the replies; none if the prompt does not fit into the model.

        A model that cannot be asked at all is not asked again: the edits need none, and whoever
        samples from it says what is wrong with it.
        """
        if self._policy is None or not replies:
            return []
        try:
            scores = self._policy.score(prompt, replies)
        except ContextOverflow:
            return []
        except PolicyError:
            self._policy = None
            return []
        return [score if math.isfinite(score) else -1e3 for score in scores]


def _replies(
    feedback: Feedback, contexts: Mapping[int, FunctionContext], tier: Sequence[Candidate]
) -> dict[int, str]:
    """What the model would have to answer, for the edits of the function that it is shown."""
    replies: dict[int, str] = {}
    for index, candidate in enumerate(tier):
        context = contexts[candidate.region]
        if dedent(context.text) == feedback.function:
            try:
                replies[index] = edit_dialect.encode(
                    feedback, dedent(candidate.edit.apply(context.text))
                )
            except EditError:
                continue
    return replies
