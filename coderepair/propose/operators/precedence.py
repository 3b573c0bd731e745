"""How tightly expressions bind, so that a replaced operand is put in parentheses where it must be.

Levels follow the table "Operator precedence" of the Python language reference.
"""

from __future__ import annotations

import ast
from functools import lru_cache

LOWEST, TERNARY, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT = range(12)
UNARY, POWER, AWAIT, ATOM = range(12, 16)

_BINARY: dict[type[ast.operator], int] = {
    ast.BitOr: BIT_OR,
    ast.BitXor: BIT_XOR,
    ast.BitAnd: BIT_AND,
    ast.LShift: SHIFT,
    ast.RShift: SHIFT,
    ast.Add: SUM,
    ast.Sub: SUM,
    ast.Mult: PRODUCT,
    ast.MatMult: PRODUCT,
    ast.Div: PRODUCT,
    ast.FloorDiv: PRODUCT,
    ast.Mod: PRODUCT,
    ast.Pow: POWER,
}


def level(node: ast.expr) -> int:
    """How tightly the expression itself binds."""
    match node:
        case ast.BinOp(op=op):
            return _BINARY[type(op)]
        case ast.BoolOp(op=op):
            return OR if isinstance(op, ast.Or) else AND
        case ast.UnaryOp(op=op):
            return NOT if isinstance(op, ast.Not) else UNARY
        case ast.Compare():
            return COMPARE
        case ast.IfExp():
            return TERNARY
        case ast.Await():
            return AWAIT
        case ast.Lambda() | ast.NamedExpr() | ast.Starred() | ast.Yield() | ast.YieldFrom():
            return LOWEST
        case ast.Tuple() | ast.GeneratorExp():
            return LOWEST
        case ast.Constant(value=value) if isinstance(value, int | float) and not _is_bool(value):
            return ATOM if value >= 0 else UNARY
    return ATOM


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


@lru_cache(maxsize=20_000)
def level_of_text(text: str) -> int:
    """Level of an expression given as text; -1 if it is none."""
    if text.isidentifier():
        return ATOM
    if text.startswith("(") and text.endswith(")") and _parses(text[1:-1]):
        return ATOM
    try:
        return level(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError):
        return -1


def _parses(text: str) -> bool:
    try:
        ast.parse(f"({text})", mode="eval")
        ast.parse(f"[{text}]", mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def required(node: ast.expr, parent: ast.AST) -> int:
    """The least level an expression must have to stand in the place of `node` without parentheses."""
    match parent:
        case ast.BinOp(left=left, op=op):
            own = _BINARY[type(op)]
            if isinstance(op, ast.Pow):
                return AWAIT if node is left else UNARY
            return own if node is left else own + 1
        case ast.UnaryOp(op=op):
            return NOT if isinstance(op, ast.Not) else UNARY
        case ast.BoolOp(op=op):
            return (OR if isinstance(op, ast.Or) else AND) + 1
        case ast.Compare():
            return BIT_OR
        case ast.IfExp(orelse=orelse):
            return TERNARY if node is orelse else OR
        case ast.Attribute() | ast.Await():
            return ATOM
        case ast.Call(func=func):
            return ATOM if node is func else TERNARY
        case ast.Subscript(value=value):
            return ATOM if node is value else LOWEST
        case ast.comprehension():
            return OR
        case ast.Starred():
            return BIT_OR
    return LOWEST if isinstance(parent, ast.Return | ast.Assign | ast.Expr) else TERNARY
