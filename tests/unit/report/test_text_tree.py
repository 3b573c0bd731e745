"""The tree as text: the best first, bounded, with the way to each node shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coderepair.report.tree import MAX_LABEL, TreeNode, label, render


def _tree(*parents: int | None, scores: list[float] | None = None) -> list[TreeNode]:
    values = scores or [0.1 * n for n in range(len(parents))]
    return [TreeNode(n, parent, values[n], n, 9, f"edit {n}") for n, parent in enumerate(parents)]


def test_children_stand_under_their_parent_best_first() -> None:
    lines = render(_tree(None, 0, 0, 1))
    assert [line.split()[0] for line in lines] == ["0", "2", "1", "3"]
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 2, 2, 4]


def test_a_limit_keeps_the_best_with_the_way_to_them() -> None:
    lines = render(_tree(None, 0, 0, 1, scores=[0.1, 0.2, 0.3, 0.9]), limit=3)
    assert [line.split()[0] for line in lines] == ["0", "1", "3", "..."]
    assert lines[-1] == "... and 1 more"


def test_a_label_has_score_and_a_bounded_description() -> None:
    assert label(TreeNode(7, 0, 0.78125, 5, 7, "line 7:\n'<'")) == "7  5/7 0.781  line 7: '<'"
    assert label(TreeNode(1, None, None, description="rewrite")) == "1  rewrite  rewrite"
    assert len(label(TreeNode(7, 0, 0.5, 5, 7, "x" * 500))) < MAX_LABEL + 20


def test_a_very_deep_tree_is_drawn() -> None:
    deep = _tree(None, *range(3000))
    assert len(render(deep)) == 3001
    assert max(map(len, render(deep))) < 100


@given(st.data(), st.integers(1, 30), st.integers(1, 12))
def test_nodes_shown_have_their_parents_shown(data: st.DataObject, size: int, limit: int) -> None:
    parents = [None, *(data.draw(st.integers(0, n)) for n in range(size))]
    scores = [data.draw(st.floats(0, 1)) for _ in parents]
    nodes = _tree(*parents, scores=scores)
    shown = {int(line.split()[0]) for line in render(nodes, limit) if not line.startswith("...")}
    assert shown
    assert all(parents[n] in shown for n in shown if parents[n] is not None)
    best = max(nodes, key=lambda node: (node.score or 0, -node.id))
    assert best.id in shown
