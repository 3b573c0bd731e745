"""Control-flow graphs: what follows what, for every statement of Python, and laws of all graphs."""

from __future__ import annotations

import ast
import builtins
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import dedent, indent

import pytest

import coderepair
from coderepair.edit.regions import qualified
from coderepair.runner.child import blocks as marks
from coderepair.trace.flow import graphs
from coderepair.trace.graph import (
    BEFORE,
    BLOCK,
    END,
    EXIT,
    FUNCTION,
    LEVELS,
    LINE,
    Graph,
    lines_with_code,
)
from coderepair.trace.record import Story, Visit
from coderepair.trace.tracer import marked

HEAD = "def f(a, b, c):\n"


def graph(body: str, level: str = BLOCK) -> Graph:
    """Of a function whose first line is `def f(a, b, c):`."""
    return graphs(HEAD + indent(dedent(body).strip("\n"), "    ") + "\n", level)[0]


def ways(found: Graph) -> dict[str, str]:
    """Lines of each block -> lines of those that follow, `exit` for the function's end."""
    names = {number: "+".join(map(str, each.lines)) for number, each in enumerate(found.blocks)}
    names[EXIT] = "exit"
    return {
        names[number]: " ".join(names[each] for each in sorted(block.after, key=_exit_last))
        for number, block in enumerate(found.blocks)
    }


def _exit_last(number: int) -> float:
    return float("inf") if number == EXIT else number


CASES: dict[str, tuple[str, dict[str, str]]] = {
    "straight": ("a = 1\nb = 2\nreturn a", {"2+3+4": "exit"}),
    "if": (
        "x = 1\nif a:\n    b = 1\nelif b:\n    b = 2\nelse:\n    b = 3\nreturn b",
        {"2+3": "4 5", "4": "9", "5": "6 7+8", "6": "9", "7+8": "9", "9": "exit"},
    ),
    "if_without_else": ("if a:\n    b = 1\nreturn b", {"2": "3 4", "3": "4", "4": "exit"}),
    "one_line_return": ("if a: return b\nreturn c", {"2": "3 exit", "3": "exit"}),
    "for": (
        "for x in a:\n    b += x\nreturn b",
        {"2": "3 4", "3": "2", "4": "exit"},
    ),
    "for_else_break_continue": (
        """
        for x in a:
            if x: break
            if b: continue
            c += x
        else:
            c = 0
        return c
        """,
        {"2": "3 6+7", "3": "4 8", "4": "2 5", "5": "2", "6+7": "8", "8": "exit"},
    ),
    "while": ("while a:\n    a -= 1\nreturn b", {"2": "3 4", "3": "2", "4": "exit"}),
    "while_true": (
        "while True:\n    a -= 1\n    if not a:\n        return b",
        {"2": "3+4", "3+4": "2 5", "5": "exit"},
    ),
    "loop_on_one_line": ("while a: a -= 1\nreturn b", {"2": "2 3", "3": "exit"}),
    "try": (
        """
        try:
            a = f(b)
            c = g(a)
        except ValueError:
            a = 1
        except (KeyError,
                OSError) as e:
            a = 2
        else:
            a = 3
        return a
        """,
        {"2+3+4": "10+11 5+6 7+8+9", "10+11": "12", "5+6": "12", "7+8+9": "12", "12": "exit"},
    ),
    "finally": (
        "for x in a:\n    try:\n        if x: return b\n    finally:\n        b = 2\nreturn c",
        {"2": "3+4 7", "3+4": "5+6", "5+6": "2 exit", "7": "exit"},
    ),
    "break_through_finally": (
        "while a:\n    try:\n        break\n    finally:\n        b = 2\nreturn c",
        {"2": "3+4 7", "3+4": "5+6", "5+6": "2 7 exit", "7": "exit"},
    ),
    "with": (
        "with a as x, \\\n     b:\n    c = x\nreturn c",
        {"2+3": "4", "4": "5", "5": "exit"},
    ),
    "match": (
        "match a:\n    case [x]:\n        b = x\n    case {'k': y} if y:\n        b = y\nreturn b",
        {"2": "3+4 5+6 7", "3+4": "7", "5+6": "7", "7": "exit"},
    ),
    "match_everything": (
        "match a:\n    case 1:\n        b = 1\n    case _:\n        b = 2\nreturn b",
        {"2": "3+4 5+6", "3+4": "7", "5+6": "7", "7": "exit"},
    ),
    "comprehension_of_three_lines": (
        "x = [y\n     for y in a\n     if y]\nreturn x",
        {"2+3+4+5": "exit"},
    ),
    "raise": ("if a:\n    raise ValueError(b)\nreturn c", {"2": "3 4", "3": "exit", "4": "exit"}),
    "assert": ("x = a\nassert x, b\nreturn x", {"2+3": "4 exit", "4": "exit"}),
    "generator": ("for x in a:\n    yield x\nb = 1", {"2": "3 4", "3": "2", "4": "exit"}),
    "docstring": ('"""Text.\n\nMore."""\na = 1\nreturn a', {"2+3+4+5+6": "exit"}),
    "inner_function": (
        "@cache\ndef g(x):\n    y = x\n    return y\nreturn g",
        {"2+3+6": "exit"},
    ),
    "unreachable": ("return a\nb = 1", {"2": "exit", "3": "exit"}),
    "statements_on_one_line": ("a = 1; b = 2\nreturn a", {"2+3": "exit"}),
}


@pytest.mark.parametrize("name", CASES)
def test_blocks_and_ways(name: str) -> None:
    """Row B10: If, While, For, Break, Continue, Return, Assert, Raise, Try, With, Match."""
    body, expected = CASES[name]
    assert ways(graph(body)) == expected


def test_the_head_of_a_for_is_silent() -> None:
    found = graph("for x in a:\n    b += x\nreturn b")
    assert [block.silent for block in found.blocks] == [False or index == 0 for index in range(3)]
    assert found.leads(1, 1) and found.leads(1, 2) and not found.leads(2, 1)


def test_levels() -> None:
    """Row B11."""
    body = "x = a\ny = b\nif x:\n    y = 2; z = 3\nreturn y"
    assert ways(graph(body)) == {"2+3+4": "5 6", "5": "6", "6": "exit"}
    assert ways(graph(body, LINE)) == {
        "2": "3", "3": "4", "4": "5 6", "5": "6", "6": "exit",
    }  # fmt: skip
    assert ways(graph(body, FUNCTION)) == {"2+3+4+5+6": "exit"}


def test_methods_and_inner_functions_have_their_own() -> None:
    found = graphs("class A:\n    def m(self):\n        def g(): return 1\n        return g()\n")
    assert [(each.function, each.line) for each in found] == [("A.m", 2), ("A.m.<locals>.g", 3)]
    assert [block.lines for block in found[0].blocks] == [(3, 4)]
    assert [block.lines for block in found[1].blocks] == [(3,)]


def test_what_does_not_parse_is_an_error() -> None:
    for source in ("def f(:\n", "x = (", "a\0b"):
        with pytest.raises((SyntaxError, ValueError)):
            graphs(source)


# -- laws -------------------------------------------------------------------------------------------


def check_laws(source: str, level: str) -> None:
    code = lines_with_code(source)
    found = graphs(source, level)
    nodes = [node for _, node in qualified(ast.parse(source))]
    assert [each.line for each in found] == [node.lineno for node in nodes]
    for each, node in zip(found, nodes, strict=True):
        owned = [line for block in each.blocks for line in block.lines]
        assert len(owned) == len(set(owned)), "a line has two blocks"
        assert set(owned) == _owned(node, code)
        assert all(block.lines for block in each.blocks)
        numbers = {EXIT, *range(len(each.blocks))}
        assert all(block.after <= numbers for block in each.blocks)
        assert all(0 <= point.block < len(each.blocks) for point in each.points)
        begun = {p.block for p in each.points if p.where not in (END, "enter", "return")}
        assert begun == {*range(len(each.blocks))} or _only_docstring(node)


def _owned(node: ast.FunctionDef | ast.AsyncFunctionDef, code: frozenset[int]) -> set[int]:
    """Lines with code that belong to a function and to none inside it, but for shared ones."""
    shared: set[int] = set()
    inner: set[int] = set()
    for _, each in qualified(node):
        first = min([each.body[0].lineno, *(d.lineno for d in _decorators(each.body[0]))])
        inner |= {*range(first, (each.end_lineno or 0) + 1)}
        shared.add(each.lineno)
    nested = {line for _, each in qualified(node) for line in range(each.lineno, each.lineno + 1)}
    own_heads = nested - {
        each.lineno for _, outer in qualified(node) for _, each in qualified(outer)
    }
    start = min([node.body[0].lineno, *(d.lineno for d in _decorators(node.body[0]))])
    body = {*range(start, (node.end_lineno or 0) + 1)} & code
    return (body - inner) | (body & own_heads)


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return list(getattr(node, "decorator_list", ()))


def _only_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return len(node.body) == 1 and ast.get_docstring(node) is not None


FILES = sorted(Path(coderepair.__file__).parent.rglob("*.py"))[::20]


@pytest.mark.parametrize("level", LEVELS)
def test_every_line_of_real_code_has_one_block(level: str) -> None:
    for path in FILES:
        check_laws(path.read_text(encoding="utf-8"), level)


SIMPLE = ("t += 1", "t = t * 2 % 97", "xs = [i for i in range(t % 3)]", "t -= len(xs)", "pass")
JUMPS = ("break", "continue", "return t", "t += 1", "raise KeyError(t)")
COMPOUND = (
    "if t % 2:\n{one}\nelif t % 3:\n{two}\nelse:\n    t += 5",
    "for i in range(t % 4):\n{one}\n    if t % 5 == 0: {jump}\nelse:\n{two}",
    "k = iter((1, 2))\nwhile next(k, 0):\n{one}\n    if t % 7 == 1:\n        {jump}",
    "for i in (1, 2): t += i\nif t % 2: t += 1",
    "try:\n{one}\n    t = 8 // (t % 3)\nexcept ZeroDivisionError:\n{two}",
    "try:\n{one}\nexcept KeyError as e: t = 1\nelse:\n    t += 1\nfinally:\n{two}",
    "with suppress(KeyError):\n{one}\n    [].pop\n    {{}}[t]\nt += 1",
    "match t % 3:\n    case 0:\n        t += 1\n    case 1 if t:\n        t -= 1",
    "def g(y): return y + t\nt = g(t) % 89",
)
"""Every loop ends."""
SEEDS = range(60)


def body_of(rng: random.Random, depth: int) -> str:
    return "\n".join(statement(rng, depth) for _ in range(rng.randint(1, 3)))


def statement(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(SIMPLE)
    one, two = (indent(body_of(rng, depth - 1), "    ") for _ in range(2))
    return rng.choice(COMPOUND).format(one=one, two=two, jump=rng.choice(JUMPS))


def program(seed: int) -> str:
    rng = random.Random(seed)
    body = body_of(rng, 3)
    text = f"def f(t, xs):\n{indent(body, '    ')}\n    return t\n"
    try:
        compile(text, "<made>", "exec")
    except SyntaxError:  # a jump that is in no loop leaves the function instead
        text = text.replace("break", "return 0").replace("continue", "return 0")
    return text


@pytest.mark.parametrize("level", LEVELS)
def test_every_line_of_made_code_has_one_block(level: str) -> None:
    for seed in SEEDS:
        check_laws(program(seed), level)


@pytest.fixture(autouse=True)
def no_marks_left() -> Iterator[None]:
    yield
    for name in vars(builtins).copy():
        if name.startswith("@coderepair"):
            delattr(builtins, name)


def visits_of(source: str, level: str, count: int = 400) -> list[Visit]:
    """The visits of a run of `f(3, [])` in this process."""
    watched = marked(source, level)
    assert watched is not None
    told = {"marks": watched.told(), "check": 0, "wanted": range(1, count)}
    watcher, code = marks.start(source, "<made>", told)
    scope: dict[str, object] = {"suppress": suppress}
    exec(code, scope)
    with suppress(KeyError):
        scope["f"](3, [])  # type: ignore[operator]
    (seen,) = watcher.told()
    return Story(watched.graphs, watched.points, seen["start"]).read(seen["events"])


@pytest.mark.parametrize("level", [BLOCK, LINE])
def test_a_run_goes_along_the_ways_of_the_graph(level: str) -> None:
    """Row B10: whatever a program does, each visit follows from the one before it."""
    seen = 0
    for source in map(program, SEEDS):
        found = {each.function: each for each in graphs(source, level)}
        frames: dict[int, Visit] = {}
        for visit in visits_of(source, level):
            before = frames.get(visit.frame)
            if before is None:
                assert visit.block == 0
            else:
                assert found[visit.function].leads(before.block, visit.block)
            frames[visit.frame] = visit
            seen += 1
    assert seen > 500


@pytest.mark.parametrize("level", LEVELS)
def test_marks_change_no_result(level: str) -> None:
    def outcome(code: object) -> object:
        scope: dict[str, object] = {"suppress": suppress}
        exec(code, scope)  # type: ignore[arg-type]
        try:
            return scope["f"](3, [])  # type: ignore[operator]
        except KeyError as error:
            return repr(error)

    for source in map(program, SEEDS):
        watched = marked(source, level)
        assert watched is not None
        told = {"marks": watched.told(), "check": 0, "wanted": range(1, 50)}
        _, code = marks.start(source, "<made>", told)
        assert outcome(code) == outcome(compile(source, "<made>", "exec"))


def test_a_point_for_each_round() -> None:
    points = graph("for x, y in a: b += x\nreturn b").points
    assert [(p.where, p.block, p.rounds) for p in points if p.where == BEFORE] == [
        (BEFORE, 0, ()),
        (BEFORE, 0, ("x", "y")),
        (BEFORE, 1, ()),
    ]
