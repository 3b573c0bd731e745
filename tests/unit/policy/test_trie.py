"""Prefix trees of continuations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coderepair.policy.trie import batches, waves

CONTINUATIONS = st.lists(
    st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple), max_size=30, unique=True
)


@given(CONTINUATIONS, st.integers(1, 20), st.integers(1, 10))
def test_every_continuation_can_be_read_off_once(
    continuations: list[tuple[int, ...]], nodes: int, leaves: int
) -> None:
    seen = []
    for wave in waves(continuations, nodes, leaves):
        assert 1 <= len(wave.members) <= leaves
        assert len(wave.nodes) <= nodes or len(wave.members) == 1
        for leaf, (member, end) in enumerate(zip(wave.members, wave.ends, strict=True)):
            path, at = [], end
            while at >= 0:
                assert leaf in wave.nodes[at].leaves
                path.append(wave.nodes[at].token)
                at = wave.nodes[at].parent
            assert tuple(reversed(path)) == continuations[member]
            seen.append(member)
    assert sorted(seen) == list(range(len(continuations)))


@given(CONTINUATIONS)
def test_a_shared_beginning_is_one_path(continuations: list[tuple[int, ...]]) -> None:
    found = list(waves(continuations, 10**6, 10**6))
    prefixes = {each[: length + 1] for each in continuations for length in range(len(each))}
    assert sum(len(wave.nodes) for wave in found) == len(prefixes)
    for wave in found:
        for index, node in enumerate(wave.nodes):
            assert node.parent < index
            assert node.depth == (wave.nodes[node.parent].depth + 1 if node.parent >= 0 else 0)
            children = any(other.parent == index for other in wave.nodes)
            assert node.inner == children


def test_batches_cover_a_wave_in_order() -> None:
    (wave,) = waves([tuple(range(10))], 100, 10)
    spans = list(batches(wave.nodes, 4))
    assert [list(span) for span in spans] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
