"""What a policy of ours knows about its model, beyond the contract in `coderepair.contracts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from coderepair.contracts import Policy
from coderepair.errors import ContextOverflow
from coderepair.model import Message, Request

CHAT = "chat"
"""Dialect of a model that is asked through a chat template."""
TEXT = "text"
"""Dialect of a model that only continues text: neither chat template nor edit dialect."""

StopCheck = Callable[[], bool]
"""Asked between two tokens; true ends the completion with `finish_reason="cancelled"`."""


class ModelPolicy(Policy, Protocol):
    """A policy that can say how much it reads and how it wants to be asked."""

    should_stop: StopCheck | None

    @property
    def name(self) -> str:
        """For people: the model's file or name."""
        ...

    @property
    def dialect(self) -> str:
        """`chat`, `text`, or the name of an edit dialect (`edit-v1`)."""
        ...

    def context_size(self) -> int:
        """Tokens of prompt and reply together; 0 if the backend does not know."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered messages; an upper estimate where there is no tokenizer."""
        ...


def estimate_tokens(text: str) -> int:
    """Upper estimate for source code without a tokenizer: one token for every 2.5 bytes.

    Byte-pair encodings of code models spend 3 to 4 bytes a token on Python; indentation and
    digits are the expensive parts.
    """
    return (2 * len(text.encode("utf-8", "surrogatepass")) + 4) // 5


def prompt_text(request: Request) -> str:
    """Everything the model is told, for backends that have no chat template of their own."""
    if request.text:
        return request.text
    return "\n".join(f"{message.role}: {message.content}" for message in request.messages)


def overflow(name: str, prompt: int, reply: int, context: int) -> ContextOverflow:
    """The one wording of this error, with the numbers."""
    return ContextOverflow(
        f"the prompt has {prompt} tokens and the reply may take {reply}, "
        f"but {name} reads {context} tokens in all"
    )
