"""From a file and its tests to a task: root, interpreter, functions, and bad input in one clear line."""

from __future__ import annotations

import sys
import textwrap
import venv
from pathlib import Path

import pytest

from coderepair.errors import CodeRepairError, TestsNotRunnable, UsageError
from coderepair.interpreter import find_python
from coderepair.runner import parking
from coderepair.task import find_root, make_task, pin_tests

SOLUTION = """
def double(x):
    return x


def total(items):
    def add(a, b):
        return a + b + 1

    result = 0
    for item in items:
        result = add(result, item)
    return result


class Stack:
    def __init__(self):
        self.items = []

    def push(self, x):
        self.items.insert(0, x)

    def pop(self):
        return self.items.pop()


def unused():
    return 1
"""


@pytest.fixture(autouse=True)
def nothing_left() -> object:
    yield
    parking.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    write(tmp_path / "solution.py", SOLUTION)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def targets(folder: Path, tests: str) -> tuple[str, ...]:
    path = write(folder / "test_solution.py", "from solution import *\n\n" + textwrap.dedent(tests))
    return make_task(folder / "solution.py", [path], python=sys.executable).targets


def test_the_failing_function_is_found(folder: Path) -> None:
    tests = "def test_double():\n    assert double(2) == 4\n\ndef test_unused():\n    assert unused() == 1\n"
    assert targets(folder, tests) == ("double",)


def test_helpers_inside_are_targets_too(folder: Path) -> None:
    found = targets(folder, "def test_total():\n    assert total([1, 2]) == 3\n")
    assert set(found) == {"total", "total.<locals>.add"}


def test_methods_are_targets_and_those_that_only_failing_checks_run_come_first(
    folder: Path,
) -> None:
    found = targets(
        folder,
        """
        def test_empty():
            assert Stack().items == []

        def test_order():
            stack = Stack()
            stack.push(1)
            stack.push(2)
            assert stack.pop() == 2
        """,
    )
    assert set(found[:2]) == {"Stack.push", "Stack.pop"}
    assert found[2:] == ("Stack.__init__",)


def test_a_function_that_raises_comes_first(folder: Path) -> None:
    write(
        folder / "solution.py",
        """
        def outer(x):
            value = x + 1
            return inner(value)


        def inner(x):
            return x.missing
        """,
    )
    assert targets(folder, "def test_outer():\n    assert outer(1) == 2\n") == ("inner", "outer")


def test_a_file_that_does_not_parse_has_the_functions_that_it_means(folder: Path) -> None:
    write(folder / "solution.py", "def double(x:\n    return x\n")
    assert targets(folder, "def test_double():\n    assert double(2) == 4\n") == ("double",)


def test_a_file_that_breaks_on_import_names_what_the_tests_use(folder: Path) -> None:
    write(
        folder / "solution.py",
        "def double(x=missing):\n    return x\n\n\ndef other():\n    return 1\n",
    )
    assert targets(folder, "def test_double():\n    assert double(2) == 4\n") == ("double",)


def test_a_hanging_function_is_found(folder: Path) -> None:
    write(folder / "solution.py", "def double(x):\n    while True:\n        x += 1\n")
    assert targets(folder, "def test_double():\n    assert double(2) == 4\n") == ("double",)


def test_doctests_of_the_file_itself(folder: Path) -> None:
    path = write(
        folder / "solution.py",
        'def double(x):\n    """\n    >>> double(2)\n    4\n    """\n    return x\n',
    )
    assert make_task(path, [path], python=sys.executable).targets == ("double",)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("double", "double"),
        ("Stack.push", "Stack.push"),
        ("push", "Stack.push"),
        ("add", "total.<locals>.add"),
    ],
)
def test_a_function_may_be_named(folder: Path, name: str, meant: str) -> None:
    tests = write(folder / "test_solution.py", "def test_a():\n    pass\n")
    assert make_task(folder / "solution.py", [tests], name, python=sys.executable).targets == (
        meant,
    )


def test_source_may_differ_from_the_file(folder: Path) -> None:
    tests = write(folder / "test_solution.py", "def test_a():\n    pass\n")
    task = make_task(
        folder / "solution.py", [tests], "f", python=sys.executable, source="def f(): 0\n"
    )
    assert task.source == "def f(): 0\n"


def test_folders_node_ids_and_files_are_joined(folder: Path) -> None:
    one = write(folder / "tests" / "test_a.py", "")
    two = write(folder / "tests" / "deep" / "b_test.py", "")
    write(folder / "tests" / ".venv" / "test_hidden.py", "")
    write(folder / "tests" / "helper.py", "")
    assert [test.path for test in pin_tests([folder / "tests"])] == [str(two), str(one)]
    (pinned,) = pin_tests([f"{one}::test_x", f"{one}::TestY::test_z[1::2]"])
    assert pinned.nodes == ("test_x", "TestY::test_z[1::2]")
    (whole,) = pin_tests([f"{one}::test_x", one])
    assert whole.nodes == ()


def test_the_root_is_the_nearest_project_else_the_common_folder(tmp_path: Path) -> None:
    file = write(tmp_path / "a" / "src" / "m.py", "x")
    tests = pin_tests([write(tmp_path / "a" / "tests" / "test_m.py", "x")])
    assert find_root(file, tests) == tmp_path / "a"
    (tmp_path / "a" / "src" / "setup.py").write_text("")  # does not hold the tests
    assert find_root(file, tests) == tmp_path / "a"
    (tmp_path / "a" / "src" / "setup.py").unlink()
    (tmp_path / "pytest.ini").write_text("")
    assert find_root(file, tests) == tmp_path


def test_a_home_folder_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    file = write(tmp_path / "work" / "m.py", "x")
    assert (
        find_root(file, pin_tests([write(tmp_path / "work" / "test_m.py", "x")]))
        == tmp_path / "work"
    )


@pytest.mark.parametrize(
    ("tests", "function", "python", "message"),
    [
        (["missing.py"], None, "", "missing.py does not exist; name a test file"),
        ([], None, "", "no tests named; say --tests"),
        (["empty"], None, "", r"no test_\*\.py or \*_test\.py in .*empty"),
        (["test_ok.py"], "nothing", "", "has no function nothing; it has: double, total"),
        (["test_ok.py"], None, "/nowhere/python", "--python /nowhere/python: no such interpreter"),
        (["test_none.py"], None, sys.executable, "no tests found in test_none.py"),
        (["test_broken.py"], None, sys.executable, "cannot be collected: SyntaxError"),
        (["test_import.py"], None, sys.executable, "No module named 'absent_module'"),
    ],
)
def test_bad_input_is_one_clear_line(
    folder: Path, tests: list[str], function: str | None, python: str, message: str
) -> None:
    (folder / "empty").mkdir()
    write(folder / "test_ok.py", "def test_a():\n    pass\n")
    write(folder / "test_none.py", "x = 1\n")
    write(folder / "test_broken.py", "def test_a(:\n")
    write(folder / "test_import.py", "import absent_module\n")
    with pytest.raises(CodeRepairError, match=message) as raised:
        make_task(
            folder / "solution.py", [folder / name for name in tests], function, python=python
        )
    assert isinstance(raised.value, UsageError | TestsNotRunnable)
    assert "\n" not in str(raised.value)


def environment(folder: Path) -> Path:
    """A virtual environment that has what this one has."""
    venv.create(folder, symlinks=True, system_site_packages=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    ours = [entry for entry in sys.path if entry.endswith("site-packages")]
    (site / "ours.pth").write_text("\n".join(ours))
    return folder / "bin" / "python"


def test_the_projects_interpreter_is_preferred(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    own = find_python("", folder / "solution.py", folder)
    near = environment(folder / ".venv")
    beside = find_python("", folder / "solution.py", folder)
    assert (beside.path, beside.own) == (str(near), False)
    active = environment(tmp_path / "active")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert find_python("", folder / "solution.py", folder).path == str(active)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)  # our own: the project's is nearer
    assert find_python("", folder / "solution.py", folder).path == str(near)
    assert find_python(sys.executable, folder / "solution.py", folder).origin == "given"
    assert own.path != str(near)


def test_no_interpreter_with_pytest_says_how_to_get_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coderepair.interpreter.ASK", "print(3, 11, 0)")
    with pytest.raises(TestsNotRunnable, match="-m pip install pytest"):
        find_python("", folder / "solution.py", folder)
