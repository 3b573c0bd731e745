"""Simple mutants of a reference, to measure whether its tests would notice a mistake."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
}


def mutants(source: str, entry_point: str, limit: int) -> list[str]:
    """At most `limit` programs, each one small change of the entry point; seeded by the source."""
    tree = ast.parse(source)
    found = {
        text for text in _changed(tree, entry_point.split(".")[0]) if text != ast.unparse(tree)
    }
    ordered = sorted(found)
    if len(ordered) > limit:
        ordered = random.Random(source).sample(ordered, limit)
    return ordered


def _changed(tree: ast.Module, name: str) -> Iterator[str]:
    """Each node is numbered by the order of the walk, which a deep copy preserves."""
    for index, node in enumerate(ast.walk(tree)):
        for variant in range(_variants(node)):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[index]
            _mutate(target, variant)
            if _inside(tree, node, name):
                yield ast.unparse(ast.fix_missing_locations(changed))


def _inside(tree: ast.Module, node: ast.AST, name: str) -> bool:
    return any(
        getattr(top, "name", None) == name and any(child is node for child in ast.walk(top))
        for top in tree.body
    )


def _variants(node: ast.AST) -> int:
    """How many changes `_mutate` knows for this node."""
    match node:
        case ast.Compare(ops=[operator]):
            return len(_COMPARISONS.get(type(operator), ()))
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            return int(type(operator) in _ARITHMETIC)
        case ast.BoolOp() | ast.If() | ast.While():
            return 1
        case ast.Constant(value=bool()):
            return 1
        case ast.Constant(value=int()):
            return 1
    return 0


def _mutate(node: ast.AST, variant: int) -> None:
    match node:
        case ast.Compare(ops=[operator]):
            node.ops = [_COMPARISONS[type(operator)][variant]()]
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            node.op = _ARITHMETIC[type(operator)]()
        case ast.BoolOp(op=connective):
            node.op = ast.Or() if isinstance(connective, ast.And) else ast.And()
        case ast.If(test=test) | ast.While(test=test):
            node.test = ast.UnaryOp(ast.Not(), test)
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() as number):
            node.value = number + 1
