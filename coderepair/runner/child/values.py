"""Plain data across a pipe between the judge and a candidate: JSON that decodes to exact builtins only.

Scalars stand for themselves; everything else is an array whose first element is its tag. Mutable
containers are numbered in the order in which they are met, so that aliases and cycles survive
(`["@", n]`) and what a call has changed in its arguments can be named afterwards. Nothing that is
decoded runs code of the other side: no pickles, no classes but those of `_MAKE` and `_READ`.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import json
import re
from typing import Any, Callable, Dict, List, Optional, Sequence

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message, either way."""
DEPTH = 100
"""Levels of nesting."""
ITEMS = 250_000
"""Elements of all containers of one message: more would take longer to write than most calls do."""
SMALL = 10**15
"""Integers below are JSON numbers; others go in hexadecimal, which both sides read in linear time."""

ATOMS = frozenset((str, float, bool, int, type(None)))
"""Types that stand for themselves in a tree, integers if they are small."""

Tree = Any
Other = Callable[[Any], Tree]
TYPES = {
    each.__name__: each
    for each in (int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset,
                 range, object, type(None))
}  # fmt: skip
_NAMES = {each: name for name, each in TYPES.items()}


class Uncrossable(Exception):
    """A value that is not data."""


def _no_other(value: Any) -> Tree:
    raise Uncrossable(type(value).__name__)


class Encoder:
    """Values to trees. `known` are containers that both sides have numbered already."""

    def __init__(self, known: Sequence[Any] = (), other: Other = _no_other) -> None:
        self.met: List[Any] = list(known)
        self._numbers = {id(value): number for number, value in enumerate(self.met)}
        self._other = other
        self._depth = 0
        self._left = ITEMS

    def encode(self, value: Any) -> Tree:
        """Raises `Uncrossable`."""
        kind = type(value)
        if kind is int:
            return value if -SMALL < value < SMALL else ["i", "%x" % value]
        if kind is str or kind is float or kind is bool or value is None:
            return value
        write = _MUTABLE.get(kind)
        if write is None:
            write = _FROZEN.get(kind)
            return self._other(value) if write is None else self._deeper(write, value)
        number = self._numbers.get(id(value))
        if number is not None:
            return ["@", number]
        self._numbers[id(value)] = len(self.met)
        self.met.append(value)
        return self._deeper(write, value)

    def content(self, value: Any) -> Tree:
        """A numbered container itself, not its number."""
        return self._deeper(_MUTABLE[type(value)], value)

    def _deeper(self, write: Callable[[Encoder, Any], Tree], value: Any) -> Tree:
        if self._depth >= DEPTH:
            raise Uncrossable("nested too deeply")
        if type(value) in _SIZED:
            self._left -= len(value)
            if self._left < 0:
                raise Uncrossable("too many elements")
        self._depth += 1
        try:
            return write(self, value)
        finally:
            self._depth -= 1

    def items(self, tag: str, values: Any) -> List[Tree]:
        if _are_atoms(values):
            return [tag, *values]
        encode = self.encode
        return [tag, *[encode(each) for each in values]]

    def pairs(self, tag: str, value: Any) -> List[Tree]:
        tree: List[Tree] = [tag]
        for key, item in value.items():
            tree.append(self.encode(key))
            tree.append(self.encode(item))
        return tree


_MUTABLE: Dict[type, Callable[[Encoder, Any], Tree]] = {
    list: lambda to, value: to.items("l", value),
    dict: lambda to, value: to.pairs("d", value),
    set: lambda to, value: to.items("s", value),
    bytearray: lambda _, value: ["B", value.decode("latin-1")],
    collections.deque: lambda to, value: to.items("q", [value.maxlen, *value]),
    collections.Counter: lambda to, value: to.pairs("C", value),
    collections.OrderedDict: lambda to, value: to.pairs("O", value),
    collections.defaultdict: lambda to, value: ["D", to.encode(value.default_factory), to.pairs("d", value)[1:]],
}  # fmt: skip
_FROZEN: Dict[type, Callable[[Encoder, Any], Tree]] = {
    tuple: lambda to, value: to.items("t", value),
    frozenset: lambda to, value: to.items("f", value),
    bytes: lambda _, value: ["b", value.decode("latin-1")],
    complex: lambda _, value: ["c", value.real, value.imag],
    range: lambda to, value: to.items("r", (value.start, value.stop, value.step)),
    slice: lambda to, value: to.items("S", (value.start, value.stop, value.step)),
    type(Ellipsis): lambda _to, _: ["."],
    type(NotImplemented): lambda _to, _: ["n"],
    fractions.Fraction: lambda to, value: to.items("F", (value.numerator, value.denominator)),
    decimal.Decimal: lambda _, value: ["M", str(value)],
    datetime.date: lambda _, value: ["y", value.isoformat()],
    datetime.timedelta: lambda to, value: to.items("Y", (value.days, value.seconds, value.microseconds)),
    type: lambda _, value: ["T", _name(value)],
}  # fmt: skip


_SIZED = frozenset({*_MUTABLE, tuple, frozenset})


def _are_atoms(values: Any) -> bool:
    """Whether all of them stand for themselves, at the speed of C."""
    kinds = set(map(type, values))
    if not ATOMS.issuperset(kinds):
        return False
    if int not in kinds:
        return True
    numbers = values if len(kinds) == 1 else [each for each in values if type(each) is int]
    return bool(min(numbers) > -SMALL and max(numbers) < SMALL)


def _name(kind: type) -> str:
    if kind not in _NAMES:
        raise Uncrossable("the class " + kind.__name__)
    return _NAMES[kind]


class Decoder:
    """Trees to values. `known` are the containers that numbers below refer to."""

    def __init__(
        self, known: Sequence[Any] = (), other: Optional[Callable[[Tree], Any]] = None
    ) -> None:
        self.met: List[Any] = list(known)
        self._other = other

    def decode(self, tree: Tree) -> Any:
        """Raises one of `MALFORMED` for what no `Encoder` makes."""
        if type(tree) is not list:
            if type(tree) is dict:
                raise ValueError("an object")
            return tree
        tag = tree[0]
        make = _MAKE.get(tag)
        if make is not None:
            value = make(self, tree)
            self.met.append(value)
            _FILL[type(value)](self, value, tree)
            return value
        read = _READ.get(tag)
        if read is not None:
            return read(self, tree)
        if self._other is None:
            raise ValueError("unknown tag")
        return self._other(tree)

    def refill(self, value: Any, tree: Tree) -> None:
        """Gives a container the content in `tree`, which must be of its type."""
        if type(_MAKE[tree[0]](self, tree)) is not type(value):
            raise ValueError("another type")
        value.clear()
        _FILL[type(value)](self, value, tree)

    def all(self, trees: List[Tree]) -> List[Any]:
        if ATOMS.issuperset(map(type, trees)):
            return trees
        decode = self.decode
        return [decode(tree) for tree in trees]

    def three(self, tree: Tree) -> List[Any]:
        _, first, second, third = tree
        return [self.decode(first), self.decode(second), self.decode(third)]

    def pairs(self, value: Any, trees: List[Tree]) -> None:
        if len(trees) % 2:
            raise ValueError("a key without a value")
        for at in range(0, len(trees), 2):
            name = self.decode(trees[at])
            value[name] = self.decode(trees[at + 1])


MALFORMED = (
    ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError, AttributeError,
)  # fmt: skip
"""What reading a hostile message may raise."""

_MAKE: Dict[str, Callable[[Decoder, Tree], Any]] = {
    "l": lambda _by, _: [],
    "d": lambda _by, _: {},
    "s": lambda _by, _: set(),
    "B": lambda _by, _: bytearray(),
    "q": lambda _by, tree: collections.deque(maxlen=tree[1]),
    "C": lambda _by, _: collections.Counter(),
    "O": lambda _by, _: collections.OrderedDict(),
    "D": lambda by, tree: collections.defaultdict(by.decode(tree[1])),
}
_FILL: Dict[type, Callable[[Decoder, Any, Tree], None]] = {
    list: lambda by, value, tree: value.extend(by.all(tree[1:])),
    dict: lambda by, value, tree: by.pairs(value, tree[1:]),
    set: lambda by, value, tree: value.update(by.all(tree[1:])),
    bytearray: lambda _, value, tree: value.extend(tree[1].encode("latin-1")),
    collections.deque: lambda by, value, tree: value.extend(by.all(tree[2:])),
    collections.Counter: lambda by, value, tree: by.pairs(value, tree[1:]),
    collections.OrderedDict: lambda by, value, tree: by.pairs(value, tree[1:]),
    collections.defaultdict: lambda by, value, tree: by.pairs(value, tree[2]),
}
_READ: Dict[str, Callable[[Decoder, Tree], Any]] = {
    "@": lambda by, tree: by.met[_index(tree[1])],
    "i": lambda _, tree: int(tree[1], 16),
    "t": lambda by, tree: tuple(by.all(tree[1:])),
    "f": lambda by, tree: frozenset(by.all(tree[1:])),
    "b": lambda _, tree: tree[1].encode("latin-1"),
    "c": lambda _, tree: complex(tree[1], tree[2]),
    "r": lambda by, tree: range(*by.three(tree)),
    "S": lambda by, tree: slice(*by.three(tree)),
    ".": lambda _by, _: Ellipsis,
    "n": lambda _by, _: NotImplemented,
    "F": lambda by, tree: fractions.Fraction(by.decode(tree[1]), by.decode(tree[2])),
    "M": lambda _, tree: decimal.Decimal(tree[1]),
    "y": lambda _, tree: datetime.date(*map(int, tree[1].split("-"))),
    "Y": lambda by, tree: datetime.timedelta(*by.three(tree)),
    "T": lambda _, tree: TYPES[tree[1]],
}


def _index(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError("no number of a container")
    return number


def dumps(tree: Tree) -> bytes:
    """A tree as one line of text. Raises `Uncrossable` if it is too long."""
    data = _ENCODER.encode(tree).encode("utf-8", "surrogatepass")
    if len(data) > MAX_MESSAGE:
        raise Uncrossable("more than %d MB" % (MAX_MESSAGE >> 20))
    return data


def loads(data: bytes) -> Tree:
    """Raises one of `MALFORMED`."""
    text = data.decode("utf-8", "surrogatepass")
    return json.loads(text, parse_int=_small if _LONG.search(text) else None)


def _small(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a long number")
    return int(text)


_LONG = re.compile("[0-9]{21}")
"""What may be an integer that takes long to read; before Python 3.11 nothing else would stop it."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
