"""Rounds of a chat model against static errors: a reply that has them is sent back, no test is run.

Each round is a request of its own (one call of the budget), made at the next pull of the same node; after
`MAX_ROUNDS` replies the tests decide, for static analysis may be wrong (CoCoGen, Bi et al. 2024).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from coderepair.edit import reply as replies
from coderepair.feedback.cocogen import MAX_FINDINGS, entries, static_errors
from coderepair.feedback.target import Target
from coderepair.model import Completion, Message, NodeId, Program, Proposal, Request, Task
from coderepair.policy.base import ModelPolicy, estimate_tokens
from coderepair.project.findings import Finding
from coderepair.prompt import static_errors as wording

MAX_ROUNDS = 3
_MOST_OPEN = 256
_Key = tuple[Task, NodeId]


@dataclass(frozen=True, slots=True)
class _Open:
    """A conversation that has not ended yet."""

    messages: tuple[Message, ...]
    """What is asked next."""
    round: int
    """Of that question: 2 or more."""


class StaticRounds:
    """The conversations of one run, by the node that they are about."""

    def __init__(self, policy: ModelPolicy) -> None:
        self._policy = policy
        self._open: OrderedDict[_Key, _Open] = OrderedDict()

    def continued(self, task: Task, node: NodeId, request: Request) -> tuple[Request, int]:
        """The request of the next round for this node, and its number: 1 is `request` itself."""
        going_on = self._open.pop((task, node), None)
        if going_on is None:
            return request, 1
        following = replace(request, messages=going_on.messages)
        context = self._policy.context_size()
        needed = self._policy.count_tokens(following.messages) + request.max_tokens
        return (request, 1) if context and needed > context else (following, going_on.round)

    def judged(
        self,
        task: Task,
        node: NodeId,
        base: Program,
        target: Target,
        asked: tuple[Request, int],
        answers: Sequence[tuple[Completion, Proposal]],
    ) -> list[Proposal]:
        """The proposals, those with errors that `base` has not without their program, but in the last
        round; the reply with the fewest errors is what the next round is about."""
        request, number = asked
        if number >= MAX_ROUNDS:
            return [proposal for _, proposal in answers]
        known = {(each.code, each.subject) for each in static_errors(task, base)}
        judged: list[Proposal] = []
        failed: list[tuple[int, int, list[Finding]]] = []
        for place, (_, proposal) in enumerate(answers):
            found = [] if proposal.program is None else static_errors(task, proposal.program)
            new = [each for each in found if (each.code, each.subject) not in known]
            if new:
                failed.append((len(new), place, new))
                judged.append(replace(proposal, program=None, description="", error=_said(new)))
            else:
                judged.append(proposal)
        if failed:
            _, place, errors = min(failed, key=lambda each: each[:2])
            completion, proposal = answers[place]
            question = self._question(task, target, errors, proposal.program or base)
            reply = Message("assistant", completion.text)
            messages = (*request.messages, reply, Message("user", question))
            self._open[task, node] = _Open(messages, number + 1)
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return judged

    def _question(self, task: Task, target: Target, errors: list[Finding], program: Program) -> str:
        start, end = (program.regions or ((0, len(program.source)),))[target.region]
        first = program.source.count("\n", 0, start) + 1
        shown = [_within(each, first) for each in errors[:MAX_FINDINGS]]
        function = program.source[start:end]
        text = f"{target.name} {task.statement} {function}"
        asked = replies.instructions(estimate_tokens(function))
        return wording.request(shown, entries(task, errors, text), asked)


def _said(errors: Sequence[Finding]) -> str:
    return "; ".join(map(str, errors[:MAX_FINDINGS]))


def _within(finding: Finding, first: int) -> str:
    """The finding with its line counted within the function; of an import above it as it is."""
    line = finding.line - first + 1
    return str(finding._replace(line=line)) if line > 0 else str(finding)
