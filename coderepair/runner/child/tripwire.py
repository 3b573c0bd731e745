"""Names by which a program could reach the tests that share its process.

No boundary, only a wire: a program that has to be judged in its own process and names such things, which
the original does not, is rejected without a run.
"""

from __future__ import annotations

import ast
from typing import Set

MODULES = frozenset((
    "gc", "ctypes", "inspect", "builtins", "importlib", "pytest", "_pytest", "unittest", "signal", "atexit",
    "mmap", "linecache", "faulthandler", "tracemalloc", "_coderepair_child", "_ctypes", "_posixsubprocess",
))  # fmt: skip
"""Where they are imported."""
BUILTINS = frozenset(
    ("exec", "eval", "compile", "setattr", "globals", "__import__", "__builtins__")
)
"""Where they are used by these bare names."""
ATTRIBUTES = frozenset((
    "_getframe", "_current_frames", "settrace", "setprofile", "monitoring", "modules", "meta_path",
    "path_hooks", "_exit", "abort", "kill", "f_back", "f_locals", "f_globals", "f_builtins", "tb_frame",
    "tb_next", "gi_frame", "ag_frame", "cr_frame", "__globals__", "__builtins__", "__closure__",
    "__subclasses__", "__code__", "get_objects", "get_referrers", "get_referents", "__loader__", "__spec__",
))  # fmt: skip
"""As attributes, and as texts where `getattr` or `vars` could make attributes of them."""
BY_TEXT = frozenset(("getattr", "vars", "attrgetter", "__getattribute__", "__dict__", "dir"))


def trips(source: str, original: str) -> str:
    """Something dangerous that a program uses and the original does not; empty if there is nothing."""
    try:
        found = _used(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if not found:
        return ""
    try:
        found -= _used(ast.parse(original))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return min(found, default="")


def _used(tree: ast.AST) -> Set[str]:
    """Names that are there for themselves, by what can be seen of their use."""
    names: Set[str] = set()
    attributes: Set[str] = set()
    texts: Set[str] = set()
    modules: Set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.Import):
            modules.update(part for each in node.names for part in each.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            modules.update((node.module or "").split("."))
            attributes.update(each.name for each in node.names)
    found = (modules & MODULES) | (names & BUILTINS) | (attributes & ATTRIBUTES)
    if BY_TEXT & (names | attributes):
        found |= texts & (ATTRIBUTES | BUILTINS)
    return found
