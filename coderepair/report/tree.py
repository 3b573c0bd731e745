"""The refinement tree as text: the best path and the most promising nodes, bounded in lines."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_LABEL = 72
"""Characters of a description that are shown."""
MAX_INDENT = 20
"""Depth up to which children are set in further; very deep trees would leave the page."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """What the text shows of a node; made from a tree or from the events of a run."""

    id: int
    parent: int | None
    score: float | None
    """In [0, 1]; None for the rewrite arm."""
    passed: int = 0
    total: int = 0
    description: str = ""


def render(nodes: Iterable[TreeNode], limit: int = 0) -> list[str]:
    """Lines of the tree, children under their parent, best first.

    `limit` bounds the nodes shown (0: all): the best ones with their ancestors; a last line says
    how many are left out.
    """
    known = {node.id: node for node in nodes}
    shown = _interesting(known, limit) if limit else set(known)
    children: dict[int | None, list[TreeNode]] = {}
    for number in shown:
        node = known[number]
        children.setdefault(node.parent if node.parent in shown else None, []).append(node)
    lines = _draw(children)
    hidden = len(known) - len(shown)
    if hidden:
        lines.append(f"... and {hidden} more")
    return lines


def label(node: TreeNode) -> str:
    """One node on a line: `12  5/7 0.78  line 7: '<' -> '<='`."""
    score = "rewrite" if node.score is None else f"{node.passed}/{node.total} {node.score:.3f}"
    text = " ".join(node.description.split())
    if len(text) > MAX_LABEL:
        text = text[: MAX_LABEL - 3] + "..."
    return f"{node.id}  {score}  {text}".rstrip()


def _interesting(known: Mapping[int, TreeNode], limit: int) -> set[int]:
    ranked = heapq.nsmallest(limit, known.values(), key=_order)
    shown: set[int] = set()
    for node in ranked:
        path = _ancestry(known, node)
        if len(shown | path) > limit and shown:
            break
        shown |= path
    return shown


def _ancestry(known: Mapping[int, TreeNode], node: TreeNode) -> set[int]:
    path = {node.id}
    while node.parent is not None and node.parent in known:
        node = known[node.parent]
        path.add(node.id)
    return path


def _draw(children: Mapping[int | None, list[TreeNode]]) -> list[str]:
    """Depth first without recursion: a linear strategy makes trees that are thousands deep."""
    lines: list[str] = []
    stack = [(node, 0) for node in sorted(children.get(None, ()), key=_order, reverse=True)]
    while stack:
        node, depth = stack.pop()
        lines.append("  " * min(depth, MAX_INDENT) + label(node))
        below = sorted(children.get(node.id, ()), key=_order, reverse=True)
        stack += [(child, depth + 1) for child in below]
    return lines


def _order(node: TreeNode) -> tuple[float, int]:
    return (-1.0 if node.score is None else -node.score, node.id)
