"""Compares the programs that pass all checks: on which calls they differ, and which is likeliest right."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from coderepair.compact import root_program
from coderepair.comparison import Comparison, Difference, Rival
from coderepair.model import Limits, Node, Program, Task
from coderepair.runner import ForkRunner
from coderepair.runner.calling import TIMED_OUT, Call, captured, outcomes
from coderepair.trust import behaviour, special
from coderepair.trust.choice import Traits, chances, ordered
from coderepair.trust.inputs import generated

MOST_CALLS = 160
"""Generated calls that the programs are compared on."""
MOST_PROGRAMS = 16
"""Programs that are compared; those found later only count."""
SHOWN_RIVALS, SHOWN_CALLS = 5, 3
CALL_LIMITS = Limits(test_timeout_s=1.0, total_timeout_s=3.0)


def examine(
    task: Task,
    runner: ForkRunner,
    nodes: Sequence[Node],
    limits: Limits,
    *,
    seed: int = 0,
    by_agreement: bool = True,
) -> Comparison:
    """`nodes` pass all checks; the first is the one that was found first, and is chosen unless the choice
    is `by_agreement`. Raises `SandboxError`.

    Deterministic for a seed, as far as the programs are and end in time.
    """
    sources = [node.program.source for node in nodes if node.program is not None]
    programs = [Program(source) for source in sources[:MOST_PROGRAMS]]
    seen = _seen(task, runner, programs[0], limits)
    calls = _calls(task, seen, sources[:MOST_PROGRAMS], seed)
    original, *found = _outcomes(task, runner, programs, calls)
    shares = chances(
        [
            _traits(task, seen, nodes[0], node, mine, original)
            for node, mine in zip(nodes, found, strict=False)
        ]
    )
    groups = ordered(behaviour.groups(found), shares)
    if not by_agreement:
        groups.sort(key=lambda group: 0 not in group)
        groups[0].sort()
    chosen = nodes[groups[0][0]]
    return Comparison(
        chosen=chosen.id,
        first=nodes[0].id,
        plausible=len(nodes),
        alike=len(groups[0]),
        share=_share(groups[0], shares),
        calls=len(calls),
        rivals=tuple(
            Rival(
                nodes[group[0]].id,
                nodes[group[0]].description,
                len(group),
                _share(group, shares),
                _differences(calls, found[groups[0][0]], found[group[0]]),
            )
            for group in groups[1 : 1 + SHOWN_RIVALS]
        ),
        special=special.signs(task.source, _source(chosen), seen).special,
    )


def _share(group: Sequence[int], shares: Sequence[float]) -> float:
    return round(sum(shares[index] for index in group), 4)


def _source(node: Node) -> str:
    return "" if node.program is None else node.program.source


def _seen(task: Task, runner: ForkRunner, program: Program, limits: Limits) -> list[Call]:
    """The calls that the tests make, in their order; of a program that passes, so that all are made."""
    found = captured(runner, task, program, limits)
    return list(dict.fromkeys(call for calls in found.values() for call in calls))


def _calls(task: Task, seen: Sequence[Call], sources: Sequence[str], seed: int) -> list[Call]:
    constants = special.constants(sources, task.source)
    return [*seen, *generated(seen, constants, MOST_CALLS, seed)]


def _outcomes(
    task: Task, runner: ForkRunner, programs: Sequence[Program], calls: list[Call]
) -> list[behaviour.Outcomes]:
    """Of the original, then of the programs. What the first one does not end in time is not asked of the
    others, whom it would take as long."""
    (first,) = outcomes(runner, task, programs[:1], calls, CALL_LIMITS)
    quick = [place for place, outcome in enumerate(first) if outcome not in ("", TIMED_OUT)]
    others = [root_program(task), *programs[1:]]
    asked = [calls[place] for place in quick]
    original, *rest = outcomes(runner, task, others, asked, CALL_LIMITS)
    return [
        _spread(each, quick, len(calls))
        for each in (original, tuple(first[p] for p in quick), *rest)
    ]


def _spread(outcomes_: behaviour.Outcomes, places: Sequence[int], count: int) -> behaviour.Outcomes:
    """Outcomes of some calls as those of all."""
    found = [""] * count
    for place, outcome in zip(places, outcomes_, strict=True):
        found[place] = outcome
    return tuple(found)


def _traits(
    task: Task,
    seen: Sequence[Call],
    first: Node,
    node: Node,
    mine: behaviour.Outcomes,
    original: behaviour.Outcomes,
) -> Traits:
    source = _source(node)
    signs = special.signs(task.source, source, seen)
    return Traits(
        place=math.log1p(max(0, node.id - first.id)),
        size=math.log1p(changed(task.source, source)),
        special=float(bool(signs.special)),
        conditions=float(min(3, signs.conditions)),
        constants=float(min(3, len(signs.constants))),
        crashes=behaviour.crashes(mine, original),
        kept=behaviour.kept(mine, original),
    )


def changed(original: str, source: str) -> int:
    """Words and signs that are in one text and not in the other, in order."""
    before, after = (re.findall(r"\w+|[^\w\s]", text) for text in (original, source))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    equal = sum(block.size for block in matcher.get_matching_blocks())
    return len(before) + len(after) - 2 * equal


def _differences(
    calls: Sequence[Call], mine: behaviour.Outcomes, theirs: behaviour.Outcomes
) -> tuple[Difference, ...]:
    places = behaviour.differing(mine, theirs)
    shortest = sorted(places, key=lambda place: (len(text_of(calls[place])), place))
    return tuple(
        Difference(
            text_of(calls[place]),
            behaviour.in_words(mine[place]),
            behaviour.in_words(theirs[place]),
        )
        for place in shortest[:SHOWN_CALLS]
    )


def text_of(call: Call) -> str:
    """A call as source: `f([], k=1)`, `Stack([1]).pop()`."""
    kind, dot, method = call.function.partition(".")
    if call.maker is not None:
        return (
            f"{kind}({_arguments(*call.maker)}){dot}{method}({_arguments(call.args, call.kwargs)})"
        )
    return f"{call.function}({_arguments(call.args, call.kwargs)})"


def _arguments(args: str, kwargs: str) -> str:
    try:
        positional, named = ast.literal_eval(args), ast.literal_eval(kwargs)
    except (ValueError, SyntaxError, TypeError):
        return "..."
    return ", ".join([*map(repr, positional), *(f"{k}={v!r}" for k, v in named.items())])
