"""Orders the edits of a function: a linear model over hashed features, then spread over the sites.

The score is a sum of learned weights (a log-linear model of which edit of the pool solves the task,
trained by `coderepair_training.ranker`); pure Python, no array library. A list of the best by score
alone would spend its first ranks on one site, so each further edit of a site pays a small toll.
"""

from __future__ import annotations

import array
import heapq
import zlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from operator import attrgetter
from typing import NamedTuple

from coderepair.errors import EngineError
from coderepair.propose.evidence import UNSEEN, Evidence
from coderepair.propose.features import FeatureMaker
from coderepair.propose.operators import Edit, FunctionContext, Scope
from coderepair.propose.plain_features import BUCKETS, PlainFeatures, place

_WEIGHTS = "ranker.bin"
SCALE = 1024.0
"""Weights are stored as 16-bit integers, in units of 1 / SCALE."""
SITE_TOLL = 0.25
"""Loss of score, in nats, for each edit of the same statement that ranks before."""
NODE_TOLL = 0.1
"""The same for edits of exactly the same node."""
ALIKE_TOLL, MOST_TOLLS = 0.5, 8
"""The same for edits that put the same values there, as far as a run has shown, and how often it is paid."""
IDLE_TOLL = 4.0
"""Loss of score, in nats, for an edit that mends no failing check by itself, as far as a run has shown."""


class Ranked(NamedTuple):
    """An edit and its score in nats; only differences of scores mean something.

    Once the edits are spread, the tolls that an edit paid are taken off its score."""

    edit: Edit
    score: float


class Ranker:
    """A linear model over hashed features."""

    def __init__(self, weights: Sequence[float]) -> None:
        if len(weights) != BUCKETS:
            raise ValueError(f"{len(weights)} weights, not {BUCKETS}")
        self._weights = weights
        self._plain = PlainFeatures(self._weigh)

    def rank(self, context: FunctionContext, scope: Scope, edits: Sequence[Edit]) -> list[Ranked]:
        """All edits, best first; ties stay in the order given."""
        return list(self.ordered(context, scope, edits))

    def ordered(
        self,
        context: FunctionContext,
        scope: Scope,
        edits: Iterable[Edit],
        evidence: Mapping[Edit, Evidence] | None = None,
    ) -> Iterator[Ranked]:
        """The same, sorted only as far as they are drawn; `evidence` is what a run told of them."""
        maker = FeatureMaker(context, scope, self._plain, evidence)
        scored = [Ranked(edit, maker.of(edit)) for edit in edits]
        return spread(context, told_apart(scored, evidence) if evidence else scored)

    def _weigh(self, texts: Iterable[str]) -> float:
        """Sum of the weights of features."""
        weights = self._weights
        return sum([weights[place(text)] for text in texts])


def told_apart(scored: Iterable[Ranked], evidence: Mapping[Edit, Evidence]) -> list[Ranked]:
    """Best first, where every better edit that put the same values in the same place costs a toll."""
    taken = Counter[Hashable]()
    found = []
    for edit, score in sorted(scored, key=attrgetter("score"), reverse=True):
        known = evidence.get(edit, UNSEEN)
        toll = ALIKE_TOLL * min(taken[known.alike], MOST_TOLLS) + IDLE_TOLL * known.idle
        found.append(Ranked(edit, score - toll))
        if known.alike is not None:
            taken[known.alike] += 1
    return found


def spread(context: FunctionContext, scored: Sequence[Ranked]) -> Iterator[Ranked]:
    """Best first, where every earlier edit of the same statement or node costs a toll.

    A toll is the same for all edits of a node and of a statement, so a queue of statements, each with
    a queue of its nodes, has only the two to move that the last edit came from. Scores never rise.
    """
    edits: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    place_of: dict[int, int] = {}
    for index, item in enumerate(scored):
        anchor = item.edit.anchor
        edits[id(anchor)].append((-item.score, index))
        place_of[id(anchor)] = id(
            anchor if anchor is context.function else context.statement_of(anchor)
        )
    nodes: defaultdict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for node, queue in edits.items():
        queue.sort(reverse=True)
        heapq.heappush(nodes[place_of[node]], (*queue[-1], node))
    places = [(*queue[0][:2], place) for place, queue in nodes.items()]
    heapq.heapify(places)
    taken, taken_here = Counter[int](), Counter[int]()
    while places:
        paid, index, place = heapq.heappop(places)
        node = heapq.heappop(nodes[place])[2]
        edits[node].pop()
        yield Ranked(scored[index].edit, -paid)
        taken[node] += 1
        taken_here[place] += 1
        if edits[node]:
            loss, following = edits[node][-1]
            heapq.heappush(nodes[place], (loss + NODE_TOLL * taken[node], following, node))
        if nodes[place]:
            loss, following, _ = nodes[place][0]
            heapq.heappush(places, (loss + SITE_TOLL * taken_here[place], following, place))


@cache
def default_ranker() -> Ranker:
    """The ranker that ships with the package. Raises `EngineError` if its file is damaged."""
    try:
        packed = resources.files("coderepair").joinpath("data", _WEIGHTS).read_bytes()
        return Ranker(unpack(packed))
    except (OSError, ValueError, zlib.error) as error:
        raise EngineError(
            f"the ranker's weights cannot be read ({error}); install coderepair again"
        ) from error


def pack(weights: Sequence[float]) -> bytes:
    """Weights as compressed 16-bit integers, little-endian."""
    whole = array.array("h", (max(-32768, min(32767, round(w * SCALE))) for w in weights))
    return zlib.compress(_little_endian(whole).tobytes(), 9)


def unpack(packed: bytes) -> list[float]:
    """Inverse of `pack`, up to rounding."""
    whole = array.array("h")
    whole.frombytes(zlib.decompress(packed))
    return [number / SCALE for number in _little_endian(whole)]


def _little_endian(numbers: array.array[int]) -> array.array[int]:
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
