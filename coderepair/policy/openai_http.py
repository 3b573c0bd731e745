"""Any OpenAI-compatible server: llama-server, vLLM, Ollama, LM Studio, or a hosted one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from coderepair.errors import EndpointError, PolicyError
from coderepair.model import Completion, Message, Request
from coderepair.policy.base import CHAT, StopCheck, estimate_tokens, overflow, prompt_text
from coderepair.policy.endpoint_context import context_of
from coderepair.policy.http_client import HttpClient, Stopped

DEFAULT_TIMEOUT_S = 120.0
_PARALLEL = 8
"""Requests under way at once where a server draws one sample a request."""


class OpenAIPolicy:
    """A model behind `POST /v1/chat/completions` (or `/v1/completions` for plain text).

    Parameters:
        endpoint: base address, with or without `/v1`.
        model: name of the model; empty takes the first that the server lists.
        api_key: None reads CODEREPAIR_API_KEY, then OPENAI_API_KEY.
        timeout: seconds for one request.
        context: tokens of prompt and reply; 0 asks the server.
        offline: refuses servers that are not on this machine (`UsageError`).
    """

    dialect = CHAT

    def __init__(
        self,
        endpoint: str,
        *,
        model: str = "",
        api_key: str | None = None,
        timeout: float = DEFAULT_TIMEOUT_S,
        context: int = 0,
        offline: bool = False,
    ) -> None:
        if api_key is None:
            names = ("CODEREPAIR_API_KEY", "OPENAI_API_KEY")
            api_key = next((os.environ[name] for name in names if os.environ.get(name)), "")
        self._client = HttpClient(endpoint, api_key=api_key, timeout=timeout, offline=offline)
        self._model = model
        self._context: int | None = context or None
        self._one_by_one = False
        self._closed = False

    @property
    def name(self) -> str:
        return self._model or self._client.base

    @property
    def should_stop(self) -> StopCheck | None:
        return self._client.should_stop

    @should_stop.setter
    def should_stop(self, check: StopCheck | None) -> None:
        self._client.should_stop = check

    def context_size(self) -> int:
        """As the server says, which is asked once; 0 if it does not say."""
        if self._context is None:
            self._context = context_of(self._client, self._model_name())
        return self._context

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """An upper estimate: the server's tokenizer is not at hand."""
        return estimate_tokens(prompt_text(Request(messages=tuple(messages)))) + 8 * len(messages)

    def complete(self, requests: Sequence[Request]) -> list[list[Completion]]:
        """n samples in one request where the server can, in several at once where it cannot."""
        if self._closed:
            raise PolicyError("the policy is closed")
        return [self._unless_stopped(request) for request in requests]

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:  # noqa: ARG002
        raise PolicyError("a server cannot score given text; use a model file with --model")

    def close(self) -> None:
        self._closed = True

    def _unless_stopped(self, request: Request) -> list[Completion]:
        try:
            return self._samples(request)
        except Stopped:
            return [Completion("", finish_reason="cancelled")] * request.n

    def _samples(self, request: Request) -> list[Completion]:
        if request.n < 1:
            return []
        context = self.context_size()
        size = self.count_tokens(request.messages) if request.messages else 0
        # The estimate is high, so only a prompt that cannot fit at half of it is refused here.
        if context and size // 2 + request.max_tokens > context:
            raise overflow(self.name, size, request.max_tokens, context)
        found = [] if self._one_by_one else self._ask(request, request.n, request.seed)
        if len(found) < request.n:
            found += self._one_at_a_time(request, len(found))
        return found[: request.n]

    def _one_at_a_time(self, request: Request, start: int) -> list[Completion]:
        seeds = range(request.seed + start, request.seed + request.n)
        with ThreadPoolExecutor(min(_PARALLEL, len(seeds))) as pool:
            answers = pool.map(lambda seed: self._ask(request, 1, seed), seeds)
            return [answer[0] for answer in answers]

    def _ask(self, request: Request, n: int, seed: int) -> list[Completion]:
        body: dict[str, Any] = {
            "model": self._model_name(),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": seed & (2**31 - 1),
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if n > 1:
            body["n"] = n
        if request.messages:
            path = "/chat/completions"
            body["messages"] = [{"role": m.role, "content": m.content} for m in request.messages]
        else:
            path, body["prompt"] = "/completions", request.text
        try:
            return _completions(self._client.post(self._client.base + path, body))
        except EndpointError as error:
            # Some servers refuse n > 1 instead of ignoring it.
            if n > 1 and (" 400:" in str(error) or " 422:" in str(error)):
                self._one_by_one = True
                return []
            raise

    def _model_name(self) -> str:
        if not self._model:
            answer = self._client.get(f"{self._client.base}/models")
            models = answer.get("data") if isinstance(answer, dict) else None
            if not models or not isinstance(models[0], dict) or not models[0].get("id"):
                raise EndpointError(
                    f"{self._client.base} offers no model; name one with --endpoint-model"
                )
            self._model = str(models[0]["id"])
        return self._model


def _completions(answer: Any) -> list[Completion]:
    """Choices in the order of their index. Raises `EndpointError` for an answer of another shape."""
    try:
        choices = sorted(answer["choices"], key=lambda choice: choice.get("index", 0))
        usage = answer.get("usage") or {}
        tokens = int(usage.get("completion_tokens") or 0) // max(1, len(choices))
        prompt = int(usage.get("prompt_tokens") or 0)
        found = [
            Completion(
                text=_text(choice),
                tokens=tokens or estimate_tokens(_text(choice)),
                prompt_tokens=prompt if index == 0 else 0,
                finish_reason="length" if choice.get("finish_reason") == "length" else "stop",
            )
            for index, choice in enumerate(choices)
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EndpointError(f"the server's answer has no choices: {str(answer)[:80]}") from error
    if not found:
        raise EndpointError("the server's answer has no choices")
    return found


def _text(choice: dict[str, Any]) -> str:
    if "message" in choice:
        return str(choice["message"].get("content") or "")
    return str(choice["text"])
