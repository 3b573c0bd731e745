"""Which tests notice which small changes of a function, and the few tests that notice most.

The changes are those that a repair is made of (`coderepair.propose.operators`), a seeded sample of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from coderepair.edit.regions import program_of, region_text, replace_region
from coderepair.model import Limits, Outcome, Program, Task, TestReport
from coderepair.propose.edits import compiles
from coderepair.propose.operators import FunctionContext, Scope, Surroundings, enumerate_edits
from coderepair.runner import ForkRunner

MOST = 40
"""Changes of one function that are tried."""
LIMITS = Limits(test_timeout_s=1.0, total_timeout_s=8.0)


def mutants(source: str, function: str, seed: int) -> list[Program]:
    """Programs that differ from `source` in one small change of the function."""
    program = program_of(source, (function,))
    start, end = program.regions[0]
    line = source.count("\n", 0, start) + 1
    around = Surroundings(file_text=source[:start] + source[end:], first_line=line)
    context = FunctionContext(region_text(program), around)
    edits = enumerate_edits(context, Scope(context))
    Random(f"{seed}:{function}").shuffle(edits)
    found: dict[str, Program] = {}
    for edit in edits:
        text = edit.apply(context.text)
        if compiles(text):
            changed = replace_region(program, 0, text)
            found.setdefault(changed.key, changed)
        if len(found) == MOST:
            break
    found.pop(program.key, None)
    return list(found.values())


def noticed(
    task: Task, runner: ForkRunner, programs: Sequence[Program]
) -> dict[str, frozenset[int]]:
    """Name of a test function -> the programs that it does not pass."""
    found: dict[str, set[int]] = {}
    for number, report in enumerate(runner.run(task, programs, LIMITS)):
        for name in failing(report):
            found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def failing(report: TestReport) -> frozenset[str]:
    """Names of the test functions that do not pass."""
    failed = (check for check in report.checks if check.outcome is not Outcome.PASS)
    return frozenset(check.id.split("::")[1] for check in failed if "::" in check.id)


def fewest(noticing: Mapping[str, frozenset[int]], order: Sequence[str], most: int) -> list[str]:
    """Tests that together notice as much as all do, at most `most`: each time the one that adds most, the
    earlier of equals (the greedy set cover of Chvatal 1979). What adds nothing is left out."""
    left, found = list(order), list[str]()
    seen: frozenset[int] = frozenset()
    while left and len(found) < most:
        best = max(left, key=lambda name: len(noticing.get(name, frozenset()) - seen))
        if not noticing.get(best, frozenset()) - seen:
            break
        found.append(best)
        seen |= noticing[best]
        left.remove(best)
    return found
