"""Plain pytest in forks: every end that a test can come to is told."""

import sys
import textwrap

import pytest

from coderepair.bench.runner.plain import PlainPytest
from coderepair.errors import SandboxError

TESTS = """
    import os
    import pytest
    from solution import value

    def test_pass():
        assert value == 1

    def test_fail():
        assert value == 2

    def test_skip():
        pytest.skip()

    @pytest.mark.xfail
    def test_expected():
        assert value == 2

    @pytest.fixture
    def broken():
        yield
        raise ValueError

    def test_teardown(broken):
        pass

    def test_hang():
        while True:
            pass

    def test_exit():
        os._exit(0)

    def test_after():
        pass
"""


@pytest.fixture(scope="module")
def plain():
    with PlainPytest(sys.executable, test_s=2.0) as opened:
        yield opened


def written(tmp_path, tests, value="value = 1\n"):
    (tmp_path / "solution.py").write_text(value)
    (tmp_path / "test_it.py").write_text(textwrap.dedent(tests))
    return tmp_path


def test_every_end_is_told(plain, tmp_path):
    outcomes = plain.run(written(tmp_path, TESTS), ["test_it.py"])
    assert {node.partition("::test_")[2]: outcome for node, outcome in outcomes.items()} == {
        "pass": "passed",
        "fail": "failed",
        "skip": "skipped",
        "expected": "xfailed",
        "teardown": "failed",
        "hang": "timeout",
        "exit": "crash",
        "after": "passed",
    }


def test_after_three_that_kill_their_process_the_rest_is_not_run(plain, tmp_path):
    tests = "".join(f"def test_{n}():\n    import os; os._exit(0)\n" for n in range(5))
    outcomes = plain.run(written(tmp_path, tests), ["test_it.py"])
    assert list(outcomes.values()) == ["crash"] * 3 + ["not_run"] * 2


def test_one_program_leaves_nothing_to_the_next(plain, tmp_path):
    text = "from solution import value\n\ndef test_value():\n    assert value == 1\n"
    for name, value, outcome in (("a", 1, "passed"), ("b", 2, "failed"), ("c", 1, "passed")):
        folder = tmp_path / name
        folder.mkdir()
        found = plain.run(written(folder, text, f"value = {value}\n"), ["test_it.py"])
        assert list(found.values()) == [outcome]


def test_what_cannot_be_collected_fails_as_a_file(plain, tmp_path):
    folder = written(tmp_path, "from solution import value", "value = \n")
    assert plain.run(folder, ["test_it.py"]) == {"test_it.py": "failed"}


def test_a_program_that_hangs_at_import_is_told(plain, tmp_path):
    folder = written(tmp_path, "import solution", "while True: pass\n")
    assert plain.run(folder, ["test_it.py"]) == {"(collecting)": "timeout"}


def test_a_process_that_has_gone_is_an_error(tmp_path):
    plain = PlainPytest(sys.executable)
    plain.close()
    with pytest.raises((SandboxError, ValueError)):
        plain.run(tmp_path, [])
