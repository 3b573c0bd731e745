"""Calls that tests make are seen, and calls that are asked for are made, in the sandbox."""

from __future__ import annotations

from coderepair.model import Limits, Program
from coderepair.runner.calling import Call, captured, outcomes
from tests.projects import LIMITS, Project

MIXED = """\
class Stack:
    def __init__(self, items=()):
        self.items = list(items)

    def push(self, item):
        self.items.append(item)
        return self

    def top(self):
        return self.items[-1]

def twice(xs, times=2):
    return [half(x) * 2 * times for x in xs]

def half(x):
    return x / 2

def spin(n):
    while n > 3:
        pass
    return n

def sort(xs):
    xs.sort()

def counts(n):
    yield from range(n)
"""
TESTS = """
from solution import Stack, sort, twice

def test_twice():
    assert twice([1, 2], times=1) == [1, 2]
    assert twice([object()] * 0) == []

def test_stack():
    assert Stack([1]).push(2).top() == 2

def test_sort():
    xs = [2, 1]
    sort(xs)
    assert xs == [1, 2]
"""
QUICK = Limits(test_timeout_s=1.0, total_timeout_s=5.0)


def made(project: Project, *calls: Call) -> tuple[str, ...]:
    project.write("solution.py", MIXED)
    project.write("test_solution.py", TESTS)
    task = project.task("test_solution.py")
    (found,) = outcomes(project.runner, task, [Program(MIXED)], calls, QUICK)
    return found


def test_calls_are_known_by_check_with_what_their_objects_were_made_from(project: Project) -> None:
    project.write("solution.py", MIXED)
    project.write("test_solution.py", TESTS)
    task = project.task("test_solution.py")
    found = captured(project.runner, task, Program(MIXED), LIMITS)
    by_end = {check.partition("::")[2]: calls for check, calls in found.items()}
    assert by_end["test_twice::assert#1"] == (Call("twice", "([1, 2],)", "{'times': 1}"),)
    assert by_end["test_twice::assert#2"] == (Call("twice", "([],)"),)
    maker = ("([1],)", "{}")
    assert by_end["test_stack"] == (
        Call("Stack.push", "(2,)", maker=maker),
        Call("Stack.top", "()", maker=maker),
    )
    assert by_end["test_sort"] == (Call("sort", "([2, 1],)"),)


def test_calls_come_to_values_and_exceptions(project: Project) -> None:
    calls = (
        Call("twice", "([3],)", "{'times': 2}"),
        Call("Stack.top", "()", maker=("([],)", "{}")),
        Call("half", "(2,)"),
        Call("sort", "([3, 1],)"),
        Call("counts", "(3,)"),
        Call("absent", "()"),
    )
    assert made(project, *calls) == (
        "[6]",
        "!IndexError",
        "1",
        "None; ([1, 3],)",
        "[0, 1, 2]",
        "!KeyError",
    )


def test_a_call_that_hangs_does_not_keep_the_others_from_being_made(project: Project) -> None:
    found = made(project, Call("spin", "(9,)"), Call("spin", "(2,)"))
    assert found == ("!timeout", "2")


def test_a_program_that_cannot_be_imported_comes_to_nothing(project: Project) -> None:
    project.write("solution.py", MIXED)
    project.write("test_solution.py", TESTS)
    task = project.task("test_solution.py")
    broken = [Program("import nothing_at_all\n"), Program(MIXED)]
    found = outcomes(project.runner, task, broken, [Call("half", "(4,)")], QUICK)
    assert found == [("",), ("2",)]
