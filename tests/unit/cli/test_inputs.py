"""What the arguments mean: file, functions, tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from coderepair.cli.inputs import find_tests, read_input
from coderepair.errors import UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "src" / "pkg" / "module.py").write_text("x = 1\n")
    return tmp_path


def test_a_target_may_name_a_function(project: Path) -> None:
    path = project / "src" / "pkg" / "module.py"
    found = read_input(f"{path}::Stack.pop", ["push", "Stack.pop"], ["t.py"], [])
    assert found.file.path == path
    assert found.functions == ("Stack.pop", "push")
    assert found.tests == ("t.py",)


def test_further_arguments_are_tests_if_some_are_named(project: Path) -> None:
    path = str(project / "src" / "pkg" / "module.py")
    assert read_input(path, [], ["a.py"], ["b.py"]).tests == ("a.py", "b.py")
    with pytest.raises(UsageError, match=r"b\.py: one FILE at a time"):
        read_input(path, [], [], ["b.py"])


@pytest.mark.parametrize(
    "name", ["src/pkg/test_module.py", "src/pkg/module_test.py", "src/tests/test_module.py", "tests/test_module.py"]
)  # fmt: skip
def test_tests_are_found_by_name_up_to_the_project(project: Path, name: str) -> None:
    test = project / name
    test.parent.mkdir(exist_ok=True)
    test.write_text("")
    assert find_tests(project / "src" / "pkg" / "module.py") == (str(test),)


def test_the_nearest_tests_count(project: Path) -> None:
    for name in ("src/pkg/test_module.py", "tests/test_module.py"):
        (project / name).write_text("")
    found = find_tests(project / "src" / "pkg" / "module.py")
    assert found == (str(project / "src/pkg/test_module.py"),)


def test_tests_outside_the_project_are_none_of_ours(project: Path) -> None:
    (project.parent / "test_module.py").write_text("")
    try:
        with pytest.raises(UsageError, match="name its tests with --tests"):
            find_tests(project / "src" / "pkg" / "module.py")
    finally:
        (project.parent / "test_module.py").unlink()


def test_standard_input_needs_a_name(project: Path) -> None:
    with pytest.raises(UsageError, match="--stdin-filename"):
        read_input("-", [], ["t.py"], [])
    with pytest.raises(UsageError, match="does not exist"):
        read_input("-", [], ["t.py"], [], project / "none.py")
    with pytest.raises(UsageError, match="goes with -"):
        read_input(str(project / "src/pkg/module.py"), [], ["t.py"], [], project / "x.py")
