"""Compares the programs that pass all checks: on which calls they differ, and which is likeliest right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from coderepair.comparison import Comparison, Difference, Rival
from coderepair.edit.size import changed_tokens
from coderepair.model import Limits, Node, Program, Task
from coderepair.runner import ForkRunner
from coderepair.runner.calling import Call
from coderepair.trust import behaviour, special
from coderepair.trust.calls import and_generated, come_to, made_by_tests, text_of
from coderepair.trust.choice import Traits, chances, ordered

MOST_PROGRAMS = 16
"""Programs that are compared; those found later only count."""
SHOWN_RIVALS, SHOWN_CALLS = 5, 3


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
    seen = made_by_tests(task, runner, programs[0], limits)
    calls = and_generated(task, seen, sources[:MOST_PROGRAMS], seed)
    original, *found = come_to(task, runner, programs, calls)
    shares = chances(
        [
            traits_of(
                task.source, _source(node), max(0, node.id - nodes[0].id), seen, mine, original
            )
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


def traits_of(
    original: str,
    source: str,
    beyond: int,
    seen: Sequence[Call],
    mine: behaviour.Outcomes,
    before: behaviour.Outcomes,
) -> Traits:
    """Of a program that was proposed `beyond` programs behind the first; its calls come to `mine`, those of
    the original to `before`, and the first of them are those `seen` in the tests."""
    signs = special.signs(original, source, seen)
    return Traits(
        later=float(beyond > 0),
        place=math.log1p(beyond),
        size=math.log1p(changed_tokens(original, source)),
        special=float(bool(signs.special)),
        conditions=float(min(3, signs.conditions)),
        constants=float(min(3, len(signs.constants))),
        crashes=behaviour.crashes(mine, before),
        kept=behaviour.kept(mine, before),
        distinct=behaviour.distinct(mine[len(seen) :]),
    )


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
