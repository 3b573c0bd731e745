"""Results of tests, read from what test commands print."""

from __future__ import annotations

import time

import pytest

from coderepair.runner.parsed import Test, results

PYTEST = """\
==== short test summary info ====
PASSED test_a.py::test_one
PASSED tests/test_b.py::TestB::test_two[a b]
SKIPPED [1] test_a.py:3: later
FAILED test_a.py::test_three - assert 4 == 5
ERROR test_a.py::test_four - KeyError: 'x - y'
==== 2 failed, 2 passed in 0.01s ====
"""
VERBOSE = "t.py::test_one PASSED           [ 50%]\nt.py::test_two FAILED           [100%]\n"
UNITTEST = """\
hello
test_one (test_a.TestA.test_one) ... ok
test_two (test_a.TestA.test_two)
Words about it. ... FAIL
test_three (test_a.TestA) ... printed
ok
test_four (test_a.TestA.test_four) ... skipped 'no'
test_five (test_a.TestA.test_five) ... a look

======================================================================
FAIL: test_two (test_a.TestA.test_two)
Words about it.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "test_a.py", line 5, in test_two
AssertionError: 3 != 4

----------------------------------------------------------------------
Ran 4 tests in 0.000s
"""
TAP = "TAP version 13\n1..4\nok 1 - adds\nnot ok 2 - takes away\nok 3 # SKIP later\nnot ok 4 - known # TODO\n"
JUNIT = """\
<?xml version="1.0"?><testsuites><testsuite name="pytest">
<testcase classname="test_a.TestA" name="test_one" time="0"/>
<testcase classname="test_a" name="test_two"><failure message="assert 1 == 2">text</failure></testcase>
<testcase classname="test_a" name="test_three"><skipped/></testcase>
<testcase classname="test_a" name="test_four"><error message="boom"/></testcase>
</testsuite></testsuites>
"""


def outcomes(tests: tuple[Test, ...]) -> dict[str, str]:
    return {test.id: test.outcome for test in tests}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PYTEST, {"test_a.py::test_one": "pass", "tests/test_b.py::TestB::test_two[a b]": "pass",
                  "test_a.py::test_three": "fail", "test_a.py::test_four": "error"}),
        (VERBOSE, {"t.py::test_one": "pass", "t.py::test_two": "fail"}),
        (UNITTEST, {"test_a.TestA.test_one": "pass", "test_a.TestA.test_two": "fail",
                    "test_a.TestA.test_three": "pass"}),
        (TAP, {"adds": "pass", "takes away": "fail"}),
        (JUNIT, {"test_a.TestA::test_one": "pass", "test_a::test_two": "fail",
                 "test_a::test_four": "error"}),
        ("all is well\nok\n", {}),
    ],
    ids=["pytest", "pytest-verbose", "unittest", "tap", "junit", "nothing"],
)  # fmt: skip
def test_formats(text: str, expected: dict[str, str]) -> None:
    assert outcomes(results(text)) == expected
    assert outcomes(results("noise before\n" + text)) == expected


def test_compared_values_give_a_closeness() -> None:
    near, far = results("FAILED t.py::a - assert 99 == 100\nFAILED t.py::b - assert 'x' == 100\n")
    assert near.compared == ("99", "100")
    assert 0.8 < near.closeness < 1
    assert far.closeness == 0.0
    (failed,) = (test for test in results(UNITTEST) if test.outcome == "fail")
    assert failed.compared == ("3", "4")


def test_a_test_that_is_told_twice_counts_by_its_worse_end() -> None:
    twice = "PASSED t.py::a\nFAILED t.py::a - assert 0\nPASSED t.py::a\n"
    assert outcomes(results(twice)) == {"t.py::a": "fail"}


def test_entities_are_not_expanded() -> None:
    document = '<!DOCTYPE a [<!ENTITY b "bbbb">]>' + JUNIT.replace("boom", "&b;")
    assert results(document) == () or "bbbb" not in str(results(document))
    inside = JUNIT.replace("<testcase", '<!ENTITY c "d"><testcase', 1)
    assert results(inside) == ()


@pytest.mark.parametrize(
    "text",
    ["FAILED " + "a::" * 300_000, "x::" * 300_000, "a (b) ... " * 100_000, "ok " * 300_000 + "\n1..1",
     "<testsuite>" * 90_000 + "</testsuite>", "FAIL: a (b)\n" + "-" * 900_000],
    ids=["summary", "verbose", "unittest", "tap", "xml", "block"],
)  # fmt: skip
def test_hostile_output_costs_little(text: str) -> None:
    started = time.process_time()
    results(text)
    assert time.process_time() - started < 10
