"""What ranker and model say of the edits of bugs, and which edits mend them: data to fit the fusion on.

For each bug the first `most` edits of the linear ranking, with their score, the log-likelihood that the
model gives the edit (split into where and what), and whether the program passes every test; beside
them the model's own samples as `EmbeddedProposer` hands them out. Written as JSON Lines.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from textwrap import dedent

from coderepair.edit.regions import replace_region
from coderepair.errors import EditError, PolicyError
from coderepair.feedback import build_for_edits
from coderepair.model import Feedback, Outcome, Program, Task
from coderepair.policy.base import ModelPolicy
from coderepair.policy.llama_cpp import LlamaCppPolicy
from coderepair.prompt import edit_dialect
from coderepair.propose.edits import compiles
from coderepair.propose.model import EmbeddedProposer
from coderepair.propose.ranking import Ranker, default_ranker, unpack
from coderepair.search.tree import Tree
from coderepair_training.execution import quiet
from coderepair_training.guard import Guard
from coderepair_training.judge import repairs
from coderepair_training.pools import (
    Situation,
    WrongProgram,
    bank_bugs,
    injected_bugs,
    situation,
)

_PLACE = re.compile(r"<\|(?:replace|delete|insert)\|><\|\d+\|>")


@dataclass(frozen=True, slots=True)
class Judged:
    """An edit of the operators."""

    kind: str
    statement: int
    """Line of the statement it stands in, 1-based: edits of one statement pay a toll."""
    node: int
    """Number of the node that it changes, the same for edits of the same node."""
    linear: float
    place: float | None
    """Log-likelihood of the kind and the line of the first edit of the reply, None if not shown."""
    whole: float | None
    """Log-likelihood of the whole reply."""
    solves: bool
    reply: str
    """The edit in the dialect, empty if it cannot be said."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A sample of the model's own, in the order in which they are proposed."""

    solves: bool
    in_pool: int
    """Place among the operators' edits, -1 if it is none of the first."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One bug."""

    id: str
    problem: str
    source: str
    split: str
    prompt: str
    edits: list[Judged]
    samples: list[Sampled]


class Bench:
    """A bug as the product meets it, and its judge."""

    def __init__(self, bug: WrongProgram, found: Situation) -> None:
        self.bug, self.found = bug, found
        task = Task("/x.py", bug.buggy, (found.target,), (), "/", "", statement=bug.statement)
        self.task, self.tree = task, Tree(found.program, found.report, ("operators",))
        self.feedback = build_for_edits(self.task, self.tree, self.tree.root)
        passed = [check.outcome is Outcome.PASS for check in found.report.checks]
        self._tests = [
            bug.tests[number] for number in sorted(range(len(passed)), key=passed.__getitem__)
        ]

    def solved(self, programs: Sequence[Program]) -> list[bool]:
        """Whether every test passes, for each program."""
        return repairs([each.source for each in programs], self.bug.setup, self._tests)


def collect(
    bug: WrongProgram, policy: ModelPolicy | None, ranker: Ranker, most: int
) -> Outcomes | None:
    """The outcomes of one bug; None if it spans functions or passes. Without a policy there are no
    likelihoods and no samples."""
    found = situation(bug)
    if found is None or found.report.solved:
        return None
    bench = Bench(bug, found)
    prompt = edit_dialect.render(bench.feedback)
    places: dict[str, int] = {}
    edits = list(_edits(bench, policy, ranker, most, places))
    own = list(_own(bench, policy)) if policy else []
    samples = [
        Sampled(solves, places.get(program.key, -1))
        for program, solves in zip(own, bench.solved(own), strict=True)
    ]
    return Outcomes(bug.id, bug.problem, bug.source, bug.split, prompt, edits, samples)


def _edits(
    bench: Bench, policy: ModelPolicy | None, ranker: Ranker, most: int, places: dict[str, int]
) -> Iterator[Judged]:
    """The first edits; fills in the places of their programs."""
    found = bench.found
    context, base = found.context, found.program
    ranked = []
    for item in ranker.ordered(context, found.scope, found.edits, found.evidence):
        text = item.edit.apply(context.text)
        program = replace_region(base, 0, text) if compiles(text) else base
        if program.key != base.key and program.key not in places:
            places[program.key] = len(places)
            ranked.append((item, program))
        if len(ranked) == most:
            break
    replies = [_reply(bench.feedback, item.edit.apply(context.text)) for item, _ in ranked]
    likelihood = _likelihoods(policy, edit_dialect.render(bench.feedback), replies)
    nodes: dict[int, int] = {}
    verdicts = bench.solved([program for _, program in ranked])
    for (item, _), reply, solves in zip(ranked, replies, verdicts, strict=True):
        anchor = item.edit.anchor
        statement = anchor if anchor is context.function else context.statement_of(anchor)
        yield Judged(
            item.edit.kind,
            context.line(statement),
            nodes.setdefault(id(anchor), len(nodes)),
            round(item.score, 4),
            likelihood.get(_opening(reply)),
            likelihood.get(reply),
            solves,
            reply,
        )


def _reply(feedback: Feedback, function: str) -> str:
    """The edit in the dialect, empty if it cannot be said."""
    try:
        return edit_dialect.encode(feedback, dedent(function))
    except EditError:
        return ""


def _opening(reply: str) -> str:
    found = _PLACE.match(reply)
    return found[0] if found else ""


def _likelihoods(
    policy: ModelPolicy | None, prompt: str, replies: Sequence[str]
) -> dict[str, float]:
    if policy is None:
        return {}
    texts = [text for text in dict.fromkeys([*replies, *map(_opening, replies)]) if text]
    try:
        scores = policy.score(prompt, texts)
    except PolicyError:
        return {}
    return {text: round(score, 4) for text, score in zip(texts, scores, strict=True)}


def _own(bench: Bench, policy: ModelPolicy) -> Iterator[Program]:
    """Programs of the embedded proposer's first round."""
    proposer = EmbeddedProposer(policy, rounds=1)
    for proposal in proposer.propose(bench.task, bench.tree, bench.tree.root, 0, 64):
        if proposal.program is not None:
            yield proposal.program


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.outcomes", description=__doc__)
    parser.add_argument("--model", type=Path, help="GGUF that speaks the edit dialect")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--records", type=Path, help="JSON Lines of injected bugs")
    source.add_argument("--bank", help="split of the problem bank")
    parser.add_argument("--problems", type=Path, help="only those whose ids stand here")
    parser.add_argument("--part", default="0/1", help="`i/n`: bugs i, i + n, ... (default 0/1)")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of guarded *.jsonl")
    parser.add_argument("--ranker", type=Path, help="weights, by default those that ship")
    parser.add_argument("--most", type=int, default=256, help="edits kept of a bug")
    parser.add_argument("--count", type=int, default=200, help="bugs, chosen at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    quiet()
    ranker = Ranker(unpack(options.ranker.read_bytes())) if options.ranker else default_ranker()
    policy = LlamaCppPolicy(options.model) if options.model else None
    bugs = _bugs(options)
    Random(options.seed).shuffle(bugs)
    first, step = map(int, options.part.split("/"))
    made = (collect(bug, policy, ranker, options.most) for bug in bugs[first::step])
    with options.out.open("w", encoding="utf-8") as out:
        for outcomes in islice((each for each in made if each is not None), options.count):
            out.write(json.dumps(asdict(outcomes)) + "\n")
            out.flush()
    return 0


def _bugs(options: argparse.Namespace) -> list[WrongProgram]:
    if options.records:
        bugs = list(injected_bugs(options.records))
    else:
        guarded = bank_bugs(Guard.of_folder(options.benchmarks))
        bugs = [bug for bug in guarded if bug.split == options.bank]
    if options.problems:
        wanted = set(options.problems.read_text(encoding="utf-8").split())
        bugs = [bug for bug in bugs if bug.problem in wanted]
    return bugs


if __name__ == "__main__":
    sys.exit(main())
