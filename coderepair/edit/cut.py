"""Finding a function in text that Python cannot parse: prose around it, broken code before it.

tree-sitter never gives up on broken input. Its nodes are walked by hand because the query interface
differs between the versions that the package allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def cut_functions(text: str, name: str) -> list[str]:
    """Source of every definition of `name`, decorators included, in order, from its first line's
    indentation on. What is cut may itself be broken."""
    data = text.encode("utf-8", "replace")
    found = []
    for node in _walk(_parse(data)):
        if node.type != "function_definition" or _name(node) != name:
            continue
        parent = node.parent
        whole = parent if parent is not None and parent.type == "decorated_definition" else node
        line_start = data.rfind(b"\n", 0, whole.start_byte) + 1
        indent = data[line_start : whole.start_byte]
        start = whole.start_byte if indent.strip() else line_start
        found.append(data[start : whole.end_byte].decode("utf-8", "replace"))
    return found


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
