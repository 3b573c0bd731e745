"""Many samples of one prompt at once: every step evaluates one token of each that is still going."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from coderepair.model import Completion, Request
from coderepair.policy.base import StopCheck
from coderepair.policy.sampling import Array, draw, generators

if TYPE_CHECKING:
    from coderepair.policy.llama_engine import Engine


@dataclass(slots=True)
class _Sample:
    """A reply in the making."""

    index: int
    random: np.random.Generator
    sequence: int = 0
    last: int = 0
    """The token drawn last; it is evaluated in the next step."""
    tokens: int = 0
    text: bytearray = field(default_factory=bytearray)
    logprob: float = 0.0
    finish_reason: str = ""


class Sampler:
    """Draws the samples of one request."""

    def __init__(
        self, engine: Engine, request: Request, special: bool, should_stop: StopCheck | None
    ) -> None:
        self._engine = engine
        self._request = request
        self._special = special
        self._should_stop = should_stop or (lambda: False)
        self._stops = [stop.encode("utf-8") for stop in request.stop if stop]

    def run(self, prompt: Sequence[int]) -> list[Completion]:
        """Completions in the order of their seeds."""
        request, engine = self._request, self._engine
        samples = [_Sample(i, r) for i, r in enumerate(generators(request.seed, request.n))]
        if request.max_tokens < 1 or not samples:
            return [Completion("", finish_reason="length") for _ in samples]
        slots = self._slots(len(prompt))
        held = engine.hold(prompt, slots * request.max_tokens, self._should_stop)
        if held is None:
            return [Completion("", finish_reason="cancelled") for _ in samples]
        logits, fresh = held
        engine.follow(slots)
        waiting = samples[slots:]
        active = samples[:slots]
        for sequence, sample in enumerate(active, start=1):
            sample.sequence = sequence
        first = logits.copy()
        self._advance(active, np.repeat(first[None, :], len(active), axis=0))
        while active := self._refill(active, waiting, first):
            if self._should_stop():
                for sample in [*active, *waiting]:
                    sample.finish_reason = "cancelled"
                break
            self._advance(active, self._step(active, len(prompt)))
        engine.clear_followers()
        return [_completion(sample, fresh if sample.index == 0 else 0) for sample in samples]

    def _slots(self, prompt: int) -> int:
        """How many samples memory and the engine allow at the same time."""
        from coderepair.policy.llama_cpp import MAX_SLOTS

        room = max(1, self._engine.room(prompt) // self._request.max_tokens)
        return min(self._request.n, MAX_SLOTS, self._engine.followers, room)

    def _refill(self, active: list[_Sample], waiting: list[_Sample], first: Array) -> list[_Sample]:
        """Those that go on, and waiting ones on the places of those that have ended."""
        going = [sample for sample in active if not sample.finish_reason]
        free = [sample.sequence for sample in active if sample.finish_reason]
        for sequence in free:
            self._engine.clear_follower(sequence)
            while waiting:
                sample = waiting.pop(0)
                sample.sequence = sequence
                self._advance([sample], first[None, :])
                if not sample.finish_reason:
                    going.append(sample)
                    break
        return going

    def _step(self, active: list[_Sample], prompt: int) -> Array:
        return self._engine.decode(
            [sample.last for sample in active],
            [prompt + sample.tokens - 1 for sample in active],
            [(sample.sequence,) for sample in active],
            [True] * len(active),
        )

    def _advance(self, active: list[_Sample], logits: Array) -> None:
        """Draws the next token of each sample from its row of logits."""
        request = self._request
        uniforms = np.array([sample.random.random() for sample in active])
        tokens, logprobs = draw(logits, uniforms, request.temperature, request.top_p)
        for sample, token, logprob in zip(active, tokens, logprobs, strict=True):
            sample.last = token
            sample.tokens += 1
            sample.logprob += logprob
            if self._engine.is_end(token):
                sample.finish_reason = "stop"
                continue
            sample.text += self._engine.piece(token, special=self._special)
            if self._cut_at_stop(sample):
                sample.finish_reason = "stop"
            elif sample.tokens >= request.max_tokens:
                sample.finish_reason = "length"

    def _cut_at_stop(self, sample: _Sample) -> bool:
        """Ends the text in front of the first stop string; whether there was one."""
        places = [place for stop in self._stops if (place := sample.text.find(stop)) >= 0]
        if places:
            del sample.text[min(places) :]
        return bool(places)


def _completion(sample: _Sample, prompt_tokens: int) -> Completion:
    return Completion(
        text=sample.text.decode("utf-8", "replace"),
        tokens=sample.tokens,
        prompt_tokens=prompt_tokens,
        logprob=sample.logprob,
        finish_reason=sample.finish_reason,
    )
