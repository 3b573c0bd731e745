"""Edits that are made to fit what the checks need, rather than enumerated.

For a place of the function one run records how each of some hundred conditions comes out, visit by
visit. A condition is worth adding, as a guard, around a statement, or to a test, if it changes the way of
every failing check and of no passing one; values are judged likewise. What survives is little, so the
vocabulary can be large; none of it has cost a run of the tests. After SemFix (Nguyen et al. 2013) and
Angelix (Mechtaev et al. 2016), with enumeration in the place of a solver.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from coderepair.model import Site, TestReport
from coderepair.propose.evidence import (
    Evidence,
    Letters,
    Observe,
    by_outcome,
    gather,
    keeps,
    mends,
)
from coderepair.propose.operators import Edit, FunctionContext, Scope, enumerate_edits
from coderepair.propose.operators.precedence import ATOM, NOT, OR
from coderepair.propose.sites import leaves_no_trace, position
from coderepair.propose.vocabulary import conditions, opposite, values, variations

KEPT = 6
"""Edits kept of one place for one use, the first that fit."""
MOST_STATEMENTS, MOST_TESTS, MOST_VALUES = 14, 8, 8
"""Statements, tests and values that are looked at, in source order."""
_SIMPLE = ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Raise | ast.Break | ast.Continue
FALSE_FALSE, FALSE_TRUE, TRUE_FALSE, TRUE_TRUE, FALSE_RAISED, TRUE_RAISED = (
    1 << n for n in range(6)
)
"""Bits of the letters of `truth` sites: what is there, and what the condition would have been."""
_NOT_VISITED = "0"

Judged = tuple[Edit, Evidence]


class _Use(NamedTuple):
    """A way to add a condition."""

    differs: int
    """Bits that say that the run would have gone another way."""
    raises: int
    build: Callable[[str], Iterable[Edit]]


class _Place(NamedTuple):
    """Where conditions may be added."""

    site: Site
    uses: Sequence[_Use]


def survey(
    context: FunctionContext, scope: Scope, observe: Observe, report: TestReport
) -> tuple[list[Edit], dict[Edit, Evidence]]:
    """All edits of a function, enumerated and made to fit, and what is known of them."""
    edits = enumerate_edits(context, scope)
    evidence = gather(observe, report, context, edits)
    seen = {edit.replacements for edit in edits}
    made = synthesise(context, scope, observe, report) if evidence else {}
    new = {edit: known for edit, known in made.items() if edit.replacements not in seen}
    return [*edits, *new], evidence | new


def synthesise(
    context: FunctionContext, scope: Scope, observe: Observe, report: TestReport
) -> dict[Edit, Evidence]:
    """Edits that fit, with their evidence; nothing if no check fails."""
    statements = [
        statement for statement in context.statements if _may_be_guarded(context, statement)
    ]
    places = [_at_statement(context, scope, each) for each in statements[:MOST_STATEMENTS]]
    tests = [node for node in context.conditions if leaves_no_trace(context.source(node))]
    places += [_at_test(context, scope, node) for node in tests[:MOST_TESTS]]
    failing, passing = by_outcome(observe([place.site for place in places]), report)
    if not failing:
        return {}
    found: dict[Edit, Evidence] = {}
    for number, place in enumerate(places):
        for use in place.uses:
            found.update(_fitting(number, place, use, failing, passing))
    guards = [edit for edit in found if edit.kind == _OPEN_GUARD]
    valued = [*_guards(context, scope, guards), *_values(context, scope)]
    judged = gather(observe, report, context, valued)
    found = {edit: evidence for edit, evidence in found.items() if edit.kind != _OPEN_GUARD}
    return found | dict(_few(judged))


# ---- conditions ---------------------------------------------------------------------------------


def _fitting(
    number: int, place: _Place, use: _Use, failing: Letters, passing: Letters
) -> Iterator[Judged]:
    """The edits of the first conditions that change all failing checks, or some, and no passing one."""
    left = {"may": KEPT, "may some": KEPT // 3}
    alternatives = place.site.alternatives
    rows = [
        letters
        for checks in (failing, passing)
        for letters in _rows(number, checks, len(alternatives))
    ]
    for (condition, _), *bits in zip(alternatives, *rows, strict=True):
        letters = "".join(_letter(ord(each) - 48, use) for each in bits)
        evidence = Evidence(mends(letters[: len(failing)]), keeps(letters[len(failing) :]))
        if evidence.keeps in ("all", "none") and left.get(evidence.mends):
            left[evidence.mends] -= 1
            yield from ((edit, evidence) for edit in use.build(condition))


def _rows(number: int, checks: Letters, count: int) -> Iterator[str]:
    for check in checks:
        yield check.get(number, _NOT_VISITED * count)


def _letter(bits: int, use: _Use) -> str:
    if bits & use.raises:
        return "r"
    return "d" if bits & use.differs else "="


def _may_be_guarded(context: FunctionContext, statement: ast.stmt) -> bool:
    return (
        isinstance(statement, _SIMPLE | ast.If | ast.For | ast.While)
        and context.line_span(statement) is not None
        and not context.source(statement).startswith("elif")
    )


def _at_statement(context: FunctionContext, scope: Scope, statement: ast.stmt) -> _Place:
    """Before a statement: leave the loop's round, the loop or the function, or skip the statement."""
    loop = any(isinstance(above, ast.For | ast.While) for above in context.ancestors(statement))
    words = [("insert.skip", "continue"), ("insert.skip", "break")] if loop else []

    def leave(condition: str) -> Iterator[Edit]:
        for kind, word in [*words, (_OPEN_GUARD, "return")]:
            edit = context.insert_before(kind, statement, f"if {condition}:\n{context.step}{word}")
            if edit is not None:
                yield edit

    def only_if(condition: str) -> Iterator[Edit]:
        span = context.line_span(statement)
        if span is not None and isinstance(statement, _SIMPLE):
            lines = context.text[slice(*span)].splitlines(keepends=True)
            body = "".join(context.step + line if line.strip() else line for line in lines)
            head = f"{context.indent(statement)}if {condition}:\n"
            yield Edit("insert.if", statement, ((*span, head + body),), "", f"if {condition}:")

    uses = [_Use(FALSE_TRUE, FALSE_RAISED, leave), _Use(FALSE_FALSE, FALSE_RAISED, _opposed(leave))]
    uses += [
        _Use(FALSE_FALSE, FALSE_RAISED, only_if),
        _Use(FALSE_TRUE, FALSE_RAISED, _opposed(only_if)),
    ]
    return _Place(_site(context, scope, statement, "before", "False"), uses)


def _at_test(context: FunctionContext, scope: Scope, node: ast.expr) -> _Place:
    """To a test: narrower, wider, or another one."""

    def joined(word: str, least: int) -> Callable[[str], Iterator[Edit]]:
        own = context.operand(node, least)
        return lambda new: context.replace_many(f"condition.{word}", node, [f"{own} {word} {new}"])

    def instead(new: str) -> Iterator[Edit]:
        return context.replace_many("condition.replace", node, [new])

    narrow, wide = joined("and", NOT), joined("or", OR)
    uses = [
        _Use(TRUE_FALSE, TRUE_RAISED, narrow),
        _Use(TRUE_TRUE, TRUE_RAISED, _opposed(narrow)),
        _Use(FALSE_TRUE, FALSE_RAISED, wide),
        _Use(FALSE_FALSE, FALSE_RAISED, _opposed(wide)),
        _Use(FALSE_TRUE | TRUE_FALSE, FALSE_RAISED | TRUE_RAISED, instead),
        _Use(FALSE_FALSE | TRUE_TRUE, FALSE_RAISED | TRUE_RAISED, _opposed(instead)),
    ]
    return _Place(_site(context, scope, node, "at", context.source(node)), uses)


def _opposed(build: Callable[[str], Iterable[Edit]]) -> Callable[[str], Iterable[Edit]]:
    return lambda condition: build(opposite(condition))


def _site(context: FunctionContext, scope: Scope, node: ast.AST, where: str, base: str) -> Site:
    found = [(text, "") for text in conditions(scope, node) if leaves_no_trace(text)]
    return Site(position(context, node), where, "truth", base, tuple(found))


# ---- values -------------------------------------------------------------------------------------

_OPEN_GUARD = "insert.guard?"
"""A guard whose value is still to be found; its body is a bare `return`."""


def _guards(context: FunctionContext, scope: Scope, found: Iterable[Edit]) -> Iterator[Edit]:
    """Guards that fit, with values; and their conditions as choices within the statements they precede."""
    for edit in found:
        start, end, text = edit.replacements[0]
        statement = edit.anchor
        condition = edit.new.removeprefix("if ").removesuffix(": return")
        own = getattr(statement, "value", None)
        for value in values(scope, statement):
            new = f"{text.rstrip()} {value}\n"
            yield Edit("insert.guard", statement, ((start, end, new),), "", f"{edit.new} {value}")
            if isinstance(statement, ast.Return | ast.Assign) and isinstance(own, ast.expr):
                choice = f"{value} if {condition} else {context.operand(own, OR)}"
                yield from context.replace_many("choice.if", own, [choice])


def _values(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """Variations of what is returned, assigned or passed on."""
    nodes = [node for node in context.expressions if _carries(context, node)]
    for node in nodes[:MOST_VALUES]:
        text = context.operand(node, ATOM)
        yield from context.replace_many("wrap", node, variations(scope, text, node))


def _carries(context: FunctionContext, node: ast.expr) -> bool:
    """Whether a value goes on from here as a whole: returned, assigned, passed to a method."""
    above = context.parent(node)
    passed = isinstance(above, ast.Call) and node in above.args
    whole = isinstance(above, ast.Return | ast.Assign | ast.AugAssign | ast.For) or passed
    return whole and not isinstance(node, ast.Constant) and leaves_no_trace(context.source(node))


def _few(judged: dict[Edit, Evidence]) -> Iterator[Judged]:
    """Those that fit, of each place and kind the first ones."""
    taken: Counter[tuple[int, str, str]] = Counter()
    for edit, evidence in judged.items():
        fits = evidence.mends in ("all", "may", "some", "may some")
        key = (id(edit.anchor), edit.kind, evidence.mends)
        most = KEPT if evidence.mends in ("all", "may") else KEPT // 3
        if fits and evidence.keeps in ("all", "none") and taken[key] < most:
            taken[key] += 1
            yield edit, evidence
