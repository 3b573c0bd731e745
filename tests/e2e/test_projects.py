"""Projects as they come: layouts, pytest configurations and environments that must not get in the way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_command import LAST, LAST_FIXED, LAST_TESTS, Project

CHECK = "assert last([7]) == 7\n    assert last([1, 2, 3]) == 3\n"


def repaired(project: Project, file: str, *tests: str, cwd: Path | None = None) -> None:
    """The real command writes the repair of `last`, and nothing else changes."""
    before = project.snapshot()
    options = ("--model", "none", "--write", "-q")
    ran = project.run("fix", file, "--tests", *tests, *options, cwd=cwd)
    assert ran.code == 0, ran.err
    after = project.snapshot()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert {Path(name).name for name in changed} == {Path(file).name}
    (name,) = changed
    assert after[name][1] == LAST_FIXED.encode()


REPORTS = (
    "addopts = --junitxml=out.xml --lf --ff --sw --strict-config -x\n"
    "cache_dir = .cache\nfaulthandler_timeout = 9\n"
)
LOGGING = (
    "log_cli = true\nlog_cli_level = DEBUG\naddopts = -s --maxfail=1 --color=yes -p no:warnings\n"
)


@pytest.mark.parametrize("options", [REPORTS, LOGGING], ids=["reports-and-cache", "logging"])
def test_options_of_the_project_do_not_get_in_the_way(last: Project, options: str) -> None:
    last.write("pytest.ini", f"[pytest]\n{options}")
    repaired(last, "solution.py", "test_solution.py")


RERUNS = """\
import socket


def pytest_addoption(parser):
    parser.addoption("--reruns", type=int, default=0)


def pytest_configure(config):
    socket.create_server(("127.0.0.1", 0))
"""


def test_a_plugin_that_serves_its_workers_is_left_out(last: Project) -> None:
    """pytest-rerunfailures opens a port as soon as pytest-xdist is installed too."""
    last.write("rerunfailures.py", RERUNS)
    last.write("pytest.ini", "[pytest]\naddopts = -p rerunfailures --reruns 2\n")
    repaired(last, "solution.py", "test_solution.py")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("addopts = -n auto --dist loadfile", "does not know -n"),
        ("addopts = --cov=solution --cov-fail-under=80", "run pip install pytest-cov"),
        ("addopts = --nobody-knows", "does not know --nobody-knows"),
        ("required_plugins = pytest-none", "requires pytest-none; run pip install pytest-none"),
    ],
)
def test_a_missing_plugin_is_named(last: Project, options: str, said: str) -> None:
    last.write("pytest.ini", f"[pytest]\n{options}\n")
    ran = last.run("check", "solution.py")
    assert ran.code == 4
    assert said in ran.complaint
    assert "--python" in ran.complaint or "install the plugin" in ran.complaint


def test_a_package_without_any_mark_of_a_project(project: Project) -> None:
    """Its folder is found by its name, so the one above has to be seen."""
    project.write("inv/__init__.py", "")
    project.write("inv/last.py", LAST)
    project.write("inv/tests/__init__.py", "")
    fixture = (
        "import pytest\nfrom ..last import last\n\n@pytest.fixture\ndef f():\n    return last\n"
    )
    project.write("inv/tests/conftest.py", fixture)
    project.write("inv/tests/test_last.py", f"def test_last(f):\n    last = f\n    {CHECK}")
    repaired(project, "inv/last.py", "inv/tests")


def test_a_repository_whose_root_is_a_package(project: Project) -> None:
    for name in ("__init__.py", "setup.py", "tests/__init__.py"):
        project.write(name, "")
    project.write("last.py", LAST)
    project.write("tests/test_last.py", f"from ..last import last\n\ndef test_it():\n    {CHECK}")
    repaired(project, "last.py", "tests/test_last.py")


def test_packages_that_are_linked_file_by_file(last: Project, interpreter: Path) -> None:
    """As uv does with --link-mode symlink."""
    environment = last.path.parent / "linked"
    shutil.copytree(interpreter.parents[1], environment, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    store = last.path.parent / "store"
    shutil.copytree(packages, store)
    for file in packages.rglob("*"):
        if file.is_file():
            file.unlink()
            file.symlink_to(store / file.relative_to(packages))
    last.environ["CODEREPAIR_PYTHON"] = str(environment / "bin" / "python")
    repaired(last, "solution.py", "test_solution.py")


def test_a_file_that_the_tests_do_not_import(project: Project) -> None:
    """An installed copy is what runs, or another process: no change of the file could help."""
    project.write("src/solution.py", LAST)
    project.write("solution.py", LAST)
    project.write("test_solution.py", LAST_TESTS)
    before = project.snapshot()
    for command in ("check", "fix"):
        ran = project.run(command, "src/solution.py", "--tests", "test_solution.py")
        assert ran.code == 4
        assert "never import" in ran.err.splitlines()[-1]
    assert project.snapshot() == before


PROPERTY = """\
class Box:
    def __init__(self, size):
        self._size = size

    @property
    def size(self):
        return self._size - 1

    @size.setter
    def size(self, value):
        self._size = value
"""
PROPERTY_TESTS = """\
from box import Box


def test_size():
    box = Box(3)
    assert box.size == 3
    box.size = 5
    assert box.size == 5
"""


@pytest.mark.parametrize("wrong", ["getter", "setter"])
def test_both_halves_of_a_property_are_repaired(project: Project, wrong: str) -> None:
    right = PROPERTY.replace(" - 1", "")
    setter = right.replace("self._size = value\n", "self._size = self\n")
    project.write("box.py", PROPERTY if wrong == "getter" else setter)
    project.write("test_box.py", PROPERTY_TESTS)
    assert project.run("fix", "box.py", "--model", "none", "--write", "-q").code == 0
    assert project.read("box.py") == right
