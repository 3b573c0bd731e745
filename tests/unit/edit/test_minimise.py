"""Laws of the patch minimiser."""

from __future__ import annotations

import ast
from collections.abc import Callable
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.edit.minimise import minimise
from coderepair.edit.regions import program_of, region_text
from coderepair.edit.size import changed_tokens
from coderepair.model import Program

USERS = '''\
def clamp( x, low,high ):
    """Keeps x between low and high."""
    # the lower bound
    if x<low:
        return  low
    if x < high:   # wrong
        return high
    note = 'unused'
    return x


def other():
    return 1
'''
MODELS = '''\
def clamp(x, low, high):
    """Keep x between low and high."""
    if x < low:
        return low
    if x > high:
        return high
    note = "not used"
    extra = 0
    return x


def other():
    return 1
'''


def clamps(program: Program) -> bool:
    namespace: dict[str, Callable[..., object]] = {}
    exec(program.source, namespace)
    try:
        return [namespace["clamp"](x, 0, 9) for x in (-1, 5, 10)] == [0, 5, 9]
    except NameError:
        return False


class Judge:
    """A predicate that counts."""

    def __init__(self, passes: Callable[[Program], bool]) -> None:
        self.passes, self.runs = passes, 0

    def __call__(self, program: Program) -> bool:
        self.runs += 1
        return self.passes(program)


def changed_lines(old: str, new: str) -> list[str]:
    matcher = SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    return [
        line
        for tag, _, _, start, stop in matcher.get_opcodes()
        if tag != "equal"
        for line in new.split("\n")[start:stop]
    ]


def test_only_the_line_that_matters_is_left_with_the_users_layout() -> None:
    small = minimise(USERS, program_of(MODELS, ("clamp",)), ("clamp",), clamps)
    assert changed_lines(USERS, small.source) == ["    if x > high:   # wrong"]
    assert region_text(small).startswith("def clamp( x, low,high ):")


def test_it_is_deterministic_and_never_runs_a_program_twice() -> None:
    seen: list[str] = []

    def judge(program: Program) -> bool:
        seen.append(program.key)
        return clamps(program)

    first = minimise(USERS, program_of(MODELS, ("clamp",)), ("clamp",), judge)
    runs = len(seen)
    assert len(set(seen)) == runs
    assert minimise(USERS, program_of(MODELS, ("clamp",)), ("clamp",), judge) == first
    assert len(seen) == 2 * runs


def test_what_is_only_layout_costs_no_run() -> None:
    tidy = ast.unparse(ast.parse(USERS.replace("x < high", "x > high"))) + "\n"
    judge = Judge(clamps)
    small = minimise(USERS, Program(tidy), ("clamp",), judge)
    assert small.source == USERS.replace("x < high", "x > high")
    assert judge.runs == 0


@pytest.mark.parametrize("limit", [0, 1, 2, 5])
def test_the_limit_of_runs_is_kept_and_what_comes_out_passes(limit: int) -> None:
    judge = Judge(clamps)
    small = minimise(USERS, program_of(MODELS, ("clamp",)), ("clamp",), judge, max_runs=limit)
    assert judge.runs <= limit
    assert clamps(small)


def test_a_change_outside_of_the_function_stays_if_it_is_needed() -> None:
    repair = "import math\n" + MODELS.replace("return x\n", "return math.floor(x)\n")
    small = minimise(
        USERS,
        program_of(repair, ("clamp",)),
        ("clamp",),
        lambda program: clamps(program) and "floor" in program.source,
    )
    assert small.source.startswith("import math\n")
    assert clamps(small)


def test_statements_that_only_go_together_come_back_together() -> None:
    users = """\
def mean(values):
    total = 0
    for v in values:
        total += v
    return total / (len(values) - 1)
"""
    models = "def mean(values):\n    return sum(values) / len(values)\n"

    def passes(program: Program) -> bool:
        namespace: dict[str, Callable[..., object]] = {}
        exec(program.source, namespace)
        try:
            return namespace["mean"]([1, 2, 3]) == 2
        except NameError:
            return False

    small = minimise(users, program_of(models, ("mean",)), ("mean",), passes)
    assert changed_lines(users, small.source) == ["    return sum(values) / len(values)"]


def hunks(old: str, new: str) -> list[tuple[int, int, int, int]]:
    matcher = SequenceMatcher(None, old.splitlines(True), new.splitlines(True), autojunk=False)
    return [tuple(code[1:]) for code in matcher.get_opcodes() if code[0] != "equal"]  # type: ignore[misc]


@given(
    drops=st.lists(st.integers(0, 9), max_size=4, unique=True),
    changes=st.dictionaries(st.integers(0, 9), st.integers(10, 99), max_size=5),
    needed=st.integers(0, 9),
)
def test_no_hunk_can_be_dropped(drops: list[int], changes: dict[int, int], needed: int) -> None:
    """Programs of ten independent lines, of which the repair changed or dropped some."""
    lines = [f"x{i} = {i}\n" for i in range(10)]
    new = [f"x{i} = {changes.get(i, i)}\n" for i in range(10) if i not in drops]
    wanted = new[needed % len(new)]

    def passes(program: Program) -> bool:
        return wanted in program.source and len(program.source.split("\n")) - 1 <= max(len(new), 8)

    original, repair = "".join(lines), Program("".join(new))
    if passes(Program(original)) or not passes(repair):
        return
    small = minimise(original, repair, (), passes, max_runs=1000)
    assert passes(small)
    for low, high, start, stop in hunks(original, small.source):
        kept = small.source.splitlines(True)
        without = "".join([*kept[:start], *original.splitlines(True)[low:high], *kept[stop:]])
        assert not passes(Program(without)) or Program(without).key == Program(original).key


PLAIN = "def f(xs):\n    return xs[0]\n"


def defines(program: Program) -> Callable[..., object]:
    namespace: dict[str, Callable[..., object]] = {}
    exec(program.source, namespace)
    return namespace["f"]


def behaves(wanted: Callable[[list[int]], object]) -> Callable[[Program], bool]:
    """Whether a program's `f` does what another does on a few lists."""

    def alike(program: Program) -> bool:
        try:
            return all(defines(program)(xs) == wanted(xs) for xs in ([3], [2, 1], [1, 5, 4]))
        except (NameError, TypeError, IndexError, ValueError):
            return False

    return alike


@pytest.mark.parametrize(
    ("repair", "left"),
    [
        ("    return max(0, max(xs))\n", "    return max(xs)\n"),
        ("    xs = list(xs)\n    return max(xs)\n", "    return max(xs)\n"),
        ("    return max(xs[0], max(xs))\n", "    return max(xs)\n"),
    ],
)
def test_words_that_change_nothing_are_left_out_where_that_is_known(repair: str, left: str) -> None:
    program = Program("def f(xs):\n" + repair)

    def passes(candidate: Program) -> bool:
        return behaves(max)(candidate)

    small = minimise(PLAIN, program, ("f",), passes, alike=behaves(max))
    assert small.source == "def f(xs):\n" + left


def test_no_word_is_left_out_where_nothing_is_known_of_the_behaviour() -> None:
    program = Program("def f(xs):\n    return max(0, max(xs))\n")
    for alike in (None, lambda _: None):
        assert minimise(PLAIN, program, ("f",), lambda _: True, alike=alike) == program_of(
            program.source, ("f",)
        )


def test_what_passes_and_behaves_differently_is_not_taken() -> None:
    """The tests ask for the last of one list; only the generated calls know of the guard."""
    program = Program("def f(xs):\n    if not xs:\n        return None\n    return xs[-1]\n")

    def passes(candidate: Program) -> bool:
        return defines(candidate)([1, 2]) == 2

    def alike(candidate: Program) -> bool:
        try:
            found = [defines(candidate)(xs) for xs in ([], [3], [2, 1], [1, 5, 4])]
        except (IndexError, NameError, TypeError):
            return False
        return found == [None, 3, 1, 4]

    without = minimise(PLAIN, program, ("f",), passes)
    assert without.source == "def f(xs):\n    return xs[-1]\n"
    assert minimise(PLAIN, program, ("f",), passes, alike=alike).source == program.source


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_it_ends_at_a_fixed_point_that_is_no_larger(numbers: list[int]) -> None:
    program = Program(f"def f(xs):\n    return max([*xs, {', '.join(map(str, numbers))}]) + 0\n")
    wanted = defines(program)
    alike = behaves(wanted)
    small = minimise(PLAIN, program, ("f",), alike, alike=alike)
    assert alike(small)
    assert minimise(PLAIN, small, ("f",), alike, alike=alike).source == small.source
    assert changed_tokens(PLAIN, small.source) <= changed_tokens(PLAIN, program.source)
