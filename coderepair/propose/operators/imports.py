"""Names that nothing binds: an import inside the function, or the misspelt name's nearest kin."""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Iterator

from coderepair.propose.operators.context import FunctionContext
from coderepair.propose.operators.edit import Edit
from coderepair.propose.operators.scope import Scope

_MODULES = frozenset(
    {
        "bisect",
        "collections",
        "copy",
        "datetime",
        "decimal",
        "functools",
        "heapq",
        "itertools",
        "json",
    }
    | {"math", "operator", "os", "random", "re", "statistics", "string", "sys", "time"}
)
_FROM = {
    **dict.fromkeys(
        ("Counter", "defaultdict", "deque", "OrderedDict", "namedtuple"), "collections"
    ),
    **dict.fromkeys(("reduce", "lru_cache", "cache", "partial"), "functools"),
    **dict.fromkeys(
        ("sqrt", "floor", "ceil", "gcd", "factorial", "pi", "log", "comb", "isqrt", "prod"), "math"
    ),
    **dict.fromkeys(
        ("combinations", "permutations", "product", "chain", "groupby", "accumulate"), "itertools"
    ),
    **dict.fromkeys(("heappush", "heappop", "heapify", "nlargest", "nsmallest"), "heapq"),
    **dict.fromkeys(("date", "timedelta"), "datetime"),
    **dict.fromkeys(("bisect_left", "bisect_right", "insort"), "bisect"),
    **dict.fromkeys(("deepcopy",), "copy"),
    **dict.fromkeys(("mean", "median", "mode"), "statistics"),
    **dict.fromkeys(("itemgetter", "attrgetter"), "operator"),
}


def imports(context: FunctionContext, scope: Scope) -> Iterator[Edit]:
    """Repairs of unbound names."""
    if not context.blocks:
        return
    first = context.blocks[0].body[0]
    for name, nodes in _unbound(context, scope).items():
        line = (
            f"import {name}"
            if name in _MODULES
            else f"from {_FROM[name]} import {name}"
            if name in _FROM
            else ""
        )
        if line:
            edit = context.insert_before("import", first, line)
            if edit is not None:
                yield edit
        known = [*scope.variables, *scope.functions, *dir(builtins)]
        for other in difflib.get_close_matches(name, known, n=4, cutoff=0.6):
            places = tuple((*context.span(node), other) for node in nodes)
            yield Edit("misspelt", nodes[0], places, name, other, len(places))


def _unbound(context: FunctionContext, scope: Scope) -> dict[str, list[ast.Name]]:
    bound = {
        *scope.variables,
        *scope.functions,
        *dir(builtins),
        "self",
        "cls",
        context.function.name,
    }
    bound |= {
        n.id for n in context.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    bound |= {n.arg for n in context.nodes if isinstance(n, ast.arg)}
    bound |= {
        (alias.asname or alias.name).split(".")[0]
        for node in context.nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    outside = set(
        re.findall(
            r"^(?:import\s+|from\s+\S+\s+import\s+)(.+)$", context.around.file_text, re.MULTILINE
        )
    )
    bound |= {word for line in outside for word in re.findall(r"\w+", line)}
    bound |= set(re.findall(r"^(\w+)\s*(?::[^=]+)?=", context.around.file_text, re.MULTILINE))
    found: dict[str, list[ast.Name]] = {}
    for node in context.expressions:
        if isinstance(node, ast.Name) and node.id not in bound:
            found.setdefault(node.id, []).append(node)
    return found
