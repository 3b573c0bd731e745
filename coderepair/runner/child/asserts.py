"""Rewrites test functions so that every assert counts by itself and a failed one does not end the test.

    assert f(x) == 3        becomes     try:
                                            l = f(x); r = 3
                                            if l == r: recorder.ok(F, K)
                                            else: recorder.fail(F, K, l, r, None)
                                        except BaseException as e:
                                            if not recorder.raised(F, K, e): raise

Left alone are asserts whose AssertionError somebody may be waiting for: inside `try` with handlers,
inside `with pytest.raises(...)` and the like, in nested functions, in modules that are no tests.
The recorder is reached as a builtin whose name no program can spell.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple, Union

RECORDER = "@coderepair"
LEFT, RIGHT, MESSAGE, ERROR = "@left", "@right", "@message", "@error"

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
LOOPS = (ast.If, ast.For, ast.AsyncFor, ast.While)
OPERATORS = {
    "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=",
    "Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in",
}  # fmt: skip
EQUALITIES = {"assertEqual", "assertEquals", "assertListEqual", "assertDictEqual", "assertSetEqual",
              "assertTupleEqual", "assertSequenceEqual", "assertMultiLineEqual", "assertCountEqual",
              "assertAlmostEqual", "assertIs"}  # fmt: skip
SWALLOWING = ("raises", "suppress", "warns", "deprecated_call", "assertlogs")


@dataclass
class Assert:
    """What is known of one assert before it runs."""

    line: int
    operator: str
    """`==`, `<`, `truth`, `not`, `close` or the name of a unittest method."""
    left: Optional[ast.expr]
    right: Optional[ast.expr]

    def literal(self) -> Tuple[Any, ...]:
        """The value that a call is compared with, where it is written out; else nothing."""
        plain = isinstance(self.left, ast.Call) and not (
            isinstance(self.left.func, ast.Name) and hasattr(builtins, self.left.func.id)
        )
        if self.right is None or not plain or self.operator not in ("==", "is", *EQUALITIES):
            return ()
        try:
            return (ast.literal_eval(self.right),)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return ()


@dataclass
class TestFunction:
    """A rewritten test function and its asserts, in source order."""

    qualname: str
    asserts: List[Assert]
    assigned: List[Tuple[int, str, ast.expr]]
    """(line, name, value) of its simple assignments: where a compared variable came from."""


def rewrite(tree: ast.Module, prefix: str, table: List[TestFunction]) -> ast.Module:
    """Rewrites the test functions of a module in place and appends what it learned to `table`."""
    for node, qualname, in_class in _test_functions(tree.body, "", prefix, False):
        entry = TestFunction(qualname, [], [])
        rewriter = _Rewriter(
            len(table), entry, node.args.args[0].arg if _has_self(node, in_class) else ""
        )
        table.append(entry)
        node.body = rewriter.block(node.body)
    return ast.fix_missing_locations(tree)


def _has_self(node: Function, in_class: bool) -> bool:
    return in_class and bool(node.args.args)


def _test_functions(
    body: List[ast.stmt], path: str, prefix: str, in_class: bool
) -> List[Tuple[Function, str, bool]]:
    found: List[Tuple[Function, str, bool]] = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith(
            prefix
        ):
            found.append((node, path + node.name, in_class))
        elif isinstance(node, ast.ClassDef):
            found += _test_functions(node.body, path + node.name + ".", prefix, True)
    return found


class _Rewriter:
    """Rewrites the statements of one test function."""

    def __init__(self, index: int, entry: TestFunction, self_name: str) -> None:
        self._index = index
        self._entry = entry
        self._self = self_name

    def block(self, body: List[ast.stmt]) -> List[ast.stmt]:
        return [new for statement in body for new in self._statement(statement)]

    def _statement(self, node: ast.stmt) -> List[ast.stmt]:
        if isinstance(node, ast.Assert):
            return [self._place(self._assert(node), node)]
        if isinstance(node, ast.Expr) and self._is_unittest(node.value):
            return [self._place(self._unittest(node.value), node)]
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            self._entry.assigned.append((node.lineno, node.targets[0].id, node.value))
        elif isinstance(node, LOOPS):
            node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        elif isinstance(node, (ast.With, ast.AsyncWith, ast.Try)) and not _swallows(node):
            node.body = self.block(node.body)
        return [node]

    def _place(self, new: ast.stmt, old: ast.stmt) -> ast.stmt:
        for child in ast.walk(new):
            if "lineno" in child._attributes and not hasattr(child, "lineno"):
                ast.copy_location(child, old)
        return new

    def _is_unittest(self, value: ast.expr) -> bool:
        return (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and isinstance(value.func.value, ast.Name)
            and bool(self._self)
            and value.func.value.id == self._self
            and value.func.attr.startswith("assert")
        )

    def _number(self, node: ast.AST, operator: str, left: object, right: object) -> List[ast.expr]:
        """Enters an assert into the table; gives the constants that name it in the recorder's calls."""
        self._entry.asserts.append(
            Assert(
                getattr(node, "lineno", 0),
                operator,
                left if isinstance(left, ast.expr) else None,
                right if isinstance(right, ast.expr) else None,
            )
        )
        return [ast.Constant(self._index), ast.Constant(len(self._entry.asserts))]

    def _unittest(self, call: ast.expr) -> ast.stmt:
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        positional = [arg for arg in call.args if not isinstance(arg, ast.Starred)] + [None, None]
        name = call.func.attr
        left, right = (positional[0], positional[1] if name in EQUALITIES else None)
        numbers = self._number(call, name, left, right)
        told = ast.Call(_member("method"), [*numbers, call.func, *call.args], call.keywords)
        return self._guard([ast.Expr(told)], numbers)

    def _assert(self, node: ast.Assert) -> ast.stmt:
        operator, operands, condition = _split(node.test)
        numbers = self._number(node, operator, *[value for _, value in (*operands, *_PAD)][:2])
        body: List[ast.stmt] = [ast.Assign([_store(name)], value) for name, value in operands]
        values = [_load(name) for name, _ in operands]
        values += [ast.Constant(None)] * (2 - len(values))
        failed: List[ast.stmt] = []
        if node.msg is not None:
            failed.append(ast.Assign([_store(MESSAGE)], node.msg))
            values.append(_load(MESSAGE))
        failed.append(ast.Expr(ast.Call(_member("fail"), [*numbers, *values], [])))
        passed = ast.Expr(ast.Call(_member("ok"), [*numbers], []))
        body.append(ast.If(condition, [passed], failed))
        return self._guard(body, numbers)

    def _guard(self, body: List[ast.stmt], numbers: List[ast.expr]) -> ast.stmt:
        handled = ast.Call(_member("raised"), [*numbers, _load(ERROR)], [])
        again = ast.If(ast.UnaryOp(ast.Not(), handled), [ast.Raise(None, None)], [])
        handler = ast.ExceptHandler(_load("BaseException"), ERROR, [again])
        return ast.Try(body, [handler], [], [])


_PAD: Tuple[Tuple[str, None], Tuple[str, None]] = (("", None), ("", None))
_Operands = List[Tuple[str, ast.expr]]


def _split(test: ast.expr) -> Tuple[str, _Operands, ast.expr]:
    """(operator, operands to evaluate first, condition over them) of an assert's expression."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _split_compare(test)
    if isinstance(test, ast.Call) and _compares_two(test):
        condition = ast.Call(test.func, [_load(LEFT), _load(RIGHT), *test.args[2:]], test.keywords)
        return "close", [(LEFT, test.args[0]), (RIGHT, test.args[1])], condition
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return "not", [(LEFT, test.operand)], ast.UnaryOp(ast.Not(), _load(LEFT))
    return "truth", [(LEFT, test)], _load(LEFT)


def _compares_two(call: ast.Call) -> bool:
    """`math.isclose(a, b)`, `np.allclose(a, b)` and their like."""
    starred = any(isinstance(arg, ast.Starred) for arg in call.args[:2])
    return _called(call).endswith("close") and len(call.args) >= 2 and not starred


def _split_compare(test: ast.Compare) -> Tuple[str, _Operands, ast.expr]:
    left, right, operator = test.left, test.comparators[0], test.ops[0]
    if (
        isinstance(operator, (ast.Lt, ast.LtE))
        and isinstance(left, ast.Call)
        and _called(left) in ("abs", "fabs")
        and isinstance(left.args[0] if left.args else None, ast.BinOp)
        and isinstance(left.args[0].op, ast.Sub)  # type: ignore[attr-defined]
    ):
        minus = left.args[0]
        assert isinstance(minus, ast.BinOp)
        distance = ast.Call(left.func, [ast.BinOp(_load(LEFT), ast.Sub(), _load(RIGHT))], [])
        return (
            "close",
            [(LEFT, minus.left), (RIGHT, minus.right)],
            ast.Compare(distance, test.ops, test.comparators),
        )
    name = OPERATORS[type(operator).__name__]
    condition = ast.Compare(_load(LEFT), [operator], [_load(RIGHT)])
    return name, [(LEFT, left), (RIGHT, right)], condition


def _called(call: ast.Call) -> str:
    """Last part of the name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _swallows(node: Union[ast.With, ast.AsyncWith, ast.Try]) -> bool:
    """Whether a statement may be waiting for the very exception a failed assert raises."""
    if isinstance(node, ast.Try):
        return bool(node.handlers)
    names = [
        _called(item.context_expr) for item in node.items if isinstance(item.context_expr, ast.Call)
    ]
    return any(word in name.lower() for name in names for word in SWALLOWING)


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _store(name: str) -> ast.expr:
    return ast.Name(name, ast.Store())


def _member(name: str) -> ast.expr:
    return ast.Attribute(_load(RECORDER), name, ast.Load())
