"""A small project of several files."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "shop/__init__.py": "",
    "shop/money.py": '''\
"""Amounts."""
RATE = 0.2


def add_tax(amount: float, rate: float = RATE) -> float:
    """The amount with its sales tax."""
    return amount * (1 + rate)


def show(amount):
    """Prints an amount."""
    print(amount)


class Account:
    """Money that belongs to somebody."""

    def __init__(self, owner: str, *, limit: int) -> None:
        self.owner = owner
        self.limit = limit

    def deposit(self, amount: float) -> float:
        """Puts money in."""
        return amount


class Savings(Account):
    """An account that bears interest."""

    def interest(self):
        return 0
''',
    "shop/cart.py": '''\
from shop import money
from shop.money import Account, Savings, show


class Cart:
    """Things to buy."""

    def __init__(self):
        self.items = []

    def total(self):
        return 0
''',
    "build/made.py": "anything = 1\n",
    "broken.py": "def f(:\n",
    "venv/pyvenv.cfg": "",
    "venv/skipped.py": "SKIPPED = 1\n",
    ".hidden/skipped.py": "SKIPPED = 1\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The root of the project."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
