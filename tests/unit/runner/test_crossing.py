"""What a test may do with a program that runs in another process, and what has to be judged in its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coderepair.errors import TestsNotRunnable
from coderepair.model import Outcome
from coderepair.runner import ForkRunner, open_runner
from tests.projects import Project, outcomes

TWO, SHARED = "two-process", "shared-process"


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1) as opened:
        yield opened


PROGRAM = """
import collections, dataclasses, enum, math, sys

class Wrong(ValueError):
    code = 5
    def hint(self):
        return "hint"

@dataclasses.dataclass
class Point:
    x: int = 0

class Color(enum.Enum):
    RED = 1

Pair = collections.namedtuple("Pair", "a b")

def same(x): return x
def tidy(rows): rows[0].sort(); rows.append([]); return rows
def rows(n): yield from range(n)
def squares(n): return map(lambda each: each * each, range(n))
def table(): return {(1, "a"): {2}, frozenset([3]): b"x"}
def fail(x): raise KeyError(x)
def wrong(x): raise Wrong("no", x)
def say(): print("out"); print("err", file=sys.stderr)
def pair(): return Pair(1, 2)
def point(): return Point(3)
def color(): return Color.RED
def adder(n): return lambda x: x + n
def apply(f, x): return f(x)
def once(cache=[]): cache.append(1); return len(cache)
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
async def later(): return 1
"""
CROSSES = {
    "in place": "rows = [[3, 1]]\nfirst = rows[0]\nassert tidy(rows) == rows\nassert rows == [[1, 3], []]\n"
    "first.append(9)\nassert rows[0] == [1, 3, 9]",
    "aliases": "row = []\nboth = same([row, row])\nboth[0].append(1)\nassert both[1] == [1]\nassert row == [1]",
    "generator": "assert list(rows(3)) == [0, 1, 2]",
    "generator step by step": "it = rows(2)\nassert next(it) == 0\nassert next(it) == 1\nassert next(it, None) is None",
    "iterator": "assert list(squares(3)) == [0, 1, 4]\nassert sum(squares(3)) == 5",
    "keys": "assert table() == {(1, 'a'): {2}, frozenset([3]): b'x'}",
    "big": "assert same(10 ** 400) == 10 ** 400\nassert same(-(2 ** 70)) == -(2 ** 70)",
    "nan": "found = same(float('nan'))\nassert found != found\nassert same(-0.0).hex() == '-0x0.0p+0'",
    "bytes": "assert same(b'\\x00\\xff') == b'\\x00\\xff'\nassert same(bytearray(b'a')) == bytearray(b'a')",
    "builtin exception": "import pytest\nwith pytest.raises(KeyError, match='7'):\n    fail(7)",
    "own exception": "import pytest\nwith pytest.raises(Wrong) as caught:\n    wrong(7)\n"
    "assert caught.value.args == ('no', 7)\nassert isinstance(caught.value, ValueError)",
    "named tuple": "assert tuple(same((1, 2))) == (1, 2)\nassert pair().a == 1\nassert pair() == (1, 2)",
    "state": "first = once()\nassert once() == first + 1",
    "recursion": "import pytest\nwith pytest.raises(RecursionError):\n    deep(10 ** 6)",
}
FALLS_BACK = {
    "object": "assert point().x == 3",
    "class": "assert Point(2).x == 2",
    "enum": "assert color() == Color.RED",
    "function": "assert adder(1)(2) == 3",
    "callback": "assert apply(lambda x: x + 1, 2) == 3",
    "coroutine": "try:\n    later().send(None)\nexcept StopIteration as end:\n    assert end.value == 1",
    "attribute of an exception": "try:\n    wrong(1)\nexcept Wrong as error:\n    assert error.code == 5",
    "method of an exception": "try:\n    wrong(1)\nexcept Wrong as error:\n    assert error.hint() == 'hint'",
    "identity": "text = 'a' * 9\nassert same(text) is text",
    "special attribute": "assert same.__name__ == 'same'",
    "module changed": "import solution\nsolution.LIMIT = 3\nassert solution.LIMIT == 3",
    "unknown name": "import solution\nassert getattr(solution, 'extra', 4) == 4",
}
CASES = [*((each, TWO) for each in CROSSES), *((each, SHARED) for each in FALLS_BACK)]


def written(body: str, arguments: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"from solution import *\n\ndef test_it({arguments}):\n{lines}"


@pytest.mark.parametrize(("name", "integrity"), CASES, ids=[each for each, _ in CASES])
def test_each_use_is_judged_from_outside_or_said_not_to_be(
    project: Project, runner: ForkRunner, name: str, integrity: str
) -> None:
    body = CROSSES.get(name) or FALLS_BACK[name]
    (report,) = project.judge(PROGRAM, written(body))
    assert (report.solved, report.integrity) == (True, integrity), outcomes(report)
    assert bool(runner.fallbacks) is (integrity == SHARED)


def test_what_is_printed_crosses_in_order(project: Project) -> None:
    body = "print('mine')\nsay()\nsaid = capsys.readouterr()\nassert said.out == 'mine\\nout\\n'\n"
    (report,) = project.judge(PROGRAM, written(body + "assert said.err == 'err\\n'", "capsys"))
    assert (report.solved, report.integrity) == (True, TWO)


def test_a_name_that_only_the_repair_has_counts(project: Project) -> None:
    tests = "import solution\n\ndef test_new():\n    assert solution.new() == 1\n"
    old, new = (
        "def old():\n    return 1\n",
        "def old():\n    return 1\n\ndef new():\n    return old()\n",
    )
    before, after = project.judge(old, tests, old, new)
    assert (before.solved, after.solved) == (False, True)
    assert after.integrity == SHARED


def test_only_the_tests_that_need_it_run_in_the_program_s_process(
    project: Project, runner: ForkRunner
) -> None:
    tests = written(CROSSES["keys"]) + "\ndef test_object():\n    assert point().x == 3\n"
    counted = runner.tally.tests, runner.tally.shared
    (report,) = project.judge(PROGRAM, tests)
    assert report.solved
    assert [name.rpartition("::")[2] for name in runner.fallbacks] == ["test_object"]
    assert (runner.tally.tests, runner.tally.shared) == (counted[0] + 2, counted[1] + 1)


def test_what_has_to_run_in_its_own_process_may_not_reach_for_the_tests(project: Project) -> None:
    sneaky = PROGRAM + "\nimport gc\nfound = gc.get_objects()\n"
    harmless = PROGRAM + "\nimport re\nkill = re.compile('modules')\n"
    reports = project.judge(PROGRAM, written(FALLS_BACK["object"]), sneaky, harmless)
    assert set(outcomes(reports[0]).values()) == {Outcome.REJECTED}
    assert reports[1].solved


def test_two_process_mode_on_demand_refuses_what_it_cannot_judge(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with open_runner(1, integrity=TWO) as strict:
        project = Project(tmp_path_factory.mktemp("strict"), strict)
        escaping = PROGRAM.replace("return {(1", "return adder or {(1")
        good, other = project.judge(PROGRAM, written(CROSSES["keys"]), PROGRAM, escaping)
        assert (good.solved, good.integrity) == (True, TWO)
        assert set(outcomes(other).values()) == {Outcome.REJECTED}
        with pytest.raises(TestsNotRunnable, match="1 of 1 tests can only run in the candidate's"):
            project.judge(PROGRAM, written(FALLS_BACK["object"]))
