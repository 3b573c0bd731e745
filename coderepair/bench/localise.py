"""`python -m coderepair.bench.localise SUITE`: how often the lines to blame are ranked first.

A bug's lines are those that its reference changes or takes away; where it only inserts, the
statements on both sides of the gap. Lines that an order cannot tell apart are taken in random order:
what is counted is the chance that one of the bug's lines is among the first k. Ctrl-C ends the
measurement and prints what it has so far.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shlex
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

from coderepair.bench import metrics, suites
from coderepair.bench.version import code_version
from coderepair.edit.regions import program_of, region_text
from coderepair.errors import CodeRepairError
from coderepair.localise.lines import Choice, Statements, statements_of, suspicious_lines
from coderepair.model import Limits, Outcome, Program, Task, TestReport
from coderepair.propose.operators import FunctionContext, Scope, Surroundings
from coderepair.propose.ranking import default_ranker
from coderepair.propose.synthesis import survey
from coderepair.runner import ForkRunner, open_runner

TOP = (1, 3, 5)
LIMITS = Limits(test_timeout_s=2.0)
ORDERS: Mapping[str, Choice] = {
    "ochiai": Choice(("spectrum",)),
    "dstar": Choice(("spectrum",), "dstar"),
    "traceback": Choice(("traceback",)),
    "slice": Choice(("slice",)),
    "ochiai+traceback": Choice(("spectrum", "traceback")),
    "ochiai+slice": Choice(("spectrum", "slice")),
    "combined": Choice(),
}
RANKER = "ranker"
"""The order that the edits imply: the probability that the ranker gives to the edits of each line."""
BOTH = "combined+ranker"
"""Product of the ranker's share and the combined suspicion."""

Scores = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Located:
    """One bug: for each order the chance that its first k lines hold one to blame, k as in `TOP`."""

    task_id: str
    problem_id: str
    statements: int
    """Statements of the function."""
    hits: Mapping[str, tuple[float, ...]]


def blamed(buggy: str, reference: str, statements: Statements) -> frozenset[int]:
    """The statements that the reference changes, as lines of the failing program."""
    before, after = buggy.split("\n"), reference.split("\n")
    found: set[int] = set()
    for tag, low, high, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "insert":
            found |= {_near(before, low - 1, -1), _near(before, low, 1)}
        elif tag != "equal":
            found |= set(range(low + 1, high + 1))
    return statements.begun(frozenset(found))


def _near(lines: Sequence[str], index: int, step: int) -> int:
    """1-based number of the next line that is not blank."""
    while 0 <= index < len(lines) and not lines[index].strip():
        index += step
    return index + 1


def chance_in_top(scores: Scores, blame: Collection[int], k: int) -> float:
    """Chance that one of the lines to blame is among the k of the highest scores, ties drawn at random."""
    groups: defaultdict[float, list[int]] = defaultdict(list)
    for line, score in scores.items():
        groups[score].append(line)
    for score in sorted(groups, reverse=True):
        group = groups[score]
        right = sum(line in blame for line in group)
        drawn = min(k, len(group))
        if right:
            return 1.0 - math.comb(len(group) - right, drawn) / math.comb(len(group), drawn)
        k -= drawn
        if k == 0:
            return 0.0
    return 0.0


def measure(
    records: Iterable[suites.Record], folder: Path, limits: Limits
) -> Iterator[Located | str]:
    """Each bug in turn; for one that cannot be measured the reason, in one line."""
    with open_runner(1) as runner:
        for index, record in enumerate(records):
            try:
                yield _one(record, folder / str(index), runner, limits)
            except (CodeRepairError, SyntaxError, ValueError) as error:
                yield f"{record.task_id}: {error}"


def _one(record: suites.Record, folder: Path, runner: ForkRunner, limits: Limits) -> Located:
    tests = record.visible(suites.Protocol.ALL)
    task = suites.write_task(folder, record, tests, named=True, runner=runner)
    program = program_of(task.source, task.targets)
    statements = statements_of(task.source, task.targets)
    blame = blamed(task.source, record.reference, statements)
    if not blame:
        raise ValueError("the reference changes nothing inside the function")
    report, lines = runner.trace(task, program, limits)
    orders: dict[str, Scores] = {}
    for name, choice in ORDERS.items():
        found = suspicious_lines(task.source, task.targets, report.checks, lines, choice)
        orders[name] = {each.line: each.score for each in found}
    orders[RANKER] = implied(task, program, report, statements, runner, limits)
    orders[BOTH] = {
        line: share * orders["combined"].get(line, 0.0) for line, share in orders[RANKER].items()
    }
    hits = {
        name: tuple(chance_in_top(scores, blame, k) for k in TOP) for name, scores in orders.items()
    }
    count = len(set(statements.owner.values()))
    return Located(record.task_id, record.problem_id, count, hits)


def implied(
    task: Task,
    program: Program,
    report: TestReport,
    statements: Statements,
    runner: ForkRunner,
    limits: Limits,
) -> Scores:
    """Statement -> share of the ranker's probability over all edits of the program, in [0, 1]."""
    scored: list[tuple[int, float]] = []
    for region in range(len(program.regions)):
        context = _context(task, program, report, region)
        scope = Scope(context)
        observe = partial(runner.observe, task, program, limits=limits)
        edits, evidence = survey(context, scope, observe, report)
        for item in default_ranker().ordered(context, scope, edits, evidence):
            line = context.line(item.edit.anchor) + context.around.first_line - 1
            scored.append((statements.owner.get(line, line), item.score))
    highest = max((score for _, score in scored), default=0.0)
    shares: defaultdict[int, float] = defaultdict(float)
    for line, score in scored:
        shares[line] += math.exp(score - highest)
    total = sum(shares.values()) or 1.0
    return {line: share / total for line, share in shares.items()}


def _context(task: Task, program: Program, report: TestReport, region: int) -> FunctionContext:
    start, end = program.regions[region]
    around = Surroundings(
        tuple(check for check in report.checks if check.outcome is not Outcome.PASS),
        file_text=program.source[:start] + program.source[end:],
        statement=task.statement,
        checks=len(report.checks),
        first_line=program.source.count("\n", 0, start) + 1,
    )
    return FunctionContext(region_text(program, region), around)


def summary(located: Sequence[Located]) -> dict[str, dict[str, metrics.Estimate]]:
    """Order -> `top-k` -> mean chance over problems with its interval."""
    groups = [each.problem_id for each in located]
    names = [*ORDERS, RANKER, BOTH]
    return {
        name: {
            f"top-{k}": metrics.mean([each.hits[name][place] for each in located], groups)
            for place, k in enumerate(TOP)
        }
        for name in names
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m coderepair.bench.localise", description=__doc__
    )
    parser.add_argument("suite", type=Path, nargs="?", help="JSON Lines file; else the sample")
    parser.add_argument("--sample", type=int, default=0, help="that many at random; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    given = parser.parse_args()
    suite = suites.choose(
        suites.load(given.suite), suites.Protocol.ALL, sample=given.sample, seed=given.seed
    )
    located: list[Located] = []
    left_out: list[str] = []
    # In random order, so that what an interrupted measurement has seen is a sample, too.
    records = random.Random(given.seed).sample(suite.records, len(suite.records))
    with (
        tempfile.TemporaryDirectory(prefix="coderepair-localise-") as folder,
        suppress(KeyboardInterrupt),
    ):
        for number, found in enumerate(measure(records, Path(folder), LIMITS), 1):
            if isinstance(found, str):
                left_out.append(found)
            else:
                located.append(found)
            sys.stderr.write(f"{number}/{len(records)} {records[number - 1].task_id}\n")
    if located:
        sys.stdout.write(_told(suite, given.seed, located, left_out, as_json=given.json))


def _told(
    suite: suites.Suite, seed: int, located: list[Located], left_out: list[str], *, as_json: bool
) -> str:
    table = summary(located)
    document = {
        "command": shlex.join(["python", "-m", "coderepair.bench.localise", *sys.argv[1:]]),
        "version": code_version(),
        "suite": suite.name,
        "selection": suite.selection,
        "seed": seed,
        "bugs": len(located),
        "problems": len({each.problem_id for each in located}),
        "left_out": left_out,
        "statements": sum(each.statements for each in located) / max(1, len(located)),
        "orders": {
            name: {top: asdict(estimate) for top, estimate in row.items()}
            for name, row in table.items()
        },
    }
    if as_json:
        return json.dumps(document, indent=1) + "\n"
    head = [f"{key}: {document[key]}" for key in document if key not in ("orders", "left_out")]
    rows = [
        f"| {name} | " + " | ".join(_cell(estimate) for estimate in row.values()) + " |"
        for name, row in table.items()
    ]
    titles = "| order | " + " | ".join(f"top-{k}" for k in TOP) + " |\n|---|" + "---|" * len(TOP)
    return "\n".join([*head, f"left out: {len(left_out)}", "", titles, *rows]) + "\n"


def _cell(estimate: metrics.Estimate) -> str:
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


if __name__ == "__main__":
    main()
