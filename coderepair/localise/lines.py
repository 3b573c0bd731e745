"""Which lines of a function to suspect: spectrum, tracebacks and slice in one order, each part optional.

A line stands for the statement, or the header of a compound one, that begins there.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coderepair.edit.nodes import header
from coderepair.edit.regions import qualified
from coderepair.errors import UsageError
from coderepair.localise.definitions import Flow, flow_of
from coderepair.localise.slicing import backward, weights
from coderepair.localise.spectrum import DSTAR_EXPONENT, Spectrum, dstar, ochiai, spectrum_of
from coderepair.model import CheckResult, Outcome

PARTS = ("spectrum", "traceback", "slice")
FORMULAS = ("ochiai", "dstar")
WEIGHTS: Mapping[str, float] = {"spectrum": 1.0, "traceback": 0.5, "slice": 0.5}
"""What each part counts; chosen on bugs injected into MBPP's train split."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the order is made of. Raises `UsageError` for a part or formula that does not exist."""

    parts: tuple[str, ...] = PARTS
    formula: str = "ochiai"
    exponent: float = DSTAR_EXPONENT
    """Of D*, 1 or more."""

    def __post_init__(self) -> None:
        for given, known in ((self.parts, PARTS), ((self.formula,), FORMULAS)):
            if unknown := set(given) - set(known):
                raise UsageError(f"unknown {min(unknown)}; known are {', '.join(known)}")
        if self.exponent < 1:
            raise UsageError(f"the exponent of D* is 1 or more, not {self.exponent:g}")

    def suspicion(self, failing_hits: int, passing_hits: int, failing: int) -> float:
        """The chosen formula, in [0, 1]."""
        if self.formula == "dstar":
            return dstar(failing_hits, passing_hits, failing, self.exponent)
        return ochiai(failing_hits, passing_hits, failing)


@dataclass(frozen=True, slots=True)
class Suspect:
    line: int
    """1-based."""
    score: float
    """In [0, 1]."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of some functions, without docstrings, by the lines that belong to each."""

    owner: dict[int, int] = field(default_factory=dict)
    """Line -> line at which its innermost statement begins."""
    flow: Flow = field(default_factory=Flow)

    def begun(self, lines: frozenset[int]) -> frozenset[int]:
        """The statements that lines belong to."""
        return frozenset(self.owner[line] for line in lines if line in self.owner)


def statements_of(source: str, names: Sequence[str]) -> Statements:
    """The statements of the functions so named, all of the file where none is. Raises SyntaxError."""
    found = Statements()
    for qualname, function in qualified(ast.parse(source)):
        if names and qualname not in names:
            continue
        for part in ast.walk(function):
            if isinstance(part, ast.stmt) and part is not function and not _is_text(part):
                last = max((getattr(each, "end_lineno", 0) for each in _direct(part)), default=0)
                for line in range(part.lineno, max(part.lineno, last) + 1):
                    found.owner.setdefault(line, part.lineno)
        flow = flow_of(function)
        for mine, more in ((found.flow.data, flow.data), (found.flow.control, flow.control)):
            mine.update(more)
        found.flow.ends.update(flow.ends or flow.changes)
    return found


def suspicious_lines(
    source: str,
    names: Sequence[str],
    checks: Sequence[CheckResult],
    lines: Mapping[str, frozenset[int]],
    choice: Choice | None = None,
) -> list[Suspect]:
    """The statements that failing checks executed or raised at, most suspicious first, ties by line.

    `names` are the functions that may change; `lines` what each check executed (without any, every
    statement is a suspect). Empty where the source does not parse.
    """
    choice = choice or Choice()
    try:
        statements = statements_of(source, names)
    except (SyntaxError, ValueError, RecursionError):
        return []
    raw = spectrum_of(checks, lines)
    spectrum = Spectrum(
        tuple(map(statements.begun, raw.failing)), tuple(map(statements.begun, raw.passing))
    )
    failing = [check for check in checks if check.outcome is not Outcome.PASS]
    raised = _raised(failing, statements)
    ran = frozenset().union(*spectrum.failing)
    suspects = ran | raised.keys() or frozenset(statements.owner.values())
    parts = {
        "spectrum": {
            line: spectrum.suspicion(frozenset({line}), choice.suspicion) for line in suspects
        },
        "traceback": raised,
        "slice": _sliced(failing, lines, statements),
    }
    total = sum(WEIGHTS[part] for part in choice.parts) or 1.0
    scores = {
        line: sum(WEIGHTS[part] * parts[part].get(line, 0.0) for part in choice.parts) / total
        for line in suspects
    }
    return [
        Suspect(line, scores[line]) for line in sorted(scores, key=lambda at: (-scores[at], at))
    ]


def _raised(failing: Sequence[CheckResult], statements: Statements) -> dict[int, float]:
    """Share of failing checks that raised at each statement."""
    found: dict[int, float] = {}
    for check in failing:
        line = statements.owner.get(check.failure.line if check.failure else 0)
        if line is not None:
            found[line] = found.get(line, 0.0) + 1 / len(failing)
    return found


def _sliced(
    failing: Sequence[CheckResult], lines: Mapping[str, frozenset[int]], statements: Statements
) -> dict[int, float]:
    """Mean weight of each statement in the slices of the failing values."""
    found: dict[int, float] = {}
    for check in failing:
        raised = statements.owner.get(check.failure.line if check.failure else 0)
        criterion = statements.flow.ends if raised is None else {raised}
        executed = statements.begun(lines.get(check.id, frozenset()))
        for line, weight in weights(backward(statements.flow, criterion, executed)).items():
            found[line] = found.get(line, 0.0) + weight / len(failing)
    return found


def _direct(statement: ast.stmt) -> list[ast.AST]:
    """The parts of a statement itself, without the statements inside it."""
    return [
        part for part in header(statement) if part is not statement or not hasattr(part, "body")
    ]


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
