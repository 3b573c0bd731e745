"""Projects and clients for the tests of the language server."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client

SOLUTION = '''\
"""Shop."""


def total(prices):
    result = 0
    for price in prices:
        result -= price
    return result


def is_large(order):
    return len(order) > 3
'''
TESTS = """\
import solution


def test_total():
    assert solution.total([1, 2]) == 3
    assert solution.total([]) == 0


def test_large():
    assert solution.is_large("abc")
    assert not solution.is_large("ab")
"""
HOPELESS = """\
def f(x):
    return x
"""
HOPELESS_TESTS = """\
import zlib
import hopeless


def test_f():
    assert [hopeless.f(i) for i in range(50)] == [zlib.crc32(b"%d" % i) for i in range(50)]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two bugs that edit operators repair, and one that nothing does."""
    root = tmp_path / "project"
    files = {
        "solution.py": SOLUTION,
        "test_solution.py": TESTS,
        "hopeless.py": HOPELESS,
        "test_hopeless.py": HOPELESS_TESTS,
        "pyproject.toml": "[tool.coderepair]\nmodel = 'none'\n",
    }
    root.mkdir()
    for name, text in files.items():
        (root / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return root


@pytest.fixture
def connect(project: Path) -> Iterator[Callable[..., Client]]:
    """Starts clients in the project (or a folder that is given), and ends them."""
    with ExitStack() as stack:

        def start(root: Path | None = None, **arguments: Any) -> Client:
            return stack.enter_context(Client(root or project, **arguments))

        yield start


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    """A client with the capabilities of VS Code."""
    return connect()
