"""Programs that forge: what the judge did not see from outside is never called so, and never passes there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coderepair.model import Outcome, TestReport
from coderepair.runner import ForkRunner, open_runner
from tests.projects import Project, outcomes

pytestmark = pytest.mark.adversarial

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"
TESTS = """
from solution import double

SECRET = 7919

def test_first():
    assert double(2) == 4

def test_second():
    assert double(SECRET) == 15838
"""
CHANNEL = """
import os, stat, struct, threading, time
def sockets():
    found = []
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                found.append(fd)
        except OSError:
            pass
    return found
def tell(data):
    for fd in sockets():
        try:
            os.write(fd, data)
        except OSError:
            pass
def frame(body):
    return struct.pack('>I', len(body)) + body
"""


@pytest.fixture(scope="module")
def runner() -> Iterator[ForkRunner]:
    with open_runner(1) as opened:
        yield opened


def judge(project: Project, source: str, tests: str = TESTS) -> TestReport:
    """The report of a forging program, after which right and wrong ones must still be told apart."""
    project.judge(RIGHT, tests, RIGHT)
    report, right, wrong = project.run(project.task("test_solution.py"), source, RIGHT, WRONG)
    assert (right.solved, right.integrity) == (True, "two-process")
    assert (wrong.solved, wrong.integrity) == (False, "two-process")
    return report


@pytest.mark.parametrize(
    "source",
    [
        (
            "class Liar:\n    def __eq__(self, other):\n        return True\n"
            "def double(x):\n    return Liar()\n"
        ),
        (
            "class Liar(int):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
            "def double(x):\n    return Liar()\n"
        ),
        (
            "class Liar(float):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
            "def double(x):\n    return Liar(0)\n"
        ),
    ],
)
def test_a_value_that_says_it_is_equal_is_not(project: Project, source: str) -> None:
    report = judge(project, source)
    assert report.integrity == "two-process"
    assert report.passed == 0


@pytest.mark.parametrize(
    "source",
    [
        CHANNEL + "def double(x):\n    tell(b'\\xff' * 1000)\n    return x\n",
        CHANNEL + 'def double(x):\n    tell(frame(b\'["v",4,null,"",""]\'))\n    return x\n',
        CHANNEL + "def double(x):\n    tell(frame(b'[[[[[]]]]]'))\n    os._exit(0)\n",
        CHANNEL + "def double(x):\n    tell(frame(b'{}'))\n    os._exit(0)\n",
        CHANNEL + "def double(x):\n    tell(frame(b'5'))\n    os._exit(0)\n",
        CHANNEL
        + 'def double(x):\n    tell(frame(b\'["v",["@",99],null,"",""]\'))\n    os._exit(0)\n',
        CHANNEL + 'def double(x):\n    tell(frame(b\'["e",[[["builtins","print"]],null,"",[],null],'
        'null,"",""]\'))\n    os._exit(0)\n',
        CHANNEL
        + "def double(x):\n    tell(frame(b'[\"v\",' + b'9' * 5000 + b',null,\"\",\"\"]'))\n    os._exit(0)\n",
        CHANNEL
        + "def double(x):\n    tell(struct.pack('>I', 1 << 31) + b'x' * 1000)\n    os._exit(0)\n",
        CHANNEL
        + "def double(x):\n    for _ in range(10**6):\n        tell(b'\\0')\n        time.sleep(0.05)\n",
        CHANNEL + 'def chatter():\n    while True:\n        tell(frame(b\'["v",4,null,"",""]\'))\n'
        "threading.Thread(target=chatter, daemon=True).start()\ndef double(x):\n    return x\n",
        CHANNEL + 'for n in range(2):\n    tell(frame(b\'["n",%d,"ok",null,0.0,null]\' % n))\n'
        "tell(frame(b'[\"end\"]'))\ntell(frame(b'[\"done\",true]'))\nos._exit(0)\n",
    ],
    ids=range(12),
)
def test_writing_to_the_channel_is_no_way_to_pass(project: Project, source: str) -> None:
    report = judge(project, source)
    assert report.passed < 2
    assert not report.solved


@pytest.mark.parametrize(
    "source",
    [
        (
            "import sys\n\ndef double(x):\n    frame = sys._getframe()\n    while frame:\n"
            "        if 'SECRET' in frame.f_globals:\n            return {2: 4}.get(x, 15838)\n"
            "        frame = frame.f_back\n    return 0\n"
        ),
        (
            "import gc\n\ndef double(x):\n    found = any(isinstance(each, dict) and 'SECRET' in each\n"
            "                for each in gc.get_objects())\n    return 2 * x if found else 0\n"
        ),
        "import sys\n\ndef double(x):\n    return 2 * x if 'test_solution' in sys.modules else 0\n",
        "import sys\n\ndef double(x):\n    return 2 * x if 'pytest' in sys.modules else 0\n",
        (
            "def double(x):\n    return 2 * x if 'SECRET' in open(\n"
            "        __file__.replace('solution', 'test_solution')).read() else 0\n"
        ),
        (
            "import linecache\n\ndef double(x):\n    return 2 * x if linecache.getlines(\n"
            "        __file__.replace('solution', 'test_solution')) else 0\n"
        ),
        (
            "def double(x):\n    import builtins\n"
            "    return 2 * x if '@coderepair' in vars(builtins) else 0\n"
        ),
    ],
    ids=["frames", "objects", "modules", "pytest", "disk", "linecache", "recorder"],
)
def test_the_tests_cannot_be_seen(project: Project, source: str) -> None:
    report = judge(project, source)
    assert report.passed == 0
    assert report.integrity == "two-process"


@pytest.mark.parametrize(
    "source",
    [
        "import builtins\nbuiltins.isinstance = lambda *a: True\ndef double(x):\n    return x\n",
        "import json\njson.dumps = json.loads = lambda *a, **k: 4\ndef double(x):\n    return x\n",
        (
            "import sys\nfor name in list(sys.modules):\n    if 'values' in name or 'crossing' in name:\n"
            "        vars(sys.modules[name]).clear()\ndef double(x):\n    return x\n"
        ),
        "import sys\nsys.stdout = sys.stderr = None\ndef double(x):\n    return x\n",
        "import sys\nsys.setrecursionlimit(10 ** 6)\ndef double(x):\n    return double(x)\n",
        "def double(x):\n    raise type('Skipped', (BaseException,), {'__module__': '_pytest.outcomes'})\n",
        "def double(x):\n    import pytest\n    pytest.skip('no')\n",
        "def double(x):\n    import unittest\n    raise unittest.SkipTest\n",
    ],
    ids=range(8),
)
def test_breaking_the_program_s_own_side_is_a_failure(project: Project, source: str) -> None:
    assert not judge(project, source).solved


def test_going_to_the_shared_process_to_forge_there_is_rejected(project: Project) -> None:
    report = judge(
        project,
        "import gc\n\nclass Other:\n    pass\n\ndef double(x):\n    for each in gc.get_objects():\n"
        "        if type(each).__name__ == 'Recorder':\n            each.fail = each.ok\n"
        "    return double\n",
    )
    assert report.passed == 0
    assert report.integrity != "two-process" or set(outcomes(report).values()) == {Outcome.REJECTED}


def test_a_value_that_cannot_cross_is_judged_where_it_is_and_labelled_so(project: Project) -> None:
    tests = TESTS.replace("double(2) == 4", "str(double(2)) == '4'")
    report = judge(
        project,
        "import pathlib\n\ndef double(x):\n    return pathlib.PurePath(str(2 * x))\n",
        tests,
    )
    assert report.integrity == "shared-process"
    assert outcomes(report) == {"test_first": Outcome.PASS, "test_second": Outcome.FAIL}


def test_arguments_changed_in_place_come_back_and_do_not_leak(project: Project) -> None:
    project.write("solution.py", "def tidy(rows):\n    pass\n")
    project.write(
        "test_solution.py",
        """
        from solution import tidy

        ROWS = [[3, 1], [2]]

        def test_tidy():
            first = ROWS[0]
            assert tidy(ROWS) is None
            first.append(9)
            assert ROWS == [[1, 3, 9], [2], []]
        """,
    )
    good = "def tidy(rows):\n    rows[0].sort()\n    rows.append([])\n"
    reports = project.run(
        project.task("test_solution.py"), good, good, "def tidy(rows):\n    pass\n"
    )
    assert [report.solved for report in reports] == [True, True, False]
    assert {report.integrity for report in reports} == {"two-process"}


def test_what_is_printed_crosses(project: Project) -> None:
    project.write("solution.py", "def greet():\n    pass\n")
    project.write(
        "test_solution.py",
        """
        from solution import greet

        def test_greet(capsys):
            greet()
            said = capsys.readouterr()
            assert said.out == "hello\\n"
            assert said.err == "oh\\n"
        """,
    )
    good = "import sys\n\ndef greet():\n    print('hello')\n    print('oh', file=sys.stderr)\n"
    right, wrong = project.run(project.task("test_solution.py"), good, "def greet():\n    pass\n")
    assert (right.solved, right.integrity) == (True, "two-process")
    assert not wrong.solved


def test_a_hang_costs_only_its_own_check(project: Project) -> None:
    report = judge(project, "def double(x):\n    while x == 2:\n        pass\n    return 2 * x\n")
    assert outcomes(report) == {"test_first": Outcome.TIMEOUT, "test_second": Outcome.PASS}
    report = judge(
        project, "import os\n\ndef double(x):\n    x == 2 and os._exit(0)\n    return 2 * x\n"
    )
    assert outcomes(report) == {"test_first": Outcome.CRASH, "test_second": Outcome.PASS}


def test_too_much_output_is_said_so(project: Project) -> None:
    report = judge(project, "def double(x):\n    print('x' * 10 ** 7)\n    return 2 * x\n")
    assert set(outcomes(report).values()) == {Outcome.OUTPUT_LIMIT}


def test_tests_stay_readable_where_they_are_judged(project: Project) -> None:
    project.write("numbers.txt", "4")
    report = judge(
        project,
        RIGHT,
        TESTS + "\n\ndef test_file():\n    assert double(2) == int(open('numbers.txt').read())\n",
    )
    assert (report.solved, report.integrity) == (True, "two-process")
