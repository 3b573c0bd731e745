"""Asks a chat model which blocks of a failing call are wrong, before it is asked to repair."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from coderepair.errors import ContextOverflow
from coderepair.model import Feedback, Request
from coderepair.policy.base import ModelPolicy
from coderepair.prompt import chat
from coderepair.prompt import verdicts as wording

TOKENS_EACH = 60
"""Tokens that the verdict on one block may take."""
_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """Feedback with what the model said of its trace, and what that cost."""

    feedback: Feedback
    calls: int = 0
    tokens: int = 0


class Verdicts:
    """The verdicts of one run: a program's trace is asked about once, at temperature 0."""

    def __init__(self, policy: ModelPolicy, seed: int) -> None:
        self._policy = policy
        self._seed = seed
        self._known: OrderedDict[tuple[str, tuple[str, ...]], tuple[wording.Verdict, ...]]
        self._known = OrderedDict()

    def added(self, feedback: Feedback) -> Asked:
        """With the verdicts where there is a trace and the question fits the context. Raises
        `PolicyError`."""
        key = feedback.function, feedback.trace
        if not feedback.trace:
            return Asked(feedback)
        cost = 0, 0
        if key not in self._known:
            found, cost = self._ask(feedback)
            self._known[key] = found
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)
        trace = wording.annotated(feedback.trace, self._known[key])
        return Asked(replace(feedback, trace=trace), *cost)

    def _ask(self, feedback: Feedback) -> tuple[tuple[wording.Verdict, ...], tuple[int, int]]:
        blocks = len(feedback.trace)
        reply, context = TOKENS_EACH * (blocks + 1), self._policy.context_size()
        limit = context - reply if context else None
        try:
            prompt = chat.render(
                feedback, self._policy.count_tokens, limit, request=wording.REQUEST
            )
        except ContextOverflow:
            return (), (0, 0)
        request = Request(prompt.messages, max_tokens=reply, temperature=0.0, seed=self._seed)
        (completion,) = self._policy.complete([request])[0]
        tokens = completion.tokens + completion.prompt_tokens
        return wording.parse(completion.text, blocks), (1, tokens)
