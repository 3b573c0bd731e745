"""What a GGUF model is worth on executed bugs it was not trained on.

Exact-edit rate (greedy reply = the reference), localisation (is a line that differs from the
reference the likeliest one to be edited), solved at k distinct candidates as generator and as ranker
of the operators' edits, with the same edits in random order beside it. All tests are visible.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from coderepair.edit.regions import (
    indentation,
    program_of,
    region_text,
    reindent,
    replace_region,
)
from coderepair.errors import CodeRepairError, EditError
from coderepair.model import Feedback, Request
from coderepair.policy.llama_cpp import LlamaCppPolicy
from coderepair.prompt.edit_dialect import DELETE, END, INSERT, REPLACE, decode, encode, render
from coderepair.propose.operators import FunctionContext, Surroundings, enumerate_edits
from coderepair_training.execution import quiet, run_checks
from coderepair_training.problems import Problem, problem_of
from coderepair_training.samples import feedback_of, function_of

BUDGETS = (1, 10, 50, 200)
"""Distinct candidate programs."""
SAMPLES = 64
TEMPERATURE = 0.8
POOL = 800
"""Most operator edits that are ranked; a larger pool is thinned at random."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A failing program of a problem."""

    problem: Problem
    program: str
    feedback: Feedback
    fixed: str
    """The reference's function."""


@dataclass
class Tally:
    """Results over bugs; `solved` maps a proposer to the 0-based rank of the first repair, or infinity."""

    exact: int = 0
    first_line: int = 0
    top_lines: int = 0
    located: int = 0
    """Bugs whose reference edit the dialect can say."""
    solved: dict[str, list[float]] = field(default_factory=dict)
    edits_scored: int = 0
    scoring_seconds: float = 0.0
    """Processor seconds spent on scoring them."""


def read_bugs(path: Path, count: int, seed: int) -> list[Bug]:
    """A random choice of the records with a failing program."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    Random(seed).shuffle(records)
    return list(_bugs(record for record in records if record["buggy"]))[:count]


def _bugs(records: Iterator[Mapping[str, Any]]) -> Iterator[Bug]:
    for record in records:
        problem = problem_of(record)
        checks = run_checks(record["buggy"], problem.setup, problem.tests)
        feedback = feedback_of(problem, record["buggy"], checks)
        fixed = function_of(problem.reference, problem.entry_point)
        if feedback is not None and fixed is not None and any(check.kind for check in checks):
            yield Bug(problem, record["buggy"], feedback, fixed[0])


def measure(policy: LlamaCppPolicy, bugs: Sequence[Bug], seed: int) -> Tally:
    """Asks the model about every bug and runs what it proposes."""
    tally = Tally()
    for number, bug in enumerate(bugs):
        rng = Random(f"{seed}/{number}")
        prompt = render(bug.feedback)
        _locate(policy, bug, prompt, tally)
        generated = _generated(policy, bug, prompt, seed, tally)
        pool = _pool(bug, rng)
        started = time.process_time()
        ranked = _ranked(policy, bug, prompt, pool)
        tally.scoring_seconds += time.process_time() - started
        tally.edits_scored += len(ranked)
        for name, candidates in (("generator", generated), ("ranker", ranked), ("random", pool)):
            tally.solved.setdefault(name, []).append(_first_repair(bug, candidates))
    return tally


def _locate(policy: LlamaCppPolicy, bug: Bug, prompt: str, tally: Tally) -> None:
    """Sums the likelihood of the three edits at each line and compares with the reference's lines."""
    try:
        wanted = _lines(encode(bug.feedback, bug.fixed))
    except EditError:
        return
    shown = prompt.count("<|i")
    openings = [f"{kind}<|{line}|>" for line in range(1, shown + 1) for kind in _KINDS]
    scores = policy.score(prompt, openings)
    mass: dict[int, float] = {}
    for opening, score in zip(openings, scores, strict=True):
        line = next(iter(_lines(opening)))
        mass[line] = mass.get(line, 0.0) + math.exp(score)
    best = sorted(mass, key=lambda line: -mass[line])
    tally.located += 1
    tally.first_line += best[0] in wanted
    tally.top_lines += bool(wanted & set(best[:3]))


_KINDS = (REPLACE, DELETE, INSERT)


def _lines(reply: str) -> set[int]:
    """Numbers of the lines that a reply edits."""
    found = set()
    for kind in _KINDS:
        for part in reply.split(f"{kind}<|")[1:]:
            found.add(int(part.partition("|>")[0]))
    return found


def _generated(policy: LlamaCppPolicy, bug: Bug, prompt: str, seed: int, tally: Tally) -> list[str]:
    """Distinct functions from a greedy reply and samples, likeliest first."""
    greedy = Request(text=prompt, n=1, max_tokens=96, temperature=0.0, stop=(END,))
    sampled = Request(
        text=prompt, n=SAMPLES, max_tokens=96, temperature=TEMPERATURE, top_p=1.0, stop=(END,), seed=seed
    )  # fmt: skip
    likelihood: dict[str, float] = {}
    completions = policy.complete([greedy, sampled])
    for index, completion in enumerate([*completions[0], *completions[1]]):
        try:
            function = decode(bug.feedback, completion.text)
        except EditError:
            continue
        likelihood[function] = completion.logprob or 0.0
        if index == 0:
            tally.exact += _same(function, bug.fixed)
    return sorted(likelihood, key=lambda function: -likelihood[function])


def _same(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return False


def _pool(bug: Bug, rng: Random) -> list[str]:
    """The operators' edits that parse, each function once, in random order."""
    around = Surroundings(
        failures=bug.feedback.failures,
        test_text="\n".join(bug.problem.tests),
        statement=bug.feedback.statement,
        first_line=bug.feedback.first_line,
    )
    try:
        edits = enumerate_edits(FunctionContext(bug.feedback.function, around))
    except SyntaxError:
        return []
    functions = dict.fromkeys(edit.apply(bug.feedback.function) for edit in edits)
    pool = [function for function in functions if _same(function, function)]
    rng.shuffle(pool)
    return pool[:POOL]


def _ranked(policy: LlamaCppPolicy, bug: Bug, prompt: str, pool: Sequence[str]) -> list[str]:
    """The pool by the likelihood of the edit; what the dialect cannot say is left out."""
    replies: dict[str, str] = {}
    for function in pool:
        try:
            replies[function] = encode(bug.feedback, function)
        except EditError:
            continue
    scores = policy.score(prompt, list(replies.values()))
    order = dict(zip(replies, scores, strict=True))
    return sorted(order, key=lambda function: -order[function])


def _first_repair(bug: Bug, candidates: Sequence[str]) -> float:
    """0-based rank of the first candidate that passes every test, infinity if none of 200 does."""
    base = program_of(bug.program, (bug.problem.entry_point,))
    prefix = indentation(region_text(base))
    for rank, function in enumerate(candidates[: BUDGETS[-1]]):
        program = replace_region(base, 0, reindent(function.rstrip("\n"), prefix)).source
        checks = run_checks(program, bug.problem.setup, bug.problem.tests, stop_early=True)
        if not any(check.kind for check in checks):
            return rank
    return math.inf


def report(tally: Tally, bugs: int) -> str:
    """A few lines for people."""
    located = max(1, tally.located)
    first, three = tally.first_line / located, tally.top_lines / located
    lines = [
        f"{bugs} bugs, exact edit {tally.exact / bugs:.1%}",
        f"edited line first {first:.1%}, among three {three:.1%} (of {tally.located})",
    ]
    for name, ranks in tally.solved.items():
        rates = " / ".join(f"{sum(r < k for r in ranks) / bugs:.1%}" for k in BUDGETS)
        lines.append(f"{name:10s} solved at {' / '.join(map(str, BUDGETS))}: {rates}")
    each = 100 * tally.scoring_seconds / max(1, tally.edits_scored)
    lines.append(f"{each:.2f} processor seconds to score 100 edits")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.measure", description=__doc__)
    parser.add_argument("model", type=Path, help="GGUF that speaks the edit dialect")
    parser.add_argument("--records", type=Path, required=True, help="JSON Lines with `buggy`")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    quiet()
    bugs = read_bugs(options.records, options.count, options.seed)
    try:
        policy = LlamaCppPolicy(options.model)
        text = report(measure(policy, bugs, options.seed), len(bugs))
    except CodeRepairError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
