"""What a run may use. Checked whenever a proposal is asked for; the core reads no clock."""

from __future__ import annotations

from dataclasses import dataclass

from coderepair.model import Spent

EVALUATIONS, CALLS, TOKENS, SECONDS = "evaluations", "calls", "tokens", "seconds"


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a run; None means none.

    Evaluations end the run. Calls and tokens are what models cost: when either is spent, proposers
    that cost any are no longer asked, and those that cost none go on. Nothing is asked once a limit
    is reached; tokens are known only after a reply, so the last pull may end above that one limit.
    """

    evaluations: int | None = None
    """Programs run against the tests."""
    calls: int | None = None
    """Calls of models that count their calls."""
    tokens: int | None = None
    """Tokens read and written by models."""
    seconds: float | None = None
    """Wall time of the run."""

    def __post_init__(self) -> None:
        for name in (EVALUATIONS, CALLS, TOKENS, SECONDS):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ValueError(f"budget: {name} is {value}, not >= 0")

    def evaluations_left(self, spent: Spent, pending: int) -> int | None:
        """Programs that may still be handed out while `pending` are under way; None: any number."""
        if self.evaluations is None:
            return None
        return max(0, self.evaluations - spent.evaluations - pending)

    def out_of_time(self, seconds: float) -> bool:
        return self.seconds is not None and seconds >= self.seconds

    def models_stopped_by(self, spent: Spent, pending_calls: int) -> str:
        """`calls` or `tokens` if models may not be asked any more, else an empty string."""
        if self.calls is not None and spent.calls + pending_calls >= self.calls:
            return CALLS
        if self.tokens is not None and spent.tokens >= self.tokens:
            return TOKENS
        return ""
