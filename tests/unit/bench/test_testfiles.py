"""Test strings become a pytest file that means the same."""

import os
import subprocess
import sys

import pytest

from coderepair.bench.testfiles import module
from coderepair.errors import UsageError


def outcomes(tmp_path, program, text):
    """How plain pytest sees them: test name -> passed or failed."""
    (tmp_path / "solution.py").write_text(program)
    (tmp_path / "test_solution.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--tb=no"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [
        line.split() for line in done.stdout.splitlines() if line.startswith("test_solution.py::")
    ]
    return {name.split("::")[1]: outcome for name, outcome, *_ in lines}


def test_each_string_is_a_test_of_its_own(tmp_path):
    text = module(["assert f(1) == 2", "assert f(2) == 2", "assert math.pi > 3"])
    program = "import math\n\ndef f(x):\n    return x + 1\n"
    assert outcomes(tmp_path, program, text) == {
        "test_1": "PASSED",
        "test_2": "FAILED",
        "test_3": "PASSED",
    }


def test_blocks_stay_whole_and_keep_their_strings(tmp_path):
    block = 'def check(g):\n    text = """a\n  b\n"""\n    assert g(text) == 2\ncheck(f)\n'
    text = module([block], program="def f(s): pass")
    program = "def f(s):\n    return s.count('\\n') if '  b' in s and '      b' not in s else 0\n"
    assert outcomes(tmp_path, program, text) == {"test_1": "PASSED"}


def test_private_names_and_setup(tmp_path):
    text = module(["assert _f(numbers) == 3"], setup="numbers = [1, 2, g()]")
    program = "def _f(x):\n    return len(x)\n\ndef g():\n    return 3\n"
    assert outcomes(tmp_path, program, text) == {"test_1": "PASSED"}


def test_functions_of_the_program_are_not_collected(tmp_path):
    program = "def test_equal(a, b):\n    return a == b\n\ndef sum(xs):\n    return 7\n"
    text = module(["assert test_equal(1, 1)", "assert sum([]) == 7"], program=program)
    assert outcomes(tmp_path, program, text) == {"test_1": "PASSED", "test_2": "PASSED"}


def test_a_program_with_a_syntax_error_has_tests_all_the_same():
    assert "def test_1" in module(["assert f(1) == 2"], program="def f(:\n")


def test_a_string_that_is_no_python_is_refused():
    with pytest.raises(UsageError, match="no Python"):
        module(["assert f(1 =="])
