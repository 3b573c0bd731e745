"""From a file to the text of tests for its functions.

Calls of every source are made in the sandbox; what they come to becomes tests; those that do not pass in
fresh processes under several hash seeds are left out, and so is every test that no small change of the
function fails.
"""

from __future__ import annotations

import ast
import builtins
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from coderepair.compact import root_program
from coderepair.config import Settings
from coderepair.edit.regions import FunctionNode
from coderepair.errors import TestsNotRunnable, UsageError
from coderepair.methods import PYTEST
from coderepair.model import Limits, Task
from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.calling import Call, outcomes
from coderepair.runner.child.doctests import module_name
from coderepair.runner.fresh import run_plain
from coderepair.task import make_task
from coderepair.testgen.cases import Case, claimed, importable, name_of, observed, render
from coderepair.testgen.known import calls_in, known
from coderepair.testgen.mutants import fewest, mutants, noticed
from coderepair.testgen.starts import from_signature
from coderepair.trust import special
from coderepair.trust.calls import made_by_tests
from coderepair.trust.inputs import generated
from coderepair.verify import what

HASH_SEEDS = (0, 1, 2)
"""Values of PYTHONHASHSEED under which a test has to come to the same, each in a fresh process."""
MOST_CALLS = 40
"""Calls of one function that tests are made of."""
PLAIN_LIMITS = Limits(test_timeout_s=5.0, total_timeout_s=60.0)
RUN_LIMITS = Limits(test_timeout_s=2.0, total_timeout_s=20.0)


@dataclass(frozen=True, slots=True)
class Generated:
    """Tests that are worth keeping."""

    text: str
    """Of the file; empty if no test is."""
    cases: tuple[Case, ...]
    failing: tuple[str, ...]
    """Names of those that fail now: the program does not do what is said to be intended."""
    unstable: int
    """Tests left out because they do not always come to the same."""
    mutants: int
    """Small changes that were tried."""
    noticed: int
    """Those that fail a test."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The functions that tests are made for."""

    path: Path
    source: str
    folder: str
    """What has to be on `sys.path`."""
    module: str
    functions: tuple[str, ...]


def generate(
    path: Path,
    source: str,
    functions: Sequence[str],
    tests: Sequence[str],
    settings: Settings,
    most: int,
) -> Generated:
    """Tests for the functions (all public ones where none is named), at most `most` of each.

    Raises `UsageError`, `TestsNotRunnable` if the file cannot be imported, and `SandboxError`.
    """
    subject = _subject(path, source, functions)
    with (
        tempfile.TemporaryDirectory(prefix="coderepair-tests-") as folder,
        open_runner(settings.workers, settings.isolation, settings.integrity) as runner,
    ):
        maker = _Maker(subject, settings, runner, Path(folder))
        return maker.made(tests, most)


class _Maker:
    def __init__(
        self, subject: _Subject, settings: Settings, runner: ForkRunner, folder: Path
    ) -> None:
        self._subject, self._settings = subject, settings
        self._runner, self._folder = runner, folder

    def made(self, tests: Sequence[str], most: int) -> Generated:
        subject, seed = self._subject, self._settings.seed
        texts = {Path(test.partition("::")[0]).name: _read(test) for test in tests}
        said = {
            call: claim
            for call, claim in known(str(subject.path), subject.source, texts).items()
            if call.function in subject.functions
        }
        task = self._task("probe", "def test_import():\n    pass\n")
        self._check_import(task)
        calls = self._calls(self._of_tests(tests), [*said], seed)
        (found,) = outcomes(self._runner, task, [root_program(task)], calls, RUN_LIMITS)
        cases = _cases(subject, calls, found, said)
        return self._kept(cases, most, seed)

    def _task(self, name: str, text: str) -> Task:
        """The task of a scratch test file, which imports the file under test by its own name."""
        subject = self._subject
        head = f"import sys\nsys.path.insert(0, {subject.folder!r})\nimport {subject.module}\n"
        path = self._folder / f"test_{name}.py"
        path.write_text(head + text, encoding="utf-8")
        return self._of([path])

    def _of(self, tests: Sequence[str | Path]) -> Task:
        task = make_task(
            self._subject.path,
            tests,
            self._subject.functions,
            python=self._settings.python,
            source=self._subject.source,
            runner=self._runner,
            isolation=self._settings.isolation,
        )
        if task.method != PYTEST:
            raise TestsNotRunnable(f"{task.python} has no pytest, or the program starts others")
        return task

    def _check_import(self, task: Task) -> None:
        (report,) = self._runner.run(task, [root_program(task)], RUN_LIMITS)
        failure = report.first_failure
        if failure is not None:
            told = failure.failure
            why = (told.message or told.exception) if told else failure.outcome.value
            raise TestsNotRunnable(f"{self._subject.path} cannot be imported: {why}")

    def _of_tests(self, tests: Sequence[str]) -> list[Call]:
        """The calls that existing tests make; none if they cannot be run."""
        if not tests:
            return []
        with suppress(TestsNotRunnable):
            task = self._of(tests)
            return made_by_tests(task, self._runner, root_program(task), RUN_LIMITS)
        return []

    def _calls(self, first: Sequence[Call], said: Sequence[Call], seed: int) -> list[Call]:
        """For each function the calls that are known, then those of its signature, then others near
        them."""
        subject, found = self._subject, list[Call]()
        constants = special.constants([subject.source], "")
        tree = ast.parse(subject.source)
        nodes = {each.name: each for each in tree.body if isinstance(each, FunctionNode)}
        others = list(calls_in([subject.source]))
        for name in subject.functions:
            seeds = [call for call in (*said, *first, *others) if call.function == name]
            if name in nodes:
                seeds += from_signature(nodes[name])
            seeds = list(dict.fromkeys(seeds))[:MOST_CALLS]
            found += [*seeds, *generated(seeds, constants, MOST_CALLS - len(seeds), seed)]
        return list(dict.fromkeys(found))

    def _kept(self, cases: Sequence[Case], most: int, seed: int) -> Generated:
        """Those that are stable and notice a change: every known intent, of the rest the fewest."""
        subject = self._subject
        if not cases:
            return Generated("", (), (), 0, 0, 0)
        task = self._task("all", render(subject.module, cases, header=""))
        passed, failed = self._stable(task)
        usable = [
            case for case in cases if case.name in passed or (case.intent and case.name in failed)
        ]
        programs = [
            each for name in subject.functions for each in mutants(subject.source, name, seed)
        ]
        noticing = noticed(task, self._runner, programs)
        chosen = list[Case]()
        for name in subject.functions:
            mine = [case for case in usable if case.call.function == name]
            chosen += _fewest(mine, noticing, failed, most)
        seen = frozenset[int]().union(*(noticing.get(each.name, ()) for each in chosen))
        numbered = tuple(_numbered(chosen))
        red = [new.name for new, old in zip(numbered, chosen, strict=True) if old.name in failed]
        text = render(subject.module, numbered) if numbered else ""
        unstable = len({case.name for case in cases} - passed - failed)
        return Generated(text, numbered, tuple(red), unstable, len(programs), len(seen))

    def _stable(self, task: Task) -> tuple[frozenset[str], frozenset[str]]:
        """Names of the tests that pass in every fresh process, and of those that fail in every one."""
        selected = what(task, narrowed=False)
        jobs = [(task.source, selected, seed) for seed in HASH_SEEDS]
        runs = run_plain(task, jobs, PLAIN_LIMITS, with_original=False)
        by_run = [{_name(node): outcome for node, outcome in run.outcomes.items()} for run in runs]
        return _always(by_run, "passed"), _always(by_run, "failed")


def _always(runs: Sequence[Mapping[str, str]], outcome: str) -> frozenset[str]:
    names = [{name for name, found in run.items() if found == outcome} for run in runs]
    return frozenset(set.intersection(*names))


def _name(node: str) -> str:
    return node.rpartition("::")[2]


def _subject(path: Path, source: str, functions: Sequence[str]) -> _Subject:
    """Raises `UsageError` for a file or a function that no test can be made for."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} does not parse ({error}); repair it first") from None
    there = [
        each.name
        for each in tree.body
        if isinstance(each, ast.FunctionDef) and not each.name.startswith(("_", "test"))
    ]
    missing = [name for name in functions if name not in _names(tree)]
    if missing:
        raise UsageError(f"{path} has no function {missing[0]} that a test can call")
    wanted = tuple(functions) or tuple(dict.fromkeys(there))
    if not wanted:
        raise UsageError(f"{path} has no public function; name one with --function")
    folder, module = module_name(str(path.resolve()))
    if not importable(module):
        raise UsageError(f"{path}: a test cannot import a module named {module}")
    return _Subject(path, source, folder, module, wanted)


def _names(tree: ast.Module) -> set[str]:
    """Functions, and methods of classes, that a test can call."""
    found = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    for kind in (each for each in tree.body if isinstance(each, ast.ClassDef)):
        found |= {
            f"{kind.name}.{each.name}" for each in kind.body if isinstance(each, ast.FunctionDef)
        }
    return found


def _read(test: str) -> str:
    try:
        return Path(test.partition("::")[0]).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _cases(
    subject: _Subject,
    calls: Sequence[Call],
    found: Sequence[str],
    said: Mapping[Call, tuple[str, str]],
) -> list[Case]:
    """A test for each call of which something can be said."""
    raised = _raised(ast.parse(subject.source))
    cases = []
    for number, (call, outcome) in enumerate(zip(calls, found, strict=True), 1):
        expected, who = said.get(call, ("", ""))
        body = claimed(call, expected) if who else observed(call, outcome, raised)
        if body:
            cases.append(Case(name_of(call, number), call, body, who))
    return cases


def _raised(tree: ast.Module) -> frozenset[str]:
    """Built-in exceptions that the file raises by their names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            what_ = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(what_, ast.Name) and hasattr(builtins, what_.id):
                found.add(what_.id)
    return frozenset(found)


def _fewest(
    cases: Sequence[Case],
    noticing: Mapping[str, frozenset[int]],
    failed: frozenset[str],
    most: int,
) -> list[Case]:
    """Every known intent that fails or notices a change, then what adds to them; short tests first."""
    meant = [
        case for case in cases if case.intent and (case.name in failed or noticing.get(case.name))
    ]
    seen = frozenset[int]().union(*(noticing.get(case.name, ()) for case in meant))
    rest = {
        case.name: noticing.get(case.name, frozenset()) - seen
        for case in cases
        if case.name not in failed and not case.intent
    }
    by_name = {case.name: case for case in cases}
    short = sorted(rest, key=lambda name: len(" ".join(by_name[name].body)))
    return [*meant, *(by_name[name] for name in fewest(rest, short, most - len(meant)))]


def _numbered(cases: Sequence[Case]) -> Iterator[Case]:
    """The tests of each function numbered from 1."""
    counts: dict[str, int] = {}
    for case in cases:
        name = case.call.function
        counts[name] = counts.get(name, 0) + 1
        yield replace(case, name=name_of(case.call, counts[name]))
