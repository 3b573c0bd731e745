"""Repairs of different bugs in one program: what earlier refinements mended and a later one did not.

A task with several bugs is mended by single edits that turn up at different nodes of the tree. A
node that gained checks is joined with the refinements before it, of the programs that it was made
from, that pass checks it still fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from coderepair.edit.merge import merge
from coderepair.model import Node, Program
from coderepair.search.tree import Tree

MOST = 4
"""Programs that one node is joined to, at most."""


def joined(tree: Tree, node: Node) -> Iterator[Program]:
    """The node's program with the edits of others, those first that promise most passing checks.

    Only nodes with smaller ids count: they were in the tree before this one, whenever it is asked.
    """
    programs = (_join(above, node, other) for above, other in _complements(tree, node))
    yield from islice(filter(None, programs), MOST)


def _complements(tree: Tree, node: Node) -> list[tuple[Node, Node]]:
    """Earlier refinements that pass checks which the node fails, and the ancestor they share with it."""
    if node.parent is None:
        return []
    passing = _passing(node)
    found = [
        (above, other)
        for above in tree.path(node.parent)
        for other in tree.children(above.id)
        if other.id < node.id
        and _gains(above, other)
        and _gains(above, node)
        and not _passing(other) <= passing
        and not passing <= _passing(other)
    ]
    return sorted(found, key=lambda pair: (-len(passing | _passing(pair[1])), pair[1].id))


def _gains(above: Node, below: Node) -> bool:
    return len(_passing(below)) > len(_passing(above))


def _passing(node: Node) -> frozenset[str]:
    return frozenset() if node.report is None else node.report.passing


def _join(above: Node, node: Node, other: Node) -> Program | None:
    if above.program is None or node.program is None or other.program is None:
        return None
    return merge(above.program, node.program, other.program)
