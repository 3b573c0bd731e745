"""Finding a function in text that Python cannot parse: prose around it, broken code before it.

tree-sitter never gives up on broken input. Its nodes are walked by hand because the query interface
differs between the versions that the package allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def cut_functions(text: str, name: str) -> list[str]:
    """Source of every definition of `name`, decorators included, in order, from its first line's
    indentation on. What is cut may itself be broken."""
    return [
        function
        for start in _starts(text, name)
        if (function := _first_function(text[start:], name))
    ]


def _starts(text: str, name: str) -> Iterator[int]:
    """Offsets of the lines at which a definition begins. Prose in front is left to nobody: an
    apostrophe in it would open a string."""
    definition = rf"^[ \t]*(?:@[^\n]*\n[ \t]*)*(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b"
    return (match.start() for match in re.finditer(definition, text, re.MULTILINE))


def _first_function(text: str, name: str) -> str:
    data = text.encode("utf-8", "replace")
    for node in _walk(_parse(data)):
        if node.type == "function_definition" and _name(node) == name:
            return data[: node.end_byte].decode("utf-8", "replace")
    return ""


def _parse(data: bytes) -> Node:
    import warnings

    import tree_sitter_python
    from tree_sitter import Language, Parser

    with warnings.catch_warnings():
        # Grammars of before 0.23 hand over a bare pointer, which newer bindings deprecate.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Parser(Language(tree_sitter_python.language())).parse(data).root_node


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    text = name.text if name is not None else None
    return text.decode("utf-8", "replace") if text else ""
