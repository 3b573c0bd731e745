"""From settings to the proposers of a run. Nothing is loaded before a proposer is first asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from coderepair.errors import UsageError

if TYPE_CHECKING:
    from coderepair.config import Settings
    from coderepair.contracts import Proposer
    from coderepair.model import Limits, TestReport
    from coderepair.policy import Policies
    from coderepair.runner import AnyRunner

LDB = "ldb"
"""The kind of feedback that takes a call of its own."""
OPERATORS, EMBEDDED, CHAT = "operators", "embedded", "chat"


@dataclass(frozen=True, slots=True)
class Proposers:
    """The proposers that the settings name and this machine has, by name. Closes what it opened."""

    by_name: Mapping[str, Proposer]
    rewrite_arm: str = "auto"
    """The setting."""
    warnings: tuple[str, ...] = ()
    asks_first: bool = False
    """Whether a chat model is asked about a trace before it is asked to repair."""
    _policies: Policies | None = field(default=None, repr=False)

    @property
    def metered(self) -> frozenset[str]:
        """Those whose calls and tokens are limited."""
        return frozenset({CHAT}) & self.by_name.keys()

    @property
    def calls_each(self) -> int:
        """Model calls that one pull of those may take."""
        return 2 if self.asks_first else 1

    @property
    def batched(self) -> frozenset[str]:
        """Those for whom several samples of one prompt cost little more than one."""
        return self.metered

    def rewrite(self, before: TestReport) -> bool:
        """Whether the tree gets an arm that writes the program from nothing.

        Its heuristic value is unknown, which is optimistic: beside a program that passes nothing it
        would win nearly every draw, beside one that passes something it costs the user a large patch.
        So by default it is there only if no check passes and a model can do it.
        """
        if self.rewrite_arm == "auto":
            return CHAT in self.by_name and before.passed == 0
        return self.rewrite_arm == "on"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._policies is not None:
            self._policies.close()


def open_proposers(
    settings: Settings,
    should_stop: Callable[[], bool],
    observer: AnyRunner | None = None,
    limits: Limits | None = None,
) -> Proposers:
    """`observer` lets the edit operators see, within `limits`, what their edits would do.

    Raises `UsageError` if none is available, `PolicyError` if a model that was named is not.
    """
    policies = _open_policies(settings)
    warnings: tuple[str, ...] = ()
    if policies is not None:
        policies.stop_when(should_stop)
        # They are about the embedded model, which nobody misses who did not name it.
        warnings = policies.warnings if EMBEDDED in settings.proposers else ()
    found = _proposers(settings, policies, observer, limits)
    if not found:
        wanted = ", ".join(settings.proposers)
        raise UsageError(f"none of the proposers {wanted} is available; see `coderepair doctor`")
    asks_first = LDB in settings.feedback
    return Proposers(found, settings.rewrite_arm, warnings, asks_first, policies)


def _open_policies(settings: Settings) -> Policies | None:
    """The models that the proposers need; None if they need none."""
    from coderepair.policy import open_policies

    if EMBEDDED not in settings.proposers and settings.model == EMBEDDED:
        settings = replace(settings, model="none")
    if settings.model == "none" and not settings.endpoint:
        return None
    return open_policies(settings)


def _proposers(
    settings: Settings,
    policies: Policies | None,
    observer: AnyRunner | None,
    limits: Limits | None,
) -> dict[str, Proposer]:
    from coderepair.feedback.kinds import Sources
    from coderepair.model import Limits
    from coderepair.propose.edits import EditProposer
    from coderepair.propose.model import ChatProposer, EmbeddedProposer

    edit = policies.edit if policies is not None and EMBEDDED in settings.proposers else None
    chat = policies.chat if policies is not None else None
    found: dict[str, Proposer] = {}
    if OPERATORS in settings.proposers:
        found[OPERATORS] = EditProposer(edit, observer=observer, limits=limits)
    if edit is not None:
        found[EMBEDDED] = EmbeddedProposer(edit, seed=settings.seed)
    if CHAT in settings.proposers and chat is not None:
        sources = Sources(observer, limits or Limits(), settings.seed, settings.trace_level)
        found[CHAT] = ChatProposer(
            chat, seed=settings.seed, feedback=settings.feedback, sources=sources
        )
    return found
