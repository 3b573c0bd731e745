"""Imports of modules that are not there (E0401), and of names that a module has not (E0611)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coderepair.project.findings import Finding
from coderepair.project.inference import Inference
from coderepair.project.lookup import Found
from coderepair.project.reading import absolute


def check(tree: ast.Module, inference: Inference) -> Iterator[Finding]:
    """The whole module's findings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if inference.names.exists(alias.name) is False:
                    yield _no_module(node, alias.name)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node, inference)


def _from(node: ast.ImportFrom, inference: Inference) -> Iterator[Finding]:
    name = absolute(node, inference.package)
    if not name:
        return
    if inference.names.exists(name) is False:
        yield _no_module(node, name)
        return
    module = inference.names.module(name)
    if module is None:
        return
    for alias in node.names:
        if alias.name != "*" and inference.names.binds(module, alias.name) is False:
            text = f"no name {alias.name!r} in module {name!r}"
            yield Finding(node.lineno, "E0611", text, alias.name, Found(module))


def _no_module(node: ast.Import | ast.ImportFrom, name: str) -> Finding:
    return Finding(node.lineno, "E0401", f"unable to import {name!r}", name)
