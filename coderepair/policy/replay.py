"""A policy that answers as the chat model of a logged run did: benchmarks and demos without a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coderepair.errors import PolicyError
from coderepair.events import Asked, Event, Told
from coderepair.model import Completion, Message, Proposal, Request
from coderepair.policy.base import CHAT, StopCheck, estimate_tokens, prompt_text
from coderepair.store import load

_PROPOSER = "chat"


class ReplayPolicy:
    """Gives out the replies of a run in the order in which they were asked for.

    The log keeps the programs that replies held, not their words: a reply is the whole file in a
    fenced block, and an empty text where the model's reply held no usable program.

    Parameters:
        run: folder of the run.
    """

    dialect = CHAT

    def __init__(self, run: str | Path) -> None:
        self.name = f"replay of {Path(run).name}"
        self.should_stop: StopCheck | None = None
        self._pulls = _pulls(load(Path(run)))
        self._next = 0
        self._closed = False

    def context_size(self) -> int:
        return 0

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return estimate_tokens(prompt_text(Request(messages=tuple(messages))))

    def complete(self, requests: Sequence[Request]) -> list[list[Completion]]:
        """One logged pull a request. Raises `PolicyError` when the log holds no further one, or one
        of another size, for then the search is not the one that was logged."""
        if self._closed:
            raise PolicyError("the policy is closed")
        return [self._answer(request) for request in requests]

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:  # noqa: ARG002
        raise PolicyError("a run log holds no likelihoods")

    def close(self) -> None:
        self._closed = True

    def _answer(self, request: Request) -> list[Completion]:
        if self._next >= len(self._pulls):
            raise PolicyError(f"{self.name}: the log holds {self._next} replies and no further one")
        pull = self._pulls[self._next]
        if len(pull) != request.n:
            raise PolicyError(
                f"{self.name}: {request.n} samples are wanted where the log has {len(pull)}"
            )
        self._next += 1
        return [_completion(proposal) for proposal in pull]


def _pulls(events: Sequence[Event]) -> list[list[Proposal]]:
    """Proposals of the chat model by pull, in the order of asking."""
    asked = [e.expansion for e in events if isinstance(e, Asked) and e.proposer == _PROPOSER]
    told = {
        event.expansion: [refinement.proposal for refinement in event.refinements]
        for event in events
        if isinstance(event, Told)
    }
    return [told[expansion] for expansion in asked if told.get(expansion)]


def _completion(proposal: Proposal) -> Completion:
    if proposal.program is None:
        return Completion("", tokens=proposal.tokens)
    return Completion(f"```python\n{proposal.program.source}\n```", tokens=proposal.tokens)
