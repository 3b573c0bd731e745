"""The proposer of edit operators: enumerates a function's small edits and offers them best first.

A refinement that gained checks is first joined with earlier ones that gained others. With a model,
the first few hundred edits of the user's program are ordered anew by its likelihood of them.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from coderepair.edit.regions import functions, region_text, replace_region
from coderepair.edit.syntax import compile_error
from coderepair.errors import SandboxError
from coderepair.feedback import build_for_edits
from coderepair.feedback.target import locate
from coderepair.model import CheckResult, Limits, Node, Outcome, Program, Proposal, Task
from coderepair.propose import calibration
from coderepair.propose.evidence import Evidence
from coderepair.propose.joining import joined
from coderepair.propose.likelihood import Candidate, Likelihood
from coderepair.propose.operators import Edit, FunctionContext, Scope, Surroundings, enumerate_edits
from coderepair.propose.parsing import parsing
from coderepair.propose.ranking import Ranker, default_ranker
from coderepair.propose.synthesis import survey

if TYPE_CHECKING:
    from coderepair.contracts import Observer, Policy
    from coderepair.search.tree import Tree

_WORTH_OBSERVING = 0.15
"""A node is run once more, to see what its edits would do, if they are at least so likely to mend the task as
the root's (`calibration.on_the_way`): it takes as long as evaluating some dozens of candidates."""
_OTHER_TARGET = 2.0
"""Loss of score, in nats, for each place of a function in the task's list of targets."""
_ALONE = 128
"""Edits of the function that still fails that a program on the way offers before any of the others:
listing them takes as long as evaluating some dozens of candidates."""
_MOST_CACHED = 256
_LONGEST_TEST_TEXT = 40_000


_Surveyed = tuple[list[Edit], dict[Edit, Evidence] | None]
_Survey = Callable[[FunctionContext, Scope], _Surveyed]


class _Listing:
    """The ordered edits of one node, made as far as they are asked for."""

    def __init__(self, candidates: Iterator[Proposal]) -> None:
        self._rest = candidates
        self._made: list[Proposal] = []

    def slice(self, rank: int, k: int) -> list[Proposal]:
        while len(self._made) < rank + k:
            proposal = next(self._rest, None)
            if proposal is None:
                break
            self._made.append(proposal)
        return self._made[rank : rank + k]


class EditProposer:
    """Proposes the edits of all operators; deterministic, needs no model but uses one it is given."""

    name = "operators"

    def __init__(
        self,
        policy: Policy | None = None,
        ranker: Ranker | None = None,
        observer: Observer | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`observer` runs a program once more, within `limits`, to see what its edits would do."""
        self._likelihood = None if policy is None else Likelihood(policy)
        self._ranker = ranker
        self._observer = observer
        self._limits = limits or Limits()
        self._listings: OrderedDict[tuple[Task, str], _Listing] = OrderedDict()

    def chance(self, tree: Tree, node: Node, rank: int) -> float:
        """From the rank-survival curves of `propose.calibration`."""
        return calibration.chance(tree, node, rank)

    def propose(self, task: Task, tree: Tree, node: Node, rank: int, k: int) -> list[Proposal]:
        """Edits that compile and differ in syntax; fewer than k when there are no more."""
        if node.program is None:
            return []
        key = (task, node.program.key)
        listing = self._listings.pop(key, None) or _Listing(
            self._all(task, tree, node, node.program)
        )
        self._listings[key] = listing
        while len(self._listings) > _MOST_CACHED:
            self._listings.popitem(last=False)
        return listing.slice(rank, k)

    def _all(self, task: Task, tree: Tree, node: Node, program: Program) -> Iterator[Proposal]:
        """Every edit of every target as a proposal, best first."""
        if _unparsable(node) and compile_error(program.source) is not None:
            yield from parsing(task, program, self.name)
            return
        contexts = dict(_contexts(task, node, program))
        worth = calibration.on_the_way(tree, node) >= _WORTH_OBSERVING
        survey_of = self._surveying(task, node, program) if worth else _enumerated
        ranked = self._ranked(contexts, node, program, task, survey_of)
        if self._likelihood is not None and node.parent is None:
            # Scoring a tier takes the model as long as evaluating a hundred candidates.
            feedback = build_for_edits(task, tree, node)
            ranked = self._likelihood.fused(feedback, contexts, ranked)
        seen = {program.key}
        for both in joined(tree, node):
            if both.key not in seen and compiles(both.source):
                seen.add(both.key)
                yield Proposal(both, self.name, "joined with an earlier refinement")
        for candidate in ranked:
            edited = _edited(program, contexts[candidate.region], candidate)
            if edited is not None and edited.key not in seen:
                seen.add(edited.key)
                words = describe(contexts[candidate.region], candidate.edit)
                yield Proposal(edited, self.name, words)

    def _surveying(self, task: Task, node: Node, program: Program) -> _Survey:
        """What lists the edits of a function of `program`, and tells what they would change in its run."""
        observer, report = self._observer, node.report

        def survey_of(context: FunctionContext, scope: Scope) -> _Surveyed:
            if observer is not None and report is not None:
                with contextlib.suppress(SandboxError):  # whoever runs the candidates will say so
                    observe = partial(observer.observe, task, program, limits=self._limits)
                    return survey(context, scope, observe, report)
            return _enumerated(context, scope)

        return survey_of

    def _ranked(
        self,
        contexts: dict[int, FunctionContext],
        node: Node,
        program: Program,
        task: Task,
        survey_of: _Survey,
    ) -> Iterator[Candidate]:
        """All edits, best first. Below the root the first of several functions begins alone."""
        places = _places(task, node, program)
        first = contexts
        if node.parent is not None and len(contexts) > 1:
            chosen = min(contexts, key=lambda region: places.get(region, len(places)))
            first = {chosen: contexts[chosen]}
        listed = self._listed(first, places, survey_of)
        yield from islice(listed, _ALONE)
        others = {region: contexts[region] for region in contexts.keys() - first.keys()}
        yield from _merged([listed, self._listed(others, places, survey_of)])

    def _listed(
        self,
        contexts: dict[int, FunctionContext],
        places: dict[int, int],
        survey_of: _Survey,
    ) -> Iterator[Candidate]:
        """The edits of some functions, best first; those of one are sorted as far as they are drawn."""
        return _merged(
            [
                self._of_one(region, contexts[region], places, survey_of)
                for region in sorted(contexts)
            ]
        )

    def _of_one(
        self,
        region: int,
        context: FunctionContext,
        places: dict[int, int],
        survey_of: _Survey,
    ) -> Iterator[Candidate]:
        ranker = self._ranker or default_ranker()
        scope = Scope(context)
        loss = _OTHER_TARGET * places.get(region, len(places))
        edits, evidence = survey_of(context, scope)
        for item in ranker.ordered(context, scope, edits, evidence):
            yield Candidate(region, item.edit, item.score - loss)


def _unparsable(node: Node) -> bool:
    """Whether the project's own interpreter, which may be another version, could not parse the program."""
    checks = node.report.checks if node.report else ()
    return any(check.failure is not None and check.failure.kind == "syntax" for check in checks)


def _enumerated(context: FunctionContext, scope: Scope) -> _Surveyed:
    return enumerate_edits(context, scope), None


def describe(context: FunctionContext, edit: Edit) -> str:
    """A few words for people: `line 7: '<' -> '<='`."""
    line = context.line(edit.anchor) + context.around.first_line - 1
    if edit.old and edit.new:
        words = f"'{_cut(edit.old)}' -> '{_cut(edit.new)}'"
    elif edit.new:
        words = edit.new if edit.new.startswith("move ") else f"insert '{_cut(edit.new)}'"
    else:
        words = f"delete '{_cut(edit.old)}'"
    more = f" at {edit.sites} places" if edit.sites > 1 else ""
    return f"line {line}: {words}{more}"


def compiles(text: str) -> bool:
    """Whether a function's text compiles without a complaint; a method may be indented."""
    source = f"if 1:\n{text}" if text[:1] in " \t" else text
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        try:
            compile(source, "<edit>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, SyntaxWarning):
            return False
    return True


def _merged(lists: Sequence[Iterator[Candidate]]) -> Iterator[Candidate]:
    """Several functions' edits as one list. Each list keeps its order, which is spread over sites:
    an edit comes no sooner than the lowest score that stands before it in its own list."""
    levelled = (_levelled(candidates) for candidates in lists)
    return (item for _, item in heapq.merge(*levelled, key=itemgetter(0)))


def _levelled(candidates: Iterator[Candidate]) -> Iterator[tuple[float, Candidate]]:
    lowest = math.inf
    for candidate in candidates:
        lowest = min(lowest, candidate.score)
        yield -lowest, candidate


def _cut(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _edited(program: Program, context: FunctionContext, candidate: Candidate) -> Program | None:
    text = candidate.edit.apply(context.text)
    return replace_region(program, candidate.region, text) if compiles(text) else None


def _contexts(task: Task, node: Node, program: Program) -> Iterator[tuple[int, FunctionContext]]:
    """The regions of a program that hold one function each, with their surroundings."""
    report = node.report
    checks: tuple[CheckResult, ...] = report.checks if report else ()
    failures = tuple(check for check in checks if check.outcome is not Outcome.PASS)
    tests = _test_text(task)
    whole = ((0, len(program.source)),)
    for region, (start, end) in enumerate(program.regions or whole):
        around = Surroundings(
            failures,
            file_text=program.source[:start] + program.source[end:],
            test_text=tests,
            statement=task.statement,
            checks=len(checks),
            first_line=program.source.count("\n", 0, start) + 1,
        )
        try:
            script = not program.regions
            yield region, FunctionContext(region_text(program, region), around, script)
        except (SyntaxError, ValueError, RecursionError):
            continue


def _places(task: Task, node: Node, program: Program) -> dict[int, int]:
    """Place of each region's function, the most suspicious one first.

    The task's order comes from a trace of the user's program; below the root some of its failures are
    mended, and the function that still fails comes first.
    """
    try:
        starts = {function.start: function.qualname for function in functions(program.source)}
    except (SyntaxError, ValueError, RecursionError):
        return {}
    fails = () if node.parent is None else (locate(task, program, node.report).name,)
    names = dict.fromkeys((*fails, *task.targets))
    order = {name: place for place, name in enumerate(names)}
    return {
        region: order.get(starts.get(start, ""), len(order))
        for region, (start, _) in enumerate(program.regions)
    }


def _test_text(task: Task) -> str:
    """Text of the test files, as far as it can be read and is of a sensible size."""
    texts = []
    for test in task.tests:
        try:
            texts.append(Path(test.path).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return "\n".join(texts)[:_LONGEST_TEST_TEXT]
