"""Models as proposers: a chat model writes whole functions, the embedded model writes edits."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from coderepair.edit import reply as replies
from coderepair.edit.regions import (
    indentation,
    program_of,
    region_text,
    reindent,
    replace_region,
)
from coderepair.edit.whole_function import check_compiles
from coderepair.errors import EditError, PolicyError
from coderepair.feedback import build, build_for_edits
from coderepair.feedback.context import imports
from coderepair.feedback.kinds import COCOGEN, FAILURES, LDB, Sources
from coderepair.feedback.target import Target, locate
from coderepair.model import Completion, Feedback, Node, Program, Proposal, Request, Task
from coderepair.policy.base import ModelPolicy, estimate_tokens
from coderepair.prompt import chat, edit_dialect
from coderepair.propose.calibration import Curve, on_the_way
from coderepair.propose.static_rounds import StaticRounds
from coderepair.propose.verdicts import Asked, Verdicts

if TYPE_CHECKING:
    from coderepair.search.tree import Tree

_CHAT_PRIOR = (0.6, 3.0)
"""Beta prior of the chance that one sample of a chat model solves a task."""
_MIN_REPLY, _MAX_REPLY = 256, 1024
_START_TEMPERATURE, _TEMPERATURE_STEP, _MAX_TEMPERATURE = 0.6, 0.03, 1.0
_WORDS = 100
"""Longest description of a change, in characters."""
_EDIT_TOKENS = 64
"""An edit has about 20 tokens."""
_EDIT_TEMPERATURES = (0.8, 1.0)
_EDIT_CURVE = Curve(0.003, 4.0, 1.6)
"""Chance of the edit of each rank at the root, given that those before it failed, and the first dozens
of the operators' edits as well: what they have in common the operators found first.

Measured on 236 bugs of the problem bank that no training had seen: of the 138 that the operators' first
50 edits leave unsolved, 2 are solved by one of 9 samples each, the second to fourth."""
_MOST_CACHED = 256
"""Nodes whose samples are kept; those of others can be drawn again."""


class ChatProposer:
    """Asks for the whole function. A reply without a usable one is a proposal without a program.

    The k samples of a pull come from one prompt; seeds depend on `seed`, node and rank alone. With the
    feedback `cocogen` a reply with static errors is sent back at the next pull (`propose.static_rounds`);
    with `ldb` the model is asked first which blocks of the failing call are wrong (`propose.verdicts`).
    """

    name = "chat"

    def __init__(
        self,
        policy: ModelPolicy,
        *,
        seed: int = 0,
        feedback: Sequence[str] = (FAILURES,),
        sources: Sources | None = None,
    ) -> None:
        """`feedback` names kinds of `feedback.kinds`, for which `sources` is at hand."""
        self._policy = policy
        self._seed = seed
        self._feedback = feedback
        self._sources = sources or Sources(seed=seed)
        self._rounds = StaticRounds(policy) if COCOGEN in feedback else None
        self._verdicts = Verdicts(policy, seed) if LDB in feedback else None
        self.trimmed: tuple[str, ...] = ()
        """What the last prompt left out to fit the model's context."""

    def chance(self, tree: Tree, node: Node, rank: int) -> float:  # noqa: ARG002
        """Mean of the Beta posterior after `rank` samples of this node that failed."""
        hits, misses = _CHAT_PRIOR
        return hits / (hits + misses + rank)

    def propose(self, task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:
        """Always k proposals, for a model never runs out of replies. Raises `PolicyError`."""
        base = node.program or tree.root.program
        if base is None:
            return []
        target = locate(task, base, node.report or tree.root.report)
        shown = self._feedback_about(task, tree, node)
        asked = self._request(shown.feedback, node, base, rank, k), 1
        if self._rounds is not None:
            asked = self._rounds.continued(task, node.id, asked[0])
        completions = self._policy.complete([asked[0]])[0]
        proposals = [
            self._proposal(completion, task, base, target, first=index == 0)
            for index, completion in enumerate(completions)
        ]
        proposals[:1] = [
            replace(each, calls=each.calls + shown.calls, tokens=each.tokens + shown.tokens)
            for each in proposals[:1]
        ]
        if self._rounds is None:
            return proposals
        answers = list(zip(completions, proposals, strict=True))
        return self._rounds.judged(task, node.id, base, target, asked, answers)

    def _feedback_about(self, task: Task, tree: Tree, node: Node) -> Asked:
        """What is shown, with the model's own verdicts where it is asked for them."""
        feedback = build(task, tree, node, self._feedback, self._sources)
        return Asked(feedback) if self._verdicts is None else self._verdicts.added(feedback)

    def _request(self, feedback: Feedback, node: Node, base: Program, rank: int, k: int) -> Request:
        function = estimate_tokens(feedback.function)
        reply = min(2 * function + _MIN_REPLY, function + _MAX_REPLY)
        context = self._policy.context_size()
        # Half of a small context is the most that the reply may claim before anything is trimmed.
        reply = min(reply, context // 2) if context else reply
        prompt = chat.render(
            feedback,
            self._policy.count_tokens,
            context - reply if context else None,
            rewrite=node.program is None,
            imports=imports(base.source),
            request=replies.instructions(function),
        )
        self.trimmed = prompt.trimmed
        return Request(
            messages=prompt.messages,
            n=k,
            max_tokens=reply,
            temperature=min(_MAX_TEMPERATURE, _START_TEMPERATURE + _TEMPERATURE_STEP * rank),
            seed=_seed(self._seed, node.id, rank),
        )

    def _proposal(
        self, completion: Completion, task: Task, base: Program, target: Target, *, first: bool
    ) -> Proposal:
        made = Proposal(
            None,
            self.name,
            calls=int(first),
            tokens=completion.tokens + completion.prompt_tokens,
        )
        # Of a function that was cut off, what is there may be valid Python all the same.
        if completion.finish_reason != "stop" and not replies.is_complete(completion.text):
            return replace(made, error=f"the reply was cut off after {completion.tokens} tokens")
        try:
            program = replies.parse(completion.text, base, target.name, target.region, task.targets)
        except EditError as error:
            return replace(made, error=str(error))
        return replace(made, program=program, description=_change(base, program))


@dataclass(slots=True)
class _Drawn:
    """What was sampled for one node."""

    proposals: list[Proposal]
    """Those handed out keep their places; later rounds are put behind them."""
    keys: set[str]
    rounds: int = 0


class EmbeddedProposer:
    """Samples edits from a model of the edit dialect, likeliest first.

    The first round has `samples` replies, each further one as many again, until `rounds` are spent;
    that costs no model call of the budget, for the model is ours and answers in milliseconds.
    """

    name = "embedded"

    def __init__(
        self, policy: ModelPolicy, *, seed: int = 0, samples: int = 32, rounds: int = 3
    ) -> None:
        if policy.dialect != edit_dialect.DIALECT:
            raise PolicyError(
                f"{policy.name} speaks {policy.dialect}, not {edit_dialect.DIALECT}; "
                "use the model that this version of coderepair was made with"
            )
        self._policy = policy
        self._seed = seed
        self._samples, self._rounds = samples, rounds
        self._drawn: OrderedDict[tuple[Task, str], _Drawn] = OrderedDict()

    def chance(self, tree: Tree, node: Node, rank: int) -> float:
        """From curves over the rank; 0 behind the last one possible."""
        if node.program is None or rank >= self._samples * self._rounds:
            return 0.0
        return on_the_way(tree, node) * _EDIT_CURVE(rank)

    def propose(self, task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:
        """Distinct programs only; fewer than k when all rounds are spent. Raises `PolicyError`."""
        if node.program is None:
            return []
        key = task, node.program.key
        drawn = self._drawn.pop(key, None) or _Drawn([], {node.program.key})
        self._drawn[key] = drawn
        while len(self._drawn) > _MOST_CACHED:
            self._drawn.popitem(last=False)
        while len(drawn.proposals) < rank + k and drawn.rounds < self._rounds:
            self._draw(task, tree, node, node.program, drawn)
        return drawn.proposals[rank : rank + k]

    def _draw(self, task: Task, tree: Tree, node: Node, base: Program, drawn: _Drawn) -> None:
        """One more round of samples."""
        feedback = build_for_edits(task, tree, node)
        target = locate(task, base, node.report)
        request = Request(
            text=edit_dialect.render(feedback),
            n=self._samples,
            max_tokens=_EDIT_TOKENS,
            temperature=_EDIT_TEMPERATURES[min(drawn.rounds, len(_EDIT_TEMPERATURES) - 1)],
            top_p=1.0,
            stop=(edit_dialect.END,),
            seed=_seed(self._seed, int(base.key[:12], 16), drawn.rounds),
        )
        drawn.rounds += 1
        likelihood: dict[str, float] = {}
        found: dict[str, tuple[Program, str]] = {}
        for completion in self._policy.complete([request])[0]:
            if completion.finish_reason != "stop":
                continue
            try:
                program = _edited(
                    edit_dialect.decode(feedback, completion.text), base, target, task
                )
            except EditError:
                continue
            score = completion.logprob or 0.0
            likelihood[program.key] = _log_add(likelihood.get(program.key, -math.inf), score)
            found.setdefault(program.key, (program, _change(base, program)))
        new = sorted(found.keys() - drawn.keys, key=lambda key: (-likelihood[key], key))
        drawn.keys.update(new)
        drawn.proposals += [Proposal(found[key][0], self.name, found[key][1]) for key in new]


def _edited(function: str, base: Program, target: Target, task: Task) -> Program:
    """The program of `base` with a new text of its target. Raises `EditError` if it does not compile."""
    if not base.regions:  # the file did not parse, so it was shown as a whole
        check_compiles(function, target.name)
        return program_of(function, task.targets)
    prefix = indentation(region_text(base, target.region))
    program = replace_region(base, target.region, reindent(function.rstrip("\n"), prefix))
    check_compiles(program.source, target.name)
    return program


def _change(old: Program, new: Program) -> str:
    """The first change in a few words, `line 7: a < b -> a <= b`, and how many more there are."""
    before, after = old.source.split("\n"), new.source.split("\n")
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    if not changes:
        return "no change"
    tag, low, _, start, _ = changes[0]
    removed = before[low].strip() if tag != "insert" else ""
    added = after[start].strip() if tag != "delete" else ""
    words = {"insert": f"insert {added}", "delete": f"delete {removed}"}
    text = words.get(tag, f"{removed} -> {added}")
    text = text if len(text) <= _WORDS else text[: _WORDS - 3] + "..."
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"line {low + 1}: {text}{more}"


def _log_add(left: float, right: float) -> float:
    """log(exp(left) + exp(right))."""
    high, low = max(left, right), min(left, right)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def _seed(seed: int, node: int, rank: int) -> int:
    """Distinct for every node and rank, below 2**63."""
    return ((seed * 1_000_003 + node) * 1_000_003 + rank) & (2**63 - 1)
