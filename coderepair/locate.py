"""Which functions of the file to suspect: a spectrum over checks (Ochiai) and what tracebacks name."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coderepair.edit.regions import FunctionNode
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
    found: list[Body] = []

    def visit(node: ast.AST, prefix: str) -> set[int]:
        """Collects the functions below `node`; gives the lines that belong to them."""
        taken: set[int] = set()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, FunctionNode):
                last = child.end_lineno or child.lineno
                place = len(found)
                inner = visit(child, f"{prefix}{child.name}.<locals>.")
                lines = set(range(child.body[0].lineno, last + 1))
                found.insert(place, Body(prefix + child.name, frozenset(lines - inner)))
                taken |= lines
            else:
                name = f"{child.name}." if isinstance(child, ast.ClassDef) else ""
                taken |= visit(child, prefix + name)
        return taken

    visit(ast.parse(source), "")
    return found


def ochiai(failing_hits: int, passing_hits: int, failing: int) -> float:
    """Ochiai's coefficient (Abreu et al. 2007), in [0, 1]."""
    if not failing or not failing_hits:
        return 0.0
    return failing_hits / math.sqrt(failing * (failing_hits + passing_hits))


def suspicious_lines(
    checks: Sequence[CheckResult], lines: Mapping[str, frozenset[int]]
) -> dict[int, float]:
    """Ochiai of every line that a failing check executed, 1-based line -> (0, 1]."""
    failing, passing = _spectra(checks, lines)
    scores: dict[int, float] = {}
    for line in frozenset().union(*failing):
        hits = sum(line in spectrum for spectrum in failing)
        scores[line] = ochiai(hits, sum(line in spectrum for spectrum in passing), len(failing))
    return scores


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
    failing, passing = _spectra(checks, lines)
    failures = [check.failure for check in checks if check.failure is not None]
    scores: dict[str, float] = {}
    for body in functions:
        hits = sum(bool(body.lines & spectrum) for spectrum in failing)
        raised = sum(each.line in body.lines for each in failures)
        if not hits and not raised:
            continue
        called = any(f"{body.name}(" in each.call for each in failures)
        score = ochiai(hits, sum(bool(body.lines & spectrum) for spectrum in passing), len(failing))
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


def _spectra(
    checks: Sequence[CheckResult], lines: Mapping[str, frozenset[int]]
) -> tuple[list[frozenset[int]], list[frozenset[int]]]:
    """Lines of the failing and of the passing checks that executed any."""
    failing: list[frozenset[int]] = []
    passing: list[frozenset[int]] = []
    for check in checks:
        executed = lines.get(check.id, frozenset())
        if executed:
            (passing if check.outcome is Outcome.PASS else failing).append(executed)
    return failing, passing
