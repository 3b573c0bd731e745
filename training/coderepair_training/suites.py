"""Bugs injected into benchmark-style problems, executed, and kept where a test notices.

Reads problems in the JSON Lines record schema of `coderepair.bench` (`problem_id`, `reference`,
`public_tests`, ...), writes records of the same schema with `buggy` filled in. Never give it the
split that results are reported on.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from coderepair_training.execution import Check, quiet, run_checks
from coderepair_training.mutation import inject

Record = dict[str, Any]

REPORTED_SPLIT = "test"
BUG_COUNTS = {1: 0.75, 2: 0.2, 3: 0.05}
"""How many bugs are injected, with the share of the tries."""
EXCEPTION_SHARE = 0.4
"""Share of the mutants that die of an exception and are kept: most are too easy to be realistic."""
_ATTEMPTS_PER_BUG = 5


def load(path: Path, splits: Sequence[str]) -> list[Record]:
    """The records of the wanted splits. ValueError if the reported split is among them."""
    if REPORTED_SPLIT in splits:
        raise ValueError(f"split {REPORTED_SPLIT!r} is for reporting only")
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [record for record in records if record["split"] in splits]


def buggy_records(problem: Record, rng: Random, count: int) -> Iterator[Record]:
    """Up to `count` distinct failing versions of a problem's reference, the number of bugs drawn."""
    tests = problem["public_tests"] + problem["private_tests"]
    seen = {_tree(problem["reference"])}
    kept = 0
    for _ in range(count * _ATTEMPTS_PER_BUG):
        bugs = rng.choices(list(BUG_COUNTS), list(BUG_COUNTS.values()))[0]
        injection = inject(problem["reference"], rng, bugs, problem["entry_point"])
        if injection is None or (tree := _tree(injection.source)) in seen:
            continue
        seen.add(tree)
        checks = run_checks(injection.source, problem["test_setup"], tests)
        if not any(check.kind for check in checks):
            continue
        if any(check.kind == "exception" for check in checks) and rng.random() > EXCEPTION_SHARE:
            continue
        yield _record(problem, injection.source, injection.classes, checks, kept)
        kept += 1
        if kept == count:
            return


def _tree(source: str) -> str:
    return ast.dump(ast.parse(source))


def _record(
    problem: Record, buggy: str, classes: Sequence[str], checks: Sequence[Check], index: int
) -> Record:
    """A record as the schema wants it; a failing test is made public if none of the public ones fails."""
    public, private = list(problem["public_tests"]), list(problem["private_tests"])
    failing = [bool(check.kind) for check in checks]
    promoted = 0
    if not any(failing[: len(public)]):
        at = failing.index(True)
        public.append(private.pop(at - len(public)))
        failing.insert(len(public) - 1, failing.pop(at))
        promoted = 1
    fails_public, fails_private = sum(failing[: len(public)]), sum(failing[len(public) :])
    return problem | {
        "task_id": f"{problem['task_id']}/injected/{index}",
        "buggy": buggy,
        "public_tests": public,
        "private_tests": private,
        "bug_type": " + ".join(str(item) for item in classes),
        "bugs": len(classes),
        "generator": "injected",
        "fails_public": fails_public > 0,
        "fails_private": fails_private > 0,
        "n_failing_public": fails_public,
        "n_failing_private": fails_private,
        "failure_kind": next(check.kind for check in checks if check.kind),
        "n_promoted": promoted,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints one line of counts."""
    parser = argparse.ArgumentParser(prog="coderepair_training.suites", description=__doc__)
    parser.add_argument("problems", type=Path, help="JSON Lines of problems with references")
    parser.add_argument("--split", action="append", required=True, help="origin split; repeatable")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=8, help="bugs a problem (default 8)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    quiet()
    classes: Counter[str] = Counter()
    with options.out.open("w", encoding="utf-8") as out:
        for problem in load(options.problems, options.split):
            rng = Random(f"{options.seed}/{problem['problem_id']}")
            for record in buggy_records(problem, rng, options.count):
                classes[record["bug_type"] if record["bugs"] == 1 else str(record["bugs"])] += 1
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{classes.total()} records: {dict(classes.most_common())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
