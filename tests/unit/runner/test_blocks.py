"""Block traces of the call that a failing check makes, in the sandbox, in both integrity modes."""

from __future__ import annotations

from coderepair.edit.regions import program_of
from coderepair.model import Limits, Outcome
from coderepair.runner.child.display import CHARS, shown
from coderepair.trace.record import Trace, Visit
from coderepair.trace.tracer import KEPT, trace
from tests.projects import LIMITS, Project


def traced(
    project: Project, solution: str, call: str, *, level: str = "block", limits: Limits = LIMITS
) -> Trace | None:
    """The trace of `assert <call>`."""
    project.write("solution.py", solution)
    project.write("test_solution.py", f"from solution import *\n\ndef test_it():\n    {call}\n")
    task = project.task("test_solution.py")
    (report,) = project.run(task, limits=limits)
    failing = report.first_failure
    assert failing is not None
    return trace(project.runner, task, program_of(task.source, ()), failing, limits, level)


def seen(project: Project, solution: str, call: str, level: str = "block") -> list[str]:
    found = traced(project, solution, call, level=level)
    assert found is not None
    return [told(visit) for visit in found.visits]


def told(visit: Visit, above: int = 0) -> str:
    """`line: changed names end`, lines counted behind those `above`."""
    changed = " ".join(f"{name}={value}" for name, value in visit.after)
    end = f" returns {visit.returned}" if visit.returned else ""
    end += f" raises {visit.raised} at {visit.line - above}" if visit.raised else ""
    return f"{visit.lines[0] - above}: {changed}{end}"


MEAN = """\
def mean(xs):
    total = 0
    for x in xs:
        total += x
    n = len(xs) - 1
    return total / n
"""


def test_values_before_and_behind_each_block(project: Project) -> None:
    """Row B10: a loop."""
    found = traced(project, MEAN, "assert mean([2, 4]) == 3")
    assert found is not None
    assert [told(each) for each in found.visits] == [
        "2: total=0", "3: x=2", "4: total=2", "4: total=6", "5: n=1 returns 6.0",
    ]  # fmt: skip
    assert dict(found.visits[3].before) == {"xs": "[2, 4]", "total": "2", "x": "4"}
    assert (found.check, found.total, found.endless, found.earlier) == (
        "test_solution.py::test_it", 5, False, (),
    )  # fmt: skip


def test_levels(project: Project) -> None:
    """Row B11: LDB's line level is a level of its own for every model."""
    call = "assert mean([2, 4]) == 3"
    assert seen(project, MEAN, call, "line")[-2:] == ["5: n=1", "6:  returns 6.0"]
    assert seen(project, MEAN, call, "function") == ["2: total=6 x=4 n=1 returns 6.0"]


CONSTRUCTS = {
    "one_line_return": ("def f(a):\n    if a: return 1\n    return 2\n", ["2:  returns 1"]),
    "try": (
        ("def f(a):\n    try:\n        b = 1 / a\n    except ZeroDivisionError:\n        b = 7\n"
        "    finally:\n        c = b\n    return c + a\n"),
        ["2: b=0.3333333333333333", "6: c=0.3333333333333333", "8:  returns 3.3333333333333335"],
    ),
    "with": (
        "def f(a):\n    with io.StringIO('k') as s:\n        t = s.read()\n    return t\n",
        ["2: s=<_io.StringIO object>", "3: t='k'", "4:  returns 'k'"],
    ),
    "match": (
        ("def f(a):\n    match a:\n        case 1:\n            b = 1\n        case x if x > 2:\n"
        "            b = x\n    return b + 1\n"),
        ["2: x=3", "5: b=3", "7:  returns 4"],
    ),
    "comprehension": (
        "def f(a):\n    xs = [x *\n          2 for x in range(a)]\n    return xs\n",
        ["2: xs=[0, 2, 4] returns [0, 2, 4]"],
    ),
    "while_else": (
        "def f(a):\n    while a > 1:\n        a -= 1\n    else:\n        b = a\n    return b\n",
        ["2: ", "3: a=2", "2: ", "3: a=1", "2: ", "4: b=1", "6:  returns 1"],
    ),
    "procedure": ("def f(a):\n    b = [a]\n    b.append(1)\n", ["2: b=[3, 1]"]),
    "recursion": (
        "def f(a):\n    if a == 1: return 1\n    return f(a - 1) * a + 1\n",
        ["2: ", "3:  returns 10", "2: ", "3:  returns 3", "2:  returns 1"],
    ),
    "raise": (
        "def f(a):\n    b = [a]\n    return b[a]\n",
        ["2: b=[3] raises IndexError at 3"],
    ),
    "async_body": (
        ("def f(a):\n    async def g():\n        b = a\n        return b\n"
        "    return asyncio.run(g())\n"),
        ["2:  returns 3", "3: b=3 returns 3"],
    ),
}  # fmt: skip


def test_constructs(project: Project) -> None:
    """Row B10: what LDB's tracer breaks on."""
    parts = [text.replace("f(a", f"k_{name}(a") for name, (text, _) in CONSTRUCTS.items()]
    tests = [f"def test_{name}():\n    assert k_{name}(3) == 'no'\n" for name in CONSTRUCTS]
    project.write("solution.py", "import io, asyncio\n" + "".join(parts))
    project.write("test_solution.py", "from solution import *\n\n" + "".join(tests))
    task = project.task("test_solution.py")
    (report,) = project.run(task)
    first = 2
    for check, (name, (text, expected)) in zip(report.checks, CONSTRUCTS.items(), strict=True):
        found = trace(project.runner, task, program_of(task.source, ()), check, LIMITS)
        assert found is not None, name
        assert [told(each, first - 1) for each in found.visits] == expected, name
        first += text.count("\n")


def test_a_generator_and_a_method(project: Project) -> None:
    solution = (
        "class Stack:\n    def __init__(self):\n        self.items = []\n"
        "    def push(self, x):\n        self.items.insert(0, x)\n"
        "    def pop(self):\n        return self.items.pop()\n"
        "def gen(n):\n    for i in range(n):\n        yield i + 1\n"
    )
    call = "s = Stack(); s.push(1); s.push(2); assert s.pop() == 2"
    found = traced(project, solution, call)
    assert found is not None
    assert [told(each) for each in found.visits] == ["7: self=Stack(items=[2]) returns 1"]
    assert dict(found.visits[0].before) == {"self": "Stack(items=[2, 1])"}
    assert found.earlier == (
        "Stack.__init__(self=Stack())",
        "Stack.push(self=Stack(items=[]), x=1)",
        "Stack.push(self=Stack(items=[1]), x=2)",
    )
    assert seen(project, solution, "assert list(gen(2)) == [0, 1]") == ["9: i=0", "10: ", "10: "]


def test_tests_that_are_no_comparison(project: Project) -> None:
    """LDB takes the call from the test's text, which breaks for all of these."""
    for call in (
        "assert not mean([1, 2])",
        "assert abs(mean([1, 2]) - 1.5) < 0.1",
        "x = mean([1, 2])\n    if x == 3.0:\n        raise RuntimeError(x)",
        "import pytest\n    with pytest.raises(KeyError):\n        mean([1, 2])",
    ):
        found = traced(project, MEAN, call)
        assert found is not None, call
        assert found.visits[-1].returned == "3.0"


def test_first_and_last_blocks(project: Project) -> None:
    """Row B12: five and five, however long the call is."""
    found = traced(project, MEAN, "assert mean(list(range(1000))) == 1")
    assert found is not None
    assert len(found.visits) == sum(KEPT["block"]) == 10
    assert [each.number for each in found.visits] == [1, 2, 3, 4, 5, 999, 1000, 1001, 1002, 1003]
    assert found.total == 1003
    assert dict(found.visits[-1].before)["total"] == str(sum(range(1000)))
    assert found.visits[-2].after == (("total", str(sum(range(1000)))),)


def test_a_call_that_does_not_end(project: Project) -> None:
    solution = "def f(n):\n    i = 0\n    while i < n:\n        i -= 1\n    return i\n"
    found = traced(project, solution, "assert f(3) == 3")
    assert found is not None
    assert found.endless and not any(each.raised for each in found.visits)
    assert [each.lines[0] for each in found.visits[:5]] == [2, 3, 4, 3, 4]
    assert found.visits[-1].number > 1000


def test_the_check_that_fails_not_the_one_before(project: Project) -> None:
    found = traced(project, MEAN, "assert mean([3, 0]) == 3\n    assert mean([5, 5]) == 5")
    assert found is not None
    assert dict(found.visits[0].before) == {"xs": "[5, 5]"}


def test_hostile_objects(project: Project) -> None:
    bodies = ("raise ValueError", "while True: pass", "import os; os._exit(0)")
    classes = [
        f"class A{number}:\n    n = [{number}]\n    def __init__(self): self.k = 1\n"
        f"    def __repr__(self):\n        {body}\n"
        "    __str__ = __eq__ = __len__ = __hash__ = __getattribute__ = __repr__\n"
        for number, body in enumerate(bodies)
    ]
    solution = "".join(classes) + "def f(k):\n    a = A0(), A1(), A2()\n    return k\n"
    found = traced(project, solution, "assert f(1) == 2", level="function")
    assert found is not None
    assert found.visits[0].after == (("a", "(A0(k=1), A1(k=1), A2(k=1))"),)
    assert found.visits[0].returned == "1"


def test_what_cannot_be_traced(project: Project) -> None:
    """Row B14."""
    assert traced(project, "def f(:\n", "assert f(1) == 2") is None
    assert traced(project, "import os\ndef f(a):\n    os._exit(3)\n", "assert f(1) == 2") is None
    assert traced(project, "f = max\n", "assert f(1, 2) == 5") is None


def test_a_check_that_passes_has_no_trace(project: Project) -> None:
    project.write("solution.py", "def f(a):\n    return a\n")
    project.write(
        "test_solution.py", "from solution import f\ndef test_it():\n    assert f(1) == 1\n"
    )
    task = project.task("test_solution.py")
    (report,) = project.run(task)
    (check,) = report.checks
    assert check.outcome is Outcome.PASS
    assert trace(project.runner, task, program_of(task.source, ()), check, LIMITS) is None


def test_values_are_cut_in_their_middle() -> None:
    """Row B12: at most 100 characters, the first and the last ones."""
    text = shown([123456] * 8, "/x.py") + shown(list(range(9)), "/x.py")
    assert text.endswith("[0, 1, 2, 3, 4, 5, 6, 7, ...]")
    long = shown(["a" * 30] * 8, "/x.py")
    assert len(long) <= CHARS and "..." in long and long[:1] + long[-1:] == "[]"
    assert shown({3, 1, 2}, "/x.py") == "{1, 2, 3}"
    assert shown(10**400, "/x.py") == "<int of 1329 bits>"
    nested: list[object] = []
    nested.append(nested)
    assert shown(nested, "/x.py") == "[[[[...]]]]"
