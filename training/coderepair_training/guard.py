"""Keeps benchmark problems out of the training data.

A function is refused if it has the name of a benchmark problem's entry point, or the same syntax tree
up to the names of its variables.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TRAINABLE_SPLITS = frozenset({"train", "prompt"})
"""Splits of a benchmark that its authors meant for training; their problems are not guarded."""


@dataclass(frozen=True)
class Guard:
    """Names and syntax trees that must not be trained on."""

    names: frozenset[str]
    trees: frozenset[str]

    @classmethod
    def of_folder(cls, folder: Path) -> Guard:
        """Reads entry points and references of all `*.jsonl` benchmark files in a folder."""
        return cls.of_functions(_guarded(folder))

    @classmethod
    def of_functions(cls, functions: Iterable[tuple[str, str]]) -> Guard:
        """A guard over (entry point, module text) pairs."""
        names: set[str] = set()
        trees: set[str] = set()
        for name, source in functions:
            names.add(_plain(name))
            trees.update(_fingerprint(node) for node in _functions(source) if len(node.body) > 0)
        return cls(frozenset(names), frozenset(trees))

    def refuses(self, source: str) -> bool:
        """Whether a text holds a function that is, but for naming, one of the guarded ones."""
        return any(
            _plain(node.name) in self.names or _fingerprint(node) in self.trees
            for node in _functions(source)
        )


def _guarded(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record.get("split") not in TRAINABLE_SPLITS:
                    yield record["entry_point"].rpartition(".")[2], record["reference"]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _functions(source: str) -> list[ast.FunctionDef]:
    try:
        return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError):
        return []


def _fingerprint(function: ast.FunctionDef) -> str:
    """Hash of the syntax tree with variables numbered in order of appearance, without docstring."""
    function = copy.deepcopy(function)
    if ast.get_docstring(function) is not None and len(function.body) > 1:
        function.body = function.body[1:]
    function.decorator_list, function.returns = [], None
    order: dict[str, str] = {function.name: "f"}
    local = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    local |= {
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    function.name = "f"
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.annotation = None
            node.arg = order.setdefault(node.arg, f"v{len(order)}")
        elif isinstance(node, ast.Name) and node.id in local:
            node.id = order.setdefault(node.id, f"v{len(order)}")
    return hashlib.sha256(ast.dump(function).encode()).hexdigest()[:24]
