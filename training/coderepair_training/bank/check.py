"""Machine check of the bank: `python -m coderepair_training.bank.check [--against FOLDER]`.

Every rule of README.md that a machine can judge. Exit status 1 if a problem breaks one.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from coderepair_training.bank import BUG_CLASSES, BankProblem, Bug, entry_node, problems
from coderepair_training.bank.execute import Job, execute
from coderepair_training.bank.mutants import mutants
from coderepair_training.bank.similarity import (
    fingerprint,
    likeness,
    read_fingerprints,
    shape,
)

LEAST_TESTS = 8
LEAST_BUGS = 2
LONGEST_LINE = 120
MUTANTS_EACH = 20
"""Mutants sampled of a reference."""
WEAK = 0.6
"""A problem whose tests kill fewer of its mutants is named in the report."""


def structure_faults(problem: BankProblem) -> Iterator[str]:
    """Rules that need no execution."""
    if problem.statement not in (_docstring(problem), _class_docstring(problem)):
        yield "statement differs from the docstring"
    if len(set(problem.tests)) < LEAST_TESTS:
        yield f"fewer than {LEAST_TESTS} different tests"
    if len(problem.bugs) < LEAST_BUGS:
        yield f"fewer than {LEAST_BUGS} bugs"
    if len({ast.unparse(ast.parse(bug.program)) for bug in problem.bugs}) < len(problem.bugs):
        yield "two equal bugs"
    if any(len(line) > LONGEST_LINE for line in problem.reference.splitlines()):
        yield "line too long"
    for index, bug in enumerate(problem.bugs):
        for fault in _bug_faults(problem, bug):
            yield f"bug {index}: {fault}"


def _bug_faults(problem: BankProblem, bug: Bug) -> Iterator[str]:
    if unknown := set(bug.classes) - set(BUG_CLASSES):
        yield f"unknown class {unknown}"
    if not bug.note:
        yield "no note"
    if not bug.fails:
        yield "no failing test"
    if ast.unparse(ast.parse(bug.program)) == ast.unparse(ast.parse(problem.reference)):
        yield "equal to the reference"
    elif _without_entry(bug.program, problem) != _without_entry(problem.reference, problem):
        yield "differs outside the entry point"


def _docstring(problem: BankProblem) -> str:
    return ast.get_docstring(entry_node(problem.reference, problem.entry_point)) or ""


def _class_docstring(problem: BankProblem) -> str:
    """Statement of a method: docstring of its class, then its own."""
    owner = problem.entry_point.partition(".")[0]
    of_class = ast.get_docstring(entry_node(problem.reference, owner)) or ""
    return f"{of_class}\n\n{_docstring(problem)}"


def _without_entry(source: str, problem: BankProblem) -> list[str]:
    node = entry_node(source, problem.entry_point)
    lines = source.splitlines()
    return lines[: node.lineno - 1] + lines[node.end_lineno :]


def execution_faults(bank: Sequence[BankProblem]) -> Iterator[str]:
    """References pass every test (with two hash seeds); bugs fail exactly the tests they say."""
    jobs: list[Job] = [(problem.reference, problem.tests, False) for problem in bank]
    for hash_seed in (0, 1):
        for problem, found in zip(bank, execute(jobs, hash_seed), strict=True):
            if failing := _failing(found):
                yield f"{problem.id}: reference fails tests {failing}"
    pairs = [(problem, bug) for problem in bank for bug in problem.bugs]
    results = execute([(bug.program, problem.tests, False) for problem, bug in pairs])
    for (problem, bug), found in zip(pairs, results, strict=True):
        failing = _failing(found)
        if failing != bug.fails or found[bug.fails[0]] != bug.failure:
            yield f"{problem.id}: bug {bug.note!r} fails {failing}, recorded {bug.fails}"


def _failing(found: Sequence[str]) -> tuple[int, ...]:
    return tuple(index for index, outcome in enumerate(found) if outcome != "pass")


def duplicate_faults(bank: Sequence[BankProblem], against: Iterable[Path]) -> Iterator[str]:
    """Problems too like one another or like one of another set; equal shapes of references."""
    others = [mark for folder in against for mark in read_fingerprints(folder)]
    marks = [fingerprint(problem) for problem in bank]
    for index, mark in enumerate(marks):
        for other in others + marks[:index]:
            if reason := likeness(mark, other):
                yield f"{mark.id}: {mark.name}: {reason}"
    shapes: dict[str, str] = {}
    for problem in bank:
        first = shapes.setdefault(shape(problem.reference), problem.id)
        if first != problem.id:
            yield f"{problem.id}: reference has the syntax tree of {first}"
    for identifier, count in Counter(problem.id for problem in bank).items():
        if count > 1:
            yield f"{identifier}: id used {count} times"


def killed(bank: Sequence[BankProblem]) -> list[tuple[int, int]]:
    """For each problem: mutants of the reference killed by its tests, mutants tried."""
    jobs: list[Job] = []
    owners: list[int] = []
    for index, problem in enumerate(bank):
        for program in mutants(problem.reference, problem.entry_point, MUTANTS_EACH):
            jobs.append((program, problem.tests, True))
            owners.append(index)
    tried = Counter(owners)
    dead = Counter(
        owner for owner, found in zip(owners, execute(jobs), strict=True) if _failing(found)
    )
    return [(dead[index], tried[index]) for index in range(len(bank))]


def _report(bank: Sequence[BankProblem]) -> Iterator[str]:
    """Counts by category and class, and how well the tests kill mutants."""
    bugs = [bug for problem in bank for bug in problem.bugs]
    several = sum(bug.edits > 1 for bug in bugs)
    total = sum(len(bug.fails) == len(p.tests) for p in bank for bug in p.bugs)
    yield f"{len(bank)} problems, {len(bugs)} bugs, {several} with several at once"
    yield f"bugs that fail every test: {total}"
    for title, counts in (
        ("category", Counter(problem.category for problem in bank)),
        ("class", Counter(name for bug in bugs for name in bug.classes)),
        ("failure", Counter(bug.failure for bug in bugs)),
    ):
        listed = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        yield f"{title}: {listed}"


def _mutation_report(bank: Sequence[BankProblem]) -> Iterator[str]:
    rates = killed(bank)
    dead, tried = (sum(column) for column in zip(*rates, strict=True))
    yield f"mutants killed: {dead} of {tried} ({dead / max(tried, 1):.0%})"
    for problem, (one_dead, one_tried) in zip(bank, rates, strict=True):
        if one_dead < WEAK * one_tried:
            yield f"weak tests: {problem.id} {problem.entry_point} {one_dead} of {one_tried}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the faults and the report; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, action="append", default=[])
    parser.add_argument("--folder", type=Path, default=None, help="batches, default: the bank")
    parser.add_argument("--no-mutants", action="store_true")
    options = parser.parse_args(arguments)
    bank = list(problems(options.folder))
    faults = [f"{p.id}: {fault}" for p in bank for fault in structure_faults(p)]
    faults += execution_faults(bank) if not faults else []
    faults += duplicate_faults(bank, options.against)
    report = list(_report(bank))
    report += [] if options.no_mutants or not bank else _mutation_report(bank)
    sys.stdout.write("".join(f"{line}\n" for line in [*report, *faults, f"faults: {len(faults)}"]))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
