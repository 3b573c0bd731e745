"""A policy that says what it was told to say: the one stand-in for a model, for tests and demos."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from coderepair.errors import PolicyError
from coderepair.model import Completion, Message, Request
from coderepair.policy.base import CHAT, StopCheck, estimate_tokens, overflow, prompt_text

Reply = str | Completion | Exception
Score = Callable[[str, str], float]


class ScriptedPolicy:
    """Answers from a script.

    Parameters:
        replies: a sequence is used up in order, one reply a sample, and then raises `PolicyError`;
            a mapping has no memory: of the first key that occurs in the prompt, sample `i` of a
            request gets reply `(seed + i) % len`. An exception as a reply is raised. A path names
            a JSON file that holds either.
        scores: `(prompt, continuation) -> log P`; by default the shorter continuation is likelier.
        context: tokens the model is said to read and write together; 0 = no limit.
        delay: seconds that every request takes.
    """

    def __init__(
        self,
        replies: Sequence[Reply] | Mapping[str, Sequence[Reply]] | Path | str = (),
        *,
        scores: Score | None = None,
        context: int = 0,
        delay: float = 0.0,
        dialect: str = CHAT,
    ) -> None:
        self.name = "scripted"
        self.should_stop: StopCheck | None = None
        self.requests: list[Request] = []
        """Every request that was made, for tests to look at."""
        self.closed = False
        self._replies: Sequence[Reply] | Mapping[str, Sequence[Reply]] = (
            json.loads(Path(replies).read_text(encoding="utf-8"))
            if isinstance(replies, str | Path)
            else replies
        )
        self._used = 0
        self._scores = scores
        self._context = context
        self._delay = delay
        self._dialect = dialect

    @property
    def dialect(self) -> str:
        return self._dialect

    def context_size(self) -> int:
        return self._context

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return estimate_tokens(prompt_text(Request(messages=tuple(messages))))

    def complete(self, requests: Sequence[Request]) -> list[list[Completion]]:
        """Raises `ContextOverflow` as a model would, and `PolicyError` when the script is used up."""
        return [self._answer(request) for request in requests]

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:
        self._check_open()
        score = self._scores or (lambda _prompt, continuation: -float(len(continuation)))
        return [score(prompt, continuation) for continuation in continuations]

    def close(self) -> None:
        self.closed = True

    def _answer(self, request: Request) -> list[Completion]:
        self._check_open()
        self.requests.append(request)
        prompt = prompt_text(request)
        size = estimate_tokens(prompt)
        if self._context and size + request.max_tokens > self._context:
            raise overflow(self.name, size, request.max_tokens, self._context)
        if self._delay:
            time.sleep(self._delay)
        return [
            _completion(self._reply(prompt, request.seed + i), size if i == 0 else 0)
            for i in range(request.n)
        ]

    def _reply(self, prompt: str, index: int) -> Reply:
        if isinstance(self._replies, Mapping):
            for key, replies in self._replies.items():
                if key in prompt:
                    return replies[index % len(replies)]
            raise PolicyError("the script has no reply to this prompt")
        if self._used >= len(self._replies):
            raise PolicyError(f"the script is used up after {self._used} replies")
        self._used += 1
        return self._replies[self._used - 1]

    def _check_open(self) -> None:
        if self.closed:
            raise PolicyError("the policy is closed")


def _completion(reply: Reply, prompt_tokens: int) -> Completion:
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, Completion):
        return reply
    return Completion(reply, tokens=estimate_tokens(reply), prompt_tokens=prompt_tokens)
