"""Cheap guesses at the types of expressions, from literals, well-known calls and the failing checks.

A guess is a short word: `int`, `float`, `str`, `bool`, `list`, `dict`, `set`, `tuple`, `none`, or ""
when nothing is known. Wrong guesses cost rank, never correctness.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

NUMBERS = frozenset({"int", "float", "bool"})
SEQUENCES = frozenset({"list", "tuple", "str"})
COLLECTIONS = frozenset({"list", "tuple", "set", "dict"})

_CALLS = {
    **dict.fromkeys(("len", "int", "ord", "round", "hash", "id"), "int"),
    **dict.fromkeys(("str", "repr", "chr", "input", "hex", "bin", "oct", "format"), "str"),
    **dict.fromkeys(
        ("any", "all", "bool", "isinstance", "callable", "hasattr", "issubclass"), "bool"
    ),
    **dict.fromkeys(("sorted", "list"), "list"),
    **dict.fromkeys(("set", "frozenset"), "set"),
    **dict.fromkeys(("dict", "Counter", "defaultdict", "OrderedDict"), "dict"),
    "float": "float",
    "tuple": "tuple",
    "divmod": "tuple",
}
_METHODS = {
    **dict.fromkeys(("lower", "upper", "title", "capitalize", "swapcase", "format", "join"), "str"),
    **dict.fromkeys(("strip", "lstrip", "rstrip", "replace", "zfill", "ljust", "rjust"), "str"),
    **dict.fromkeys(("split", "splitlines", "rsplit", "keys", "values", "items"), "list"),
    **dict.fromkeys(("count", "index", "find", "rfind", "bit_length"), "int"),
    **dict.fromkeys(("startswith", "endswith", "isdigit", "isalpha", "isalnum"), "bool"),
    **dict.fromkeys(("isupper", "islower", "isspace", "issubset", "issuperset"), "bool"),
    **dict.fromkeys(("union", "intersection", "difference"), "set"),
    **dict.fromkeys(("append", "extend", "sort", "reverse", "add", "insert", "update"), "none"),
}
_DISPLAYS: tuple[tuple[tuple[type[ast.AST], ...], str], ...] = (
    ((ast.List, ast.ListComp), "list"),
    ((ast.Dict, ast.DictComp), "dict"),
    ((ast.Set, ast.SetComp), "set"),
    ((ast.Tuple,), "tuple"),
    ((ast.JoinedStr,), "str"),
    ((ast.Compare,), "bool"),
    ((ast.GeneratorExp,), "list"),
)


def of_literal(text: str) -> str:
    """Type of a value given by its repr; "" if it is no literal."""
    try:
        return guess(ast.parse(text, mode="eval").body, {}) if text else ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def guess(node: ast.AST, names: Mapping[str, str]) -> str:
    """Type of an expression where the types of some names are known."""
    for kinds, name in _DISPLAYS:
        if isinstance(node, kinds):
            return name
    match node:
        case ast.Constant(value=value):
            return "none" if value is None else type(value).__name__
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.UnaryOp(op=op, operand=operand):
            return "bool" if isinstance(op, ast.Not) else guess(operand, names)
        case ast.BinOp():
            return _binary(node, names)
        case ast.BoolOp(values=values):
            return guess(values[-1], names)
        case ast.IfExp(body=body, orelse=orelse):
            return guess(body, names) or guess(orelse, names)
        case ast.Call():
            return _call(node, names)
        case ast.Subscript(value=value, slice=index):
            return _subscript(value, index, names)
    return ""


def _binary(node: ast.BinOp, names: Mapping[str, str]) -> str:
    left, right = guess(node.left, names), guess(node.right, names)
    if isinstance(node.op, ast.Div):
        return "float"
    if isinstance(node.op, ast.Mod) and left == "str":
        return "str"
    if left in NUMBERS and right in NUMBERS:
        return "float" if "float" in (left, right) else "int"
    if isinstance(node.op, ast.Add | ast.Mult):
        return next((kind for kind in (left, right) if kind in SEQUENCES), left or right)
    if isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor) and "set" in (left, right):
        return "set"
    return left or right or "int"


def _call(node: ast.Call, names: Mapping[str, str]) -> str:
    match node.func:
        case ast.Name(id=("abs" | "sum" | "max" | "min")) if node.args:
            inner = guess(node.args[0], names)
            return inner if inner in NUMBERS else "int"
        case ast.Name(id=name):
            return _CALLS.get(name, names.get(f"{name}()", ""))
        case ast.Attribute(attr=("get" | "setdefault" | "pop")) if len(node.args) == 2:
            return guess(node.args[1], names)
        case ast.Attribute(attr=attr):
            return _METHODS.get(attr, "")
    return ""


def _subscript(value: ast.expr, index: ast.expr, names: Mapping[str, str]) -> str:
    whole = guess(value, names)
    if isinstance(index, ast.Slice) or whole == "str":
        return whole
    return names.get(f"{value.id}[]", "") if isinstance(value, ast.Name) else ""
