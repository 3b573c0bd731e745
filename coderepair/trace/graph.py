"""Control-flow graphs of the functions of a file, and the points of the source where a run is watched.

A block is a run of statements that is entered at its top and left at its end (Zhong et al. 2024, LDB,
section 2.1), here for every statement of Python. Lines are not divided: statements that share a line
share a block, so that a value can be shown beside a line of the source.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from coderepair.edit.regions import FunctionNode, qualified

EXIT = -1
"""In the place of a block's number: the function is left."""
BLOCK, LINE, FUNCTION = "block", "line", "function"
LEVELS = (BLOCK, LINE, FUNCTION)
"""How fine a unit is: a basic block, the statements of one line, a whole function (row B11)."""
BEFORE, TEST, RETURN, ENTER, END = "before", "test", "return", "enter", "end"
"""Where a point is: before a statement, in the condition of a `while`, at the value of a `return`, at
the start and at the end of a function's body."""
_NO_TEXT = {
    tokenize.NL,
    tokenize.COMMENT,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True, slots=True)
class Block:
    """A unit of a function."""

    lines: tuple[int, ...]
    """1-based, ascending; without those of functions defined in it."""
    after: frozenset[int]
    """Numbers of the blocks of this graph that may come next, `EXIT` among them."""
    silent: bool = False
    """The head of a `for`: watched when the loop begins, not before each round."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place of the source where a run is watched."""

    line: int
    column: int
    kind: str
    """Type of the statement's `ast` node."""
    where: str
    """`BEFORE`, `TEST`, `RETURN`, `ENTER` or `END`."""
    block: int
    """The block that begins here; of `RETURN` the one that ends. Meaningless for `ENTER` and `END`."""
    rounds: tuple[str, ...] = ()
    """Where each round of a `for` starts here, the names that the `for` assigns; `*` if it assigns none."""


@dataclass(frozen=True, slots=True)
class Graph:
    """One function."""

    function: str
    """Qualified name."""
    line: int
    """1-based line of its `def`."""
    blocks: tuple[Block, ...]
    """The first one is entered first."""
    points: tuple[Point, ...]

    def leads(self, one: int, other: int) -> bool:
        """Whether a visit of `other` may come after one of `one`, none between, but for silent blocks."""
        seen: set[int] = set()
        waiting = [one]
        while waiting:
            for following in self.blocks[waiting.pop()].after - seen:
                if following == other:
                    return True
                seen.add(following)
                if following != EXIT and self.blocks[following].silent:
                    waiting.append(following)
        return False


def lines_with_code(source: str) -> frozenset[int]:
    """Lines that hold more than blanks and comments. Raises SyntaxError."""
    lines: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in _NO_TEXT:
                lines.update(range(token.start[0], token.end[0] + 1))
    except tokenize.TokenError as error:
        raise SyntaxError(str(error)) from None
    return frozenset(lines)


def body_lines(node: FunctionNode) -> range:
    """Lines from the first to the last statement of a function's body."""
    return range(first_line(node.body[0]), last_line(node) + 1)


def nested(node: ast.AST) -> Iterator[FunctionNode]:
    """The functions defined inside, at any depth."""
    return (function for _, function in qualified(node))


def first_line(node: ast.stmt) -> int:
    """With its decorators."""
    decorators = getattr(node, "decorator_list", ())
    return min((each.lineno for each in decorators), default=node.lineno)


def last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
