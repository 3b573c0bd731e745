"""Is a repair more than plausible? Plain pytest, or unittest, in fresh processes, on whole test files.

The program takes the place of the user's file at import, in the same sandbox as a candidate's, but
tests are not rewritten, nothing is warm, and the verdict is read test by test from a private channel.
"""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from coderepair.methods import COMMAND, STDIO, UNITTEST
from coderepair.model import Limits, Program, Task, TestFile, Verification
from coderepair.runner.child import doctests
from coderepair.runner.child.doctests import module_name
from coderepair.runner.fresh import PlainRun, run_plain
from coderepair.runner.pins import Pins
from coderepair.runner.requests import task_request
from coderepair.verify_command import verify_command
from coderepair.verify_stdio import verify_stdio

HASH_SEEDS = (0, 1)
"""Values of PYTHONHASHSEED under which a repair has to pass."""
ORDERS = (False, True)
"""Whether the tests of a file run in the opposite order, beside each of these."""
PLAIN = ("-q",)
OTHERS = {STDIO: verify_stdio, COMMAND: verify_command}
"""Who verifies for a `Task.method` that no test framework has a part in."""


def verify(task: Task, program: Program, limits: Limits) -> Verification:
    """Whether every given check passes and nothing that passed before fails, in plain pytest.

    Raises `TestsNotRunnable` if a test file has changed since the task was made.
    """
    if task.method in OTHERS:
        return OTHERS[task.method](task, program, limits)
    pins = Pins(task)
    whole, given = what(task, narrowed=False), what(task, narrowed=True)
    command = _command(task, whole)
    jobs = [
        (program.source, {**given, "backwards": turned}, seed)
        for seed, turned in zip(HASH_SEEDS, ORDERS, strict=True)
    ]
    if given != whole:
        jobs.append((program.source, whole, HASH_SEEDS[0]))
    *runs, before = run_plain(task, [*jobs, (task.source, whole, HASH_SEEDS[0])], limits)
    first, turned, wide = runs[0], runs[1], runs[-1] if given != whole else runs[0]
    reason = _lost_examples(task, program) or _wrong(task, first, before)
    if not reason and _wrong(task, turned, before):
        reason = _order_or_seed(task, program, given, turned, before, limits)
    reason = reason or _regression(before, wide)
    pins.check()
    return Verification(
        ok=not reason,
        command=command,
        reason=reason,
        before_passed=len(before.passed()),
        after_passed=len(wide.passed()),
        total=len(wide.outcomes),
    )


def is_used(task: Task, limits: Limits) -> bool:
    """Whether the tests import the file at all, in this very process: a copy that is installed, or a
    program started from its path, is not what is repaired.

    True where that cannot be said: the tests do not come to their end, or the file does not parse.
    """
    (run,) = run_plain(task, [(task.source, what(task, narrowed=True), HASH_SEEDS[0])], limits)
    return run.used or not isinstance(run.status, int)


def what(task: Task, narrowed: bool) -> dict[str, Any]:
    """What to run, as the fresh process is told it."""
    if task.method != UNITTEST:
        return {"args": _arguments(task, narrowed)}
    chosen = task if narrowed else replace(task, keyword="", tests=_whole(task))
    request = task_request(chosen, {})
    return {name: request[name] for name in ("tests", "doctests", "keyword")}


def _whole(task: Task) -> tuple[TestFile, ...]:
    return tuple(replace(test, nodes=()) for test in task.tests)


def _command(task: Task, whole: dict[str, Any]) -> str:
    """What a person would type to see the same."""
    if task.method == UNITTEST:
        names = [module_name(path)[1] for path in whole["tests"]]
        return " ".join([task.python, "-m", "unittest", *names])
    return " ".join([task.python, "-m", "pytest", *whole["args"][len(PLAIN) :]])


def _arguments(task: Task, narrowed: bool) -> list[str]:
    request = task_request(task, {})
    files = list(dict.fromkeys(test.path for test in task.tests))
    chosen = [*request["tests"], *request["doctests"]] if narrowed else files
    args = list(PLAIN)
    if request["doctests"]:
        # Imported by its own path, so pytest's rewriting of asserts would read the user's file instead.
        args += ["--doctest-modules", "--doctest-glob=*", "--assert=plain"]
    keyword = ["-k", task.keyword] if narrowed and task.keyword else []
    return [*args, *keyword, "--", *dict.fromkeys(chosen)]


def _order_or_seed(
    task: Task,
    program: Program,
    given: dict[str, Any],
    turned: PlainRun,
    before: PlainRun,
    limits: Limits,
) -> str:
    """What is wrong with a repair that fails under another hash seed and in the opposite order of tests.

    Nothing if only the order matters to it, and it does to the original as well: then that is the tests'.
    """
    seed = HASH_SEEDS[1]
    jobs = [(program.source, given, seed), (task.source, {**given, "backwards": True}, seed)]
    straight, original = run_plain(task, jobs, limits)
    reason = _wrong(task, straight, before)
    if reason:
        return reason
    lost = [node for node in before.passed() if original.outcomes.get(node) == "failed"]
    return "" if lost else _wrong(task, turned, before) + " in the opposite order of tests"


# -- judging --------------------------------------------------------------------------------------


def _wrong(task: Task, run: PlainRun, before: PlainRun) -> str:
    """Why a run of the repair is no proof, in one line; empty if it is one."""
    if run.status is None:
        return f"{_who(task)} did not come to its end with the repair"
    if not run.used:
        return "the tests did not import the repaired file"
    failed = [node for node, outcome in run.outcomes.items() if outcome == "failed"]
    if failed:
        return f"{_who(task)} fails {failed[0]}" + (
            f" and {len(failed) - 1} more" if failed[1:] else ""
        )
    skipped = [node for node, outcome in run.outcomes.items() if outcome == "skipped"]
    new = [node for node in skipped if before.outcomes.get(node, "skipped") != "skipped"]
    if new:
        return f"{_who(task)} now skips {new[0]}"
    missing = _missing(task, run, before)
    if missing:
        return f"{_who(task)} did not run {missing}"
    ended_well = run.passed() and run.status == 0
    return "" if ended_well else f"{_who(task)} ended with status {run.status}"


def _who(task: Task) -> str:
    return f"plain {task.method}"


def _missing(task: Task, run: PlainRun, before: PlainRun) -> str:
    """A test that ought to have been run and was not."""
    narrowed = bool(task.keyword) or any(test.nodes for test in task.tests)
    if not narrowed:
        lost = [node for node in before.outcomes if node not in run.outcomes]
        if lost:
            return lost[0]
    if task.method == UNITTEST:
        return ""  # the ids of its cases do not tell the file
    for test in task.tests:
        name = Path(test.path).name
        mine = [
            node.partition("::")[2]
            for node in run.outcomes
            if Path(node.partition("::")[0]).name == name
        ]
        wanted = test.nodes or (
            () if task.keyword or test.path == task.path else _test_functions(test.path)
        )
        for node in wanted:
            if not any(ran == node or ran.startswith((node + "[", node + "::")) for ran in mine):
                return f"{name}::{node}"
        if not mine and not task.keyword:
            return name
    return ""


def _test_functions(path: str) -> list[str]:
    """Top-level test functions of a file, which pytest collects under its default configuration."""
    try:
        body = ast.parse(Path(path).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []
    return [
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        if not node.decorator_list
    ]


def _regression(before: PlainRun, after: PlainRun) -> str:
    lost = sorted(before.passed() - after.passed())
    return f"{lost[0]} passed before and does not now" if lost else ""


def _lost_examples(task: Task, program: Program) -> str:
    """A program must not edit the doctests it is judged by."""
    path = os.path.realpath(task.path)
    if not any(os.path.realpath(test.path) == path for test in task.tests):
        return ""
    left = _examples(path, program.source)
    for example in _examples(path, task.source):
        if example not in left:
            return f"the repair changes the docstring example {example[0].strip()}"
        left.remove(example)
    return ""


def _examples(path: str, source: str) -> list[tuple[str, str]]:
    found = doctests.examples(path, source)
    return [(example.source, example.want) for _, examples in found for example in examples]
