"""Refinements of a node that were tried and did not solve the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coderepair.model import Node

if TYPE_CHECKING:
    from coderepair.search.tree import Tree

MAX_TRIED = 6


def tried(tree: Tree, node: Node, limit: int = MAX_TRIED) -> tuple[str, ...]:
    """Descriptions of the node's children, those that came nearest first."""
    children = [child for child in tree.children(node.id) if child.description]
    children.sort(key=lambda child: (-(child.h or 0.0), child.id))
    return tuple(dict.fromkeys(child.description for child in children))[:limit]
