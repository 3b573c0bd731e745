"""Names by which a program could reach the tests that share its process.

No boundary, only a wire: where a program has to be judged in its own process although the original did
not have to, one that names such things, which the original does not, is rejected without a run.
"""

from __future__ import annotations

import ast
from typing import Set

NAMES = frozenset((
    "gc", "ctypes", "inspect", "builtins", "importlib", "pytest", "_pytest", "unittest", "signal", "atexit",
    "mmap", "linecache", "faulthandler", "traceback", "tracemalloc", "_getframe", "_current_frames",
    "settrace", "setprofile", "monitoring", "modules", "meta_path", "path_hooks", "_exit", "abort", "kill",
    "f_back", "f_locals", "f_globals", "tb_frame", "gi_frame", "__globals__", "__builtins__", "__closure__",
    "__subclasses__", "__code__", "__import__", "get_objects", "get_referrers", "exec", "eval", "compile",
    "setattr", "globals", "vars", "_coderepair_child",
))  # fmt: skip


def trips(source: str, original: str) -> str:
    """A name of `NAMES` that a program uses and the original does not; empty if there is none."""
    try:
        found = _used(ast.parse(source)) & NAMES
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    try:
        found -= _used(ast.parse(original))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return min(found, default="")


def _used(tree: ast.AST) -> Set[str]:
    found: Set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [each.name for each in node.names] + [getattr(node, "module", None) or ""]
            found.update(part for name in names for part in name.split("."))
    return found
