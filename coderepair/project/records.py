"""What the index keeps of a module. Plain tuples all the way down, so that they load in milliseconds."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What a definition is."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    VARIABLE = "variable"


class Parameters(NamedTuple):
    """What a call has to give; of a method without the instance or class it is called on."""

    positional: tuple[str, ...] = ()
    """Those that can be given by position, in order."""
    only_positional: int = 0
    """How many of them, from the first on, cannot be given by name."""
    required: int = 0
    """How many of them, from the first on, have no default."""
    keyword: tuple[str, ...] = ()
    """Those that can be given by name only."""
    required_keyword: tuple[str, ...] = ()
    more: bool = False
    """Whether any number of positional arguments is taken (`*args`)."""
    more_keyword: bool = False
    """Whether any name is taken (`**kwargs`)."""


class Definition(NamedTuple):
    """A function, class, method or variable of a module."""

    name: str
    """Qualified within the module: `Stack.push`."""
    kind: str
    """A `Kind`."""
    line: int
    signature: str
    """As it stands in the source, on one line: `def push(self, x: int) -> None`."""
    summary: str = ""
    """First line of the docstring."""
    parameters: Parameters | None = None
    """None where they are unknown: what a decorator makes of it may take anything."""
    gives: bool = True
    """Whether a call may have a value other than None, as far as can be seen."""
    bases: tuple[str, ...] = ()
    """Of a class, as dotted names."""
    members: tuple[str, ...] = ()
    """Of a class: what its body and its methods set, without what it inherits."""
    open: bool = False
    """Whether a class may have members that cannot be seen."""
    words: tuple[str, ...] = ()
    """What it can be found by: parts of its name and words of its docstring."""

    @property
    def last(self) -> str:
        """The name without the class it stands in."""
        return self.name.rpartition(".")[2]


class Module(NamedTuple):
    """One file."""

    name: str
    """Dotted, as it would be imported."""
    path: str
    """Relative to the project's root, with `/`; absolute for a module outside."""
    definitions: tuple[Definition, ...] = ()
    imports: tuple[tuple[str, str, str], ...] = ()
    """(name here, module, name there or empty for the module itself)."""
    names: frozenset[str] = frozenset()
    """Everything that its top level binds."""
    stars: tuple[str, ...] = ()
    """Modules whose names it takes over."""
    open: bool = False
    """Whether it may have names that cannot be seen (`__getattr__`, `globals()`, `exec`)."""
    twice: frozenset[str] = frozenset()
    """Names bound more than once, so that it cannot be said what they are."""

    def find(self, name: str) -> Definition | None:
        """The definition of that qualified name."""
        return next((each for each in self.definitions if each.name == name), None)


def packed(module: Module) -> list[object]:
    """As JSON takes it."""
    row: list[object] = list(module)
    row[4], row[7] = sorted(module.names), sorted(module.twice)
    return row


def unpacked(row: list[Any]) -> Module:
    """Inverse of `packed`. Raises TypeError, ValueError or IndexError for anything else."""
    name, path, definitions, imports, names, stars, is_open, twice = row
    return Module(
        str(name),
        str(path),
        tuple(map(_definition, definitions)),
        tuple(map(tuple, imports)),
        frozenset(names),
        tuple(stars),
        bool(is_open),
        frozenset(twice),
    )


def _definition(row: list[Any]) -> Definition:
    found = Definition(*row)
    return found._replace(
        parameters=None if found.parameters is None else _parameters(*found.parameters),
        bases=tuple(found.bases),
        members=tuple(found.members),
        words=tuple(found.words),
    )


def _parameters(*row: Any) -> Parameters:
    positional, only_positional, required, keyword, required_keyword, more, more_keyword = row
    return Parameters(
        tuple(positional),
        only_positional,
        required,
        tuple(keyword),
        tuple(required_keyword),
        more,
        more_keyword,
    )
