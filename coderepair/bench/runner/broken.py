"""A package on disk, one function broken at a time by our own operators, judged by its own tests.

Each time the broken file is the user's, as it would be, and two programs are judged: the broken one, and
the intact one as a repair.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from coderepair.bench.runner.agreement import MODES, Comparison, Rows, compare
from coderepair.bench.runner.plain import PlainPytest
from coderepair.bench.version import code_version
from coderepair.edit.regions import functions, region_text, replace_region
from coderepair.errors import CodeRepairError
from coderepair.model import Program
from coderepair.propose.edits import compiles, describe
from coderepair.propose.operators import FunctionContext, Surroundings, enumerate_edits
from coderepair.runner import open_runner
from coderepair.runner.reports import TWO_PROCESS
from coderepair.task import make_task

INTACT, BROKEN = "intact", "broken"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__")
TRIES = 20


@dataclass(frozen=True, slots=True)
class Package:
    """What is broken and judged; paths relative to `root`."""

    root: Path
    module: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """One function of the module with one edit."""

    function: str
    words: str
    source: str


def breaks(source: str, count: int, seed: int) -> list[Break]:
    """Random edits of random functions, each function at most once before all have had their turn.

    Raises SyntaxError if the module does not parse.
    """
    rng = random.Random(seed)
    found: list[Break] = []
    while len(found) < count:
        before = len(found)
        order = functions(source)
        rng.shuffle(order)
        for function in order[: count - before]:
            program = Program(source, ((function.start, function.end),))
            one = _break(program, function.qualname, function.line, rng)
            if one is not None and one not in found:
                found.append(one)
        if len(found) == before:
            break
    return found


def _break(program: Program, name: str, line: int, rng: random.Random) -> Break | None:
    try:
        context = FunctionContext(region_text(program, 0), Surroundings(first_line=line))
    except SyntaxError:
        return None
    edits = enumerate_edits(context)
    for edit in rng.sample(edits, min(TRIES, len(edits))):
        text = edit.apply(context.text)
        if compiles(text):
            changed = replace_region(program, 0, text)
            if changed is not None and changed.key != program.key:
                return Break(name, f"{name} {describe(context, edit)}", changed.source)
    return None


def run(
    package: Package,
    rows: Rows,
    python: str,
    count: int,
    seed: int,
    on_break: Callable[[int, int, str], None],
) -> list[Comparison]:
    """Compares what `rows` does not hold yet and returns what is known of these breaks."""
    source = (package.root / package.module).read_text(encoding="utf-8")
    chosen = breaks(source, count, seed)
    version = code_version()
    names = {_name(package, each) for each in chosen}
    with tempfile.TemporaryDirectory(prefix="coderepair-broken-") as scratch, ExitStack() as stack:
        copy = Path(scratch, "package")
        shutil.copytree(package.root, copy, ignore=LEFT_OUT)
        judged = Package(copy, package.module, package.tests)
        plain = stack.enter_context(PlainPytest(python))
        intact = plain.run(copy, package.tests)
        for number, each in enumerate(chosen, 1):
            missing = [m for m in MODES if not rows.has(_name(package, each), m)]
            if missing:
                (copy / package.module).write_text(each.source, encoding="utf-8")
                told = {BROKEN: plain.run(copy, package.tests), INTACT: intact}
                programs = {BROKEN: each.source, INTACT: source}
                rows.append(_compared(judged, each, missing, programs, told, python, version))
            on_break(number, len(chosen), each.words)
    return [row for row in rows.known.values() if row.task in names]


def _compared(
    package: Package,
    each: Break,
    modes: Sequence[str],
    programs: dict[str, str],
    told: dict[str, dict[str, str]],
    python: str,
    version: str,
) -> Iterator[Comparison]:
    """The rows of one break. A new runner each, as a user's run has."""
    name = _name(package, each)
    for mode in modes:
        with open_runner(1, integrity="auto" if mode == TWO_PROCESS else mode) as runner:
            try:
                task = make_task(
                    package.root / package.module,
                    [package.root / test for test in package.tests],
                    function=each.function,
                    python=python,
                    runner=runner,
                    project_root=str(package.root),
                )
                yield from compare(runner, mode, task, programs, told, name=name, version=version)
            except CodeRepairError as error:
                text = f"{type(error).__name__}: {error}"
                yield Comparison(name, mode, BROKEN, 0, 0, 0, 0, version=version, error=text)


def _name(package: Package, each: Break) -> str:
    return f"{package.module} {each.words}"
