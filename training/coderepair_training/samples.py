"""Training samples: a buggy function in the edit dialect and the reply that mends it.

Two kinds. *Plain* ones are corpus functions with injected bugs: nothing is executed, the statement is
the docstring, the failure slot stays empty. *Executed* ones are problems with tests: the failure slot
holds what really failed. Written as JSON Lines: `prompt`, `reply`, `kind`, `group`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from coderepair.edit.regions import functions
from coderepair.errors import EditError
from coderepair.model import CheckResult, Failure, Feedback, Outcome
from coderepair.prompt.edit_dialect import encode, render
from coderepair_training.execution import Check, quiet, run_checks
from coderepair_training.guard import Guard
from coderepair_training.mutation import inject
from coderepair_training.problems import Problem, bank_problems, record_problems

BUG_COUNTS: Mapping[int, float] = {1: 0.75, 2: 0.2, 3: 0.05}
PARTIAL_SHARE = 0.5
"""Share of the samples with several bugs whose reply mends only the last one, as a tree's step may."""
ONE_FAILURE_SHARE = 0.5
"""Share of the executed samples that show a single failing check, as a user with one test has."""
STATEMENT_DROPOUT = 0.15
"""Share of the executed samples without a statement, as in code without docstrings."""
MAX_PROMPT_CHARS = 2600
MAX_REPLY_CHARS = 600
PLAIN, EXECUTED, WRITTEN = "plain", "executed", "written"


@dataclass(frozen=True, slots=True)
class Sample:
    """Text in, text out."""

    prompt: str
    reply: str
    kind: str
    """`plain`, `executed` or `written` (by hand, in the problem bank)."""
    group: str
    """The function or problem it was made from."""


def sample_of(feedback: Feedback, fixed: str, kind: str, group: str) -> Sample | None:
    """The sample that teaches `fixed`; None if the dialect cannot say it or it is too long."""
    try:
        prompt, reply = render(feedback), encode(feedback, fixed)
    except EditError:
        return None
    if len(prompt) > MAX_PROMPT_CHARS or len(reply) > MAX_REPLY_CHARS:
        return None
    return Sample(prompt, reply, kind, group)


def plain_samples(source: str, group: str, rng: Random, count: int) -> Iterator[Sample]:
    """Up to `count` samples of one corpus function."""
    for _ in range(count):
        injection = inject(source, rng, _bug_count(rng))
        if injection is not None:
            partial = len(injection.classes) > 1 and rng.random() < PARTIAL_SHARE
            fixed = injection.before_last if partial else source
            sample = sample_of(Feedback("f", injection.source), fixed, PLAIN, group)
            if sample is not None:
                yield sample


def executed_samples(
    problem: Problem, rng: Random, count: int, written: int = 1
) -> Iterator[Sample]:
    """Samples of one problem: `written` of each hand-written bug, which show different failures, as
    many with another bug on top, and injected ones."""
    for wrong in problem.wrong:
        for _ in range(written):
            yield from _executed(problem, wrong, problem.reference, rng, WRITTEN)
            on_top = inject(wrong, rng, 1, problem.name)
            if on_top is not None:
                yield from _executed(problem, on_top.source, wrong, rng, EXECUTED)
    seen = {problem.reference}
    for _ in range(count):
        injection = inject(problem.reference, rng, _bug_count(rng), problem.name)
        if injection is None or injection.source in seen:
            continue
        seen.add(injection.source)
        partial = len(injection.classes) > 1 and rng.random() < PARTIAL_SHARE
        fixed = injection.before_last if partial else problem.reference
        yield from _executed(problem, injection.source, fixed, rng, EXECUTED)


def _bug_count(rng: Random) -> int:
    return rng.choices(list(BUG_COUNTS), list(BUG_COUNTS.values()))[0]


def _executed(problem: Problem, buggy: str, fixed: str, rng: Random, kind: str) -> Iterator[Sample]:
    """The sample for a program that fails a test; none for one that passes or dies while loading."""
    checks = run_checks(buggy, problem.setup, problem.tests)
    if any(check.kind for check in checks):
        feedback = feedback_of(problem, buggy, checks, rng)
        target = function_of(fixed, problem.entry_point)
        if feedback is not None and target is not None:
            sample = sample_of(feedback, target[0], kind, problem.id)
            if sample is not None:
                yield sample


def feedback_of(
    problem: Problem, program: str, checks: Sequence[Check], rng: Random | None = None
) -> Feedback | None:
    """What the model is shown of a failing program; with `rng`, of a random choice of its failures."""
    located = function_of(program, problem.entry_point)
    if located is None:
        return None
    failing = [check for check in checks if check.kind not in ("", "not_run")]
    statement = problem.statement
    if rng is not None:
        statement = "" if rng.random() < STATEMENT_DROPOUT else statement
        rng.shuffle(failing)
        failing = failing[: 1 if rng.random() < ONE_FAILURE_SHARE else 2]
    results = tuple(
        CheckResult(str(index), Outcome.FAIL, failure=_as_failure(check))
        for index, check in enumerate(failing)
    )
    function, line = located
    return Feedback(problem.entry_point, function, statement, first_line=line, failures=results)


def _as_failure(check: Check) -> Failure:
    return Failure(
        check.kind,
        call=check.call,
        expected=check.expected,
        got=check.got,
        exception=check.exception,
        line=check.line,
    )


def function_of(program: str, name: str) -> tuple[str, int] | None:
    """Dedented text and first line of a function, None if the program does not hold it."""
    try:
        found = [function for function in functions(program) if function.qualname == name]
    except (SyntaxError, ValueError, RecursionError):
        return None
    if not found:
        return None
    text = program[found[-1].start : found[-1].end]
    margin = len(text) - len(text.lstrip(" \t"))
    lines = [line[margin:] if line[:margin].isspace() else line for line in text.split("\n")]
    return "\n".join(lines), found[-1].line


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints counts by kind."""
    parser = argparse.ArgumentParser(prog="coderepair_training.samples", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--corpus", type=Path, help="JSON Lines from coderepair_training.corpus")
    source.add_argument("--records", type=Path, help="JSON Lines of problems with references")
    source.add_argument("--bank", action="store_true", help="the problem bank")
    parser.add_argument("--split", action="append", default=[], help="of records; repeatable")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of guarded *.jsonl")
    parser.add_argument("--count", type=int, default=4, help="tries a function or problem")
    parser.add_argument("--written", type=int, default=1, help="samples a hand-written bug")
    parser.add_argument("--package-limit", type=int, default=3000, help="functions a package")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    quiet()
    counts: Counter[str] = Counter()
    with options.out.open("w", encoding="utf-8") as out:
        for sample in _generate(options):
            counts[sample.kind] += 1
            out.write(json.dumps(asdict(sample), ensure_ascii=False) + "\n")
    sys.stdout.write(f"{dict(counts)}\n")
    return 0


def _generate(options: argparse.Namespace) -> Iterator[Sample]:
    if options.corpus:
        for source, group in _corpus(options.corpus, options.package_limit, options.seed):
            rng = Random(f"{options.seed}/{group}")
            yield from plain_samples(source, group, rng, options.count)
        return
    guard = Guard.of_folder(options.benchmarks)
    problems = bank_problems() if options.bank else record_problems(options.records, options.split)
    for problem in problems:
        if not guard.refuses(problem.reference):
            rng = Random(f"{options.seed}/{problem.id}")
            yield from executed_samples(problem, rng, options.count, options.written)


def _corpus(path: Path, limit: int, seed: int) -> Iterator[tuple[str, str]]:
    """Source and group of the corpus functions in random order, at most `limit` of a package."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    Random(seed).shuffle(records)
    counts: Counter[str] = Counter()
    for index, record in enumerate(records):
        counts[record["package"]] += 1
        if counts[record["package"]] <= limit:
            yield record["source"], f"{record['package']}/{record['name']}/{index}"


if __name__ == "__main__":
    sys.exit(main())
