"""Which functions of the file to suspect: a spectrum over checks (Ochiai) and what tracebacks name."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coderepair.edit.regions import FunctionNode, qualified
from coderepair.localise.spectrum import ochiai, spectrum_of
from coderepair.model import CheckResult, Outcome

MAX_TARGETS = 8
"""Functions that may be changed at once when the user names none."""
RAISED = 0.3
"""Added for the share of failing checks whose traceback ends in the function."""
CALLED = 0.05
"""Added when a failing check calls the function by name: breaks ties between it and its helpers."""


@dataclass(frozen=True, slots=True)
class Body:
    """Lines of a function that run when it is called, without those of functions inside it."""

    qualname: str
    lines: frozenset[int]
    """1-based."""

    @property
    def name(self) -> str:
        return self.qualname.rpartition(".")[2]


def bodies(source: str) -> list[Body]:
    """All functions of a file in source order. Raises SyntaxError."""
    return [Body(name, _own_lines(node)) for name, node in qualified(ast.parse(source))]


def _own_lines(function: FunctionNode) -> frozenset[int]:
    """Lines of the body without those of functions inside it."""
    inner = (each for each in ast.walk(function) if isinstance(each, FunctionNode))
    lines = _body_lines(function)
    return frozenset(
        lines.difference(*(_body_lines(each) for each in inner if each is not function))
    )


def _body_lines(function: FunctionNode) -> set[int]:
    return set(range(function.body[0].lineno, (function.end_lineno or function.lineno) + 1))


def suspicious_functions(
    source: str, checks: Sequence[CheckResult], lines: Mapping[str, frozenset[int]]
) -> list[str]:
    """Qualified names of the functions that failing checks execute, most suspicious first.

    Empty where the file does not parse, or breaks before any function runs.
    """
    try:
        functions = bodies(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    spectrum = spectrum_of(checks, lines)
    failures = [check.failure for check in checks if check.failure is not None]
    scores: dict[str, float] = {}
    for body in functions:
        score = spectrum.suspicion(body.lines, ochiai)
        raised = sum(each.line in body.lines for each in failures)
        if not score and not raised:
            continue
        called = any(f"{body.name}(" in each.call for each in failures)
        score += RAISED * raised / max(1, len(failures)) + CALLED * called
        scores[body.qualname] = max(score, scores.get(body.qualname, 0.0))
    return sorted(scores, key=lambda name: -scores[name])


def reached(
    source: str,
    checks: Sequence[CheckResult],
    lines: Mapping[str, frozenset[int]],
    targets: Sequence[str],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(id of a failing check, those of the targets that it executed), without checks that reach none."""
    try:
        functions = [body for body in bodies(source) if body.qualname in targets]
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found = []
    for check in checks:
        executed = lines.get(check.id, frozenset())
        names = dict.fromkeys(each.qualname for each in functions if each.lines & executed)
        if names and check.outcome is not Outcome.PASS:
            found.append((check.id, tuple(names)))
    return tuple(found)
