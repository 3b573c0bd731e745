"""Wrong values, operators, variables and functions: the bugs that sit inside an expression.

Each mutator yields splices that turn a correct function into a plausibly wrong one. The tables hold
what people confuse; a uniform random change of an operator is rarely what a human would have written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from coderepair_training.syntax import FunctionText, Splice

COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">", "<=", ">="),
    ast.LtE: ("<", ">=", "<", "=="),
    ast.Gt: (">=", "<", ">=", "<="),
    ast.GtE: (">", "<=", ">", "=="),
    ast.Eq: ("!=", ">=", "<=", ">", "<"),
    ast.NotEq: ("==", "<", ">"),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not", "=="),
    ast.IsNot: ("is", "!="),
}
COMPARISON_TEXT: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
ARITHMETIC: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-", "-", "*", "%"),
    ast.Sub: ("+", "+", "//", "*"),
    ast.Mult: ("+", "**", "/", "-"),
    ast.Div: ("//", "*", "%"),
    ast.FloorDiv: ("/", "/", "%", "*"),
    ast.Mod: ("//", "//", "/", "-"),
    ast.Pow: ("*", "*", "+", "^"),
    ast.LShift: (">>",),
    ast.RShift: ("<<",),
    ast.BitAnd: ("|", "^"),
    ast.BitOr: ("&", "^"),
    ast.BitXor: ("&", "|"),
}
ARITHMETIC_TEXT: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "min": ("max", "sum"),
    "max": ("min", "sum"),
    "sum": ("len", "max"),
    "len": ("sum", "max"),
    "any": ("all",),
    "all": ("any",),
    "int": ("float", "round", "str"),
    "float": ("int",),
    "round": ("int",),
    "str": ("int", "repr"),
    "sorted": ("list", "reversed"),
    "reversed": ("sorted", "list"),
    "list": ("set", "tuple"),
    "set": ("list",),
    "tuple": ("list",),
    "ord": ("int",),
    "chr": ("str",),
    "abs": ("int",),
    "map": ("filter",),
    "filter": ("map",),
    "zip": ("enumerate",),
    "append": ("extend", "insert"),
    "extend": ("append",),
    "add": ("remove", "discard"),
    "remove": ("discard", "append"),
    "pop": ("remove",),
    "upper": ("lower", "swapcase", "title"),
    "lower": ("upper", "swapcase"),
    "swapcase": ("lower", "upper"),
    "title": ("capitalize", "upper"),
    "capitalize": ("title", "upper"),
    "isupper": ("islower", "isalpha"),
    "islower": ("isupper", "isalpha"),
    "isdigit": ("isalpha", "isalnum"),
    "isalpha": ("isdigit", "isalnum"),
    "isalnum": ("isalpha",),
    "startswith": ("endswith",),
    "endswith": ("startswith",),
    "find": ("rfind", "index", "count"),
    "rfind": ("find",),
    "index": ("count", "find"),
    "count": ("index", "find"),
    "strip": ("lstrip", "rstrip"),
    "lstrip": ("rstrip", "strip"),
    "rstrip": ("lstrip", "strip"),
    "ljust": ("rjust",),
    "rjust": ("ljust",),
    "keys": ("values", "items"),
    "values": ("keys", "items"),
    "items": ("keys", "values"),
    "split": ("splitlines", "partition"),
    "union": ("intersection", "difference"),
    "intersection": ("union", "difference"),
    "difference": ("intersection", "symmetric_difference"),
    "floor": ("ceil",),
    "ceil": ("floor",),
    "sqrt": ("exp", "floor"),
    "sin": ("cos",),
    "cos": ("sin",),
    "findall": ("search", "split"),
    "search": ("match", "fullmatch"),
    "match": ("search", "fullmatch"),
    "fullmatch": ("match", "search"),
    "heappush": ("heappop",),
    "bisect_left": ("bisect_right",),
    "bisect_right": ("bisect_left",),
    "combinations": ("permutations", "product"),
    "permutations": ("combinations", "product"),
    "popleft": ("pop",),
    "appendleft": ("append",),
    "most_common": ("items",),
    "gcd": ("lcm",),
    "lcm": ("gcd",),
}


def operator_misuse(text: FunctionText) -> Iterator[Splice]:
    """A comparison, an arithmetic, Boolean or unary operator that is another one."""
    for node in text.nodes:
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
                old = COMPARISON_TEXT[type(operator)]
                for new in COMPARISONS[type(operator)]:
                    yield from _between(text, left, right, old, new)
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            for new in ARITHMETIC[type(node.op)]:
                old = ARITHMETIC_TEXT[type(node.op)]
                yield from _between(text, node.left, node.right, old, new)
        elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
            for new in ARITHMETIC[type(node.op)][:2]:
                old = ARITHMETIC_TEXT[type(node.op)]
                yield from _between(text, node.target, node.value, f"{old}=", f"{new}=")
            yield from _between(
                text, node.target, node.value, f"{ARITHMETIC_TEXT[type(node.op)]}=", "="
            )
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from _between(text, left, right, old, new)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield text.promote(node, node.operand)


def _between(
    text: FunctionText, left: ast.expr, right: ast.expr, old: str, new: str
) -> Iterator[Splice]:
    """Replaces the operator that stands alone between two operands."""
    start, end = text.span(left)[1], text.span(right)[0]
    gap = text.source[start:end]
    if gap.count(old) == 1 and gap.replace(old, "").strip("() \n\t\\") == "":
        at = start + gap.index(old)
        yield Splice(at, at + len(old), new)


def value_misuse(text: FunctionText) -> Iterator[Splice]:
    """A wrong literal, initial value, index, bound or returned value."""
    for node in text.expressions:
        if isinstance(node, ast.Constant):
            parent = text.parents.get(node)
            negated = isinstance(parent, ast.UnaryOp)
            for new in _other_values(text, node.value, negated):
                yield text.replace(node, new)
        elif isinstance(node, ast.List | ast.Tuple | ast.Dict) and _empty(node):
            options = {"[]": ("{}", "[0]", "None"), "{}": ("[]",), "()": ("[]",)}
            for new in options.get(text.text(node), ()):
                yield text.replace(node, new)
        elif isinstance(node, ast.Tuple | ast.List) and len(node.elts) == 2:
            yield from _swap(text, node.elts[0], node.elts[1])
        elif isinstance(node, ast.IfExp):
            yield from _swap(text, node.body, node.orelse)
    yield from _swapped_returns(text)
    yield from _literal_everywhere(text)


def _empty(node: ast.List | ast.Tuple | ast.Dict) -> bool:
    return not (node.keys if isinstance(node, ast.Dict) else node.elts)


def _other_values(text: FunctionText, value: object, negated: bool) -> list[str]:
    if isinstance(value, bool):
        return [str(not value)]
    if value is None:
        return ["0", "False", "[]"]
    if isinstance(value, int):
        near = [value + 1, value - 1, *([0, 1] if abs(value) > 1 else [1 - value])]
        others = [item for item in near if item != value and (item >= 0 or not negated)]
        return [str(item) for item in others] + ([str(value * 10)] if abs(value) > 9 else [])
    if isinstance(value, float):
        return [repr(value + 1), repr(value * 2), repr(value / 10)]
    if isinstance(value, str) and len(value) < 60:
        return [repr(item) for item in _other_strings(text, value)]
    return []


def _other_strings(text: FunctionText, value: str) -> list[str]:
    others = [value.swapcase(), value[1:], value[:-1], value.strip(), value + " ", "", " "]
    if not value:
        others += [",", "0"]
    constants = (n.value for n in text.expressions if isinstance(n, ast.Constant))
    others += [item for item in constants if isinstance(item, str) and len(item) < 60]
    return [item for item in dict.fromkeys(others) if item != value]


def _swap(text: FunctionText, one: ast.expr, two: ast.expr) -> Iterator[Splice]:
    """Two disjoint expressions change places."""
    (start, middle), (resume, end) = text.span(one), text.span(two)
    first, second = text.source[start:middle], text.source[resume:end]
    if middle <= resume and first != second:
        yield Splice(start, end, second + text.source[middle:resume] + first)


def _swapped_returns(text: FunctionText) -> Iterator[Splice]:
    """Two returned values change places, as when the branches were confused."""
    values = [node.value for node in text.nodes if isinstance(node, ast.Return) and node.value]
    for one, two in pairwise(values):
        yield from _swap(text, one, two)


def _literal_everywhere(text: FunctionText) -> Iterator[Splice]:
    """A literal that is wrong at all its occurrences, as a writer who misread the task repeats it."""
    groups: dict[str, list[ast.Constant]] = {}
    for node in text.expressions:
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
            groups.setdefault(text.text(node), []).append(node)
    for nodes in groups.values():
        if len(nodes) > 1:
            for new in _other_values(text, nodes[0].value, negated=True)[:3]:
                yield _replace_all(text, nodes, new)


def _replace_all(text: FunctionText, nodes: list[ast.Constant], new: str) -> Splice:
    spans = sorted(text.span(node) for node in nodes)
    start, end = spans[0][0], spans[-1][1]
    parts, position = [], start
    for left, right in spans:
        parts += [text.source[position:left], new]
        position = right
    return Splice(start, end, "".join(parts))


def variable_misuse(text: FunctionText) -> Iterator[Splice]:
    """Another variable of the function where one is read or written, or two arguments swapped."""
    for node in text.nodes:
        if isinstance(node, ast.Name) and node.id in text.names:
            written = isinstance(node.ctx, ast.Store)
            if written and not isinstance(text.parents.get(node), ast.AugAssign | ast.Assign):
                continue
            for name in text.names:
                if name != node.id:
                    yield text.replace(node, name)
        elif isinstance(node, ast.Call) and len(node.args) >= 2:
            yield from _swap(text, node.args[0], node.args[1])
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Name):
                yield text.promote(node, node.slice)
                yield text.promote(node, node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv):
            yield from _swap(text, node.left, node.right)


def function_misuse(text: FunctionText) -> Iterator[Splice]:
    """A related function or method in the place of the right one."""
    for node in text.expressions:
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name):
            for new in FUNCTIONS.get(called.id, ()):
                yield text.replace(called, new)
        elif isinstance(called, ast.Attribute):
            end = text.span(called)[1]
            for new in FUNCTIONS.get(called.attr, ()):
                yield Splice(end - len(called.attr), end, new)
