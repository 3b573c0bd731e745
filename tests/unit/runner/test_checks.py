"""Every kind of check is graded: counted by itself, and described where it fails."""

from __future__ import annotations

import pytest

from coderepair.model import Outcome
from tests.projects import Project, check, outcomes

ADD = "def add(a, b):\n    return a - b\n"
FIXED = "def add(a, b):\n    return a + b\n"
PASS, FAIL, ERROR, NOT_RUN = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.NOT_RUN


def test_each_assert_counts_and_a_later_one_runs_after_a_failed_one(project: Project) -> None:
    before, after = project.judge(
        ADD,
        """
        from solution import add

        def test_add():
            assert add(1, 2) == 3
            assert add(5, 0) == 5
            assert add(0, 4) == 4
        """,
        ADD,
        FIXED,
    )
    assert list(outcomes(before).items()) == [
        ("test_add::assert#1", FAIL),
        ("test_add::assert#2", PASS),
        ("test_add::assert#3", FAIL),
    ]
    assert before.pass_rate == pytest.approx(1 / 3)
    assert after.solved


def test_a_wrong_value_says_call_expected_and_got(project: Project) -> None:
    (report,) = project.judge(
        ADD,
        """
        from solution import add

        def test_add():
            first, rest = 1, {"b": 2}
            assert add(first, b=2) == 3, "sums"
        """,
    )
    failure = check(report, "test_add").failure
    assert failure is not None
    assert (failure.kind, failure.call, failure.expected, failure.got) == (
        "assertion",
        "add(1, b=2)",
        "3",
        "-1",
    )
    assert failure.message == "sums\nassert -1 == 3"


def test_the_value_under_test_is_found_on_either_side(project: Project) -> None:
    (report,) = project.judge(
        ADD,
        """
        from solution import add

        def test_turned():
            assert 3 == add(1, 2)

        def test_named():
            result = add(1, 2)
            assert result == 3
        """,
    )
    for name in ("test_turned", "test_named"):
        failure = check(report, name).failure
        assert failure is not None
        assert (failure.call, failure.expected, failure.got) == ("add(1, 2)", "3", "-1")


def test_an_assert_in_a_loop_is_one_check_that_every_iteration_must_pass(project: Project) -> None:
    before, after = project.judge(
        ADD,
        """
        from solution import add

        def test_loop():
            for n in (0, 1, 0):
                assert add(n, n) == 2 * n
            assert add(0, 0) == 0
        """,
        ADD,
        FIXED,
    )
    assert outcomes(before) == {"test_loop::assert#1": FAIL, "test_loop::assert#2": PASS}
    assert after.solved


def test_an_exception_in_an_asserts_expression_is_that_checks_error(project: Project) -> None:
    (report,) = project.judge(
        "def inverse(x):\n    return 1 / x\n",
        """
        from solution import inverse

        def test_inverse():
            assert inverse(0) == 0
            assert inverse(2) == 0.5
        """,
    )
    first = check(report, "assert#1")
    assert first.outcome is ERROR
    assert first.failure is not None
    assert (first.failure.exception, first.failure.line) == ("ZeroDivisionError", 2)
    assert "line 2, in inverse: return 1 / x" in first.failure.traceback
    assert check(report, "assert#2").outcome is PASS


def test_an_exception_outside_an_assert_ends_the_test(project: Project) -> None:
    (report,) = project.judge(
        "def parse(text):\n    return int(text)\n",
        """
        from solution import parse

        def test_parse():
            assert parse("1") == 1
            value = parse("x")
            assert value == 2
            assert parse("3") == 3
        """,
    )
    assert list(outcomes(report).values()) == [PASS, ERROR, NOT_RUN]


def test_an_exception_behind_the_last_assert_is_not_lost(project: Project) -> None:
    (report,) = project.judge(
        "def parse(text):\n    return int(text)\n",
        """
        from solution import parse

        def test_parse():
            assert parse("1") == 1
            assert parse("2") == 2
            parse("x")
        """,
    )
    assert list(outcomes(report).values()) == [PASS, ERROR]


def test_an_assert_that_is_not_reached_does_not_fail(project: Project) -> None:
    (report,) = project.judge(
        FIXED,
        """
        from solution import add

        def test_add():
            assert add(1, 1) == 2
            if add(1, 1) == 5:
                assert False
        """,
    )
    assert report.solved


def test_asserts_that_somebody_waits_for_still_raise(project: Project) -> None:
    (report,) = project.judge(
        ADD,
        """
        import pytest
        from solution import add

        def test_expected_to_fail():
            with pytest.raises(AssertionError):
                assert add(1, 2) == 3

        def test_handled():
            try:
                assert add(1, 2) == 3
            except AssertionError:
                return
            raise RuntimeError("not reached")

        def test_of_a_helper():
            def verify(value):
                assert value == 3
            verify(add(1, 2))
        """,
    )
    assert list(outcomes(report).values()) == [PASS, PASS, FAIL]


def test_parametrised_cases_and_fixtures(project: Project) -> None:
    project.write("conftest.py", "import pytest\n\n@pytest.fixture\ndef one():\n    return 1\n")
    before, after = project.judge(
        ADD,
        """
        import pytest
        from solution import add

        @pytest.mark.parametrize("a, b", [(1, 0), (1, 1)])
        def test_add(a, b, tmp_path, monkeypatch, one):
            (tmp_path / "note").write_text("kept")
            monkeypatch.setenv("X", "1")
            assert add(a, b) == a + b
            assert (tmp_path / "note").read_text() == "kept" and one == 1
        """,
        ADD,
        FIXED,
    )
    assert outcomes(before) == {
        "test_add[1-0]::assert#1": PASS,
        "test_add[1-0]::assert#2": PASS,
        "test_add[1-1]::assert#1": FAIL,
        "test_add[1-1]::assert#2": PASS,
    }
    assert after.solved


def test_unittest_methods_count_their_assertions(project: Project) -> None:
    before, after = project.judge(
        ADD,
        """
        import unittest
        from solution import add

        class TestAdd(unittest.TestCase):
            def setUp(self):
                self.one = 1

            def test_add(self):
                self.assertEqual(add(self.one, 2), 3)
                self.assertTrue(add(1, 0) == 1)
                for n in range(3):
                    with self.subTest(n=n):
                        self.assertAlmostEqual(add(n, 0.5), n + 0.5)
                with self.assertRaises(TypeError):
                    add(1, "a")
        """,
        ADD,
        FIXED,
    )
    assert list(outcomes(before).values()) == [FAIL, PASS, FAIL]
    failure = check(before, "assert#1").failure
    assert failure is not None
    assert (failure.call, failure.got, failure.expected) == ("add(self.one, 2)", "-1", "3")
    assert after.solved


def test_doctest_examples_come_from_the_original(project: Project) -> None:
    source = '''
    def add(a, b):
        """Adds.

        >>> add(1, 2)
        3
        >>> add(1, 0)
        1
        """
        return a - b
    '''
    project.write("solution.py", source)
    task = project.task("solution.py")
    before, cheat, after = project.run(
        task, source, source.replace("    3\n", "    -1\n"), source.replace("a - b", "a + b")
    )
    assert outcomes(before) == {"solution.add::example#1": FAIL, "solution.add::example#2": PASS}
    failure = check(before, "example#1").failure
    assert failure is not None
    assert (failure.call, failure.expected, failure.got) == ("add(1, 2)", "3", "-1")
    assert outcomes(cheat) == outcomes(before)
    assert after.solved


def test_a_broken_file_still_has_its_checks(project: Project) -> None:
    before, missing, after = project.judge(
        "def add(a, b:\n    return a + b\n",
        """
        from solution import add

        def test_add():
            assert add(1, 2) == 3
            assert add(0, 0) == 0
        """,
        "def add(a, b:\n    return a + b\n",
        "def sub(a, b):\n    return a - b\n",
        FIXED,
    )
    assert list(outcomes(before).values()) == [ERROR, NOT_RUN]
    failure = check(before, "assert#1").failure
    assert failure is not None
    assert (failure.kind, failure.line) == ("syntax", 1)
    failure = check(missing, "assert#1").failure
    assert failure is not None
    assert failure.exception == "ImportError"
    assert after.solved


def test_skipped_tests_are_no_checks_and_a_new_skip_is_no_pass(project: Project) -> None:
    tests = """
    import pytest
    import solution

    @pytest.mark.skip
    def test_left_out():
        assert False

    @pytest.mark.xfail
    def test_known():
        assert False

    def test_add():
        if not hasattr(solution, "add"):
            pytest.skip("gone")
        assert solution.add(1, 2) == 3
    """
    before, evading = project.judge(ADD, tests, ADD, "x = 1\n")
    assert outcomes(before) == {"test_add": FAIL}
    assert outcomes(evading) == {"test_add": NOT_RUN}


def test_async_tests_without_a_plugin_do_not_pass(project: Project) -> None:
    (report,) = project.judge(
        FIXED,
        "from solution import add\n\nasync def test_add():\n    assert add(1, 2) == 3\n",
    )
    assert not report.solved


def test_a_file_with_its_tests_inside(project: Project) -> None:
    source = ADD + "\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    project.write("solution.py", source)
    before, after = project.run(
        project.task("solution.py"), source, source.replace("a - b", "a + b")
    )
    assert outcomes(before) == {"test_add": FAIL}
    assert after.solved
