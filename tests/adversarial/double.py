"""The program that hostile candidates stand in for, and its tests."""

from __future__ import annotations

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"
TESTS = """
from solution import double

def test_first():
    assert double(2) == 4

def test_second():
    assert double(5) == 10
"""
