"""What became of the comparison of a repair with its rivals: other programs that pass all checks."""

from __future__ import annotations

from dataclasses import dataclass

NodeId = int


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that tells the repair from a rival."""

    call: str
    """As source: `f([])`."""
    chosen: str
    """What it comes to with the repair: a value, or the name of an exception."""
    rival: str
    """What it comes to with the rival."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Programs that pass all checks and behave alike, but not like the repair; the likeliest stands for all."""

    node: NodeId
    description: str
    """Its last edit, in a few words."""
    alike: int
    """How many they are, at least 1."""
    share: float
    """Estimated chance that these are right, in [0, 1]; those of all groups add up to 1."""
    differences: tuple[Difference, ...] = ()
    """Some of the calls, the shortest first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A repair and its rivals."""

    chosen: NodeId
    first: NodeId
    """The program that passed all checks first."""
    plausible: int
    """Programs that pass all checks, the repair included."""
    alike: int
    """Those that behave like the repair on every call, the repair included."""
    share: float
    """Estimated chance that these are right, in [0, 1]."""
    calls: int
    """Calls that the programs were compared on: those of the tests and generated ones."""
    rivals: tuple[Rival, ...] = ()
    """One for each other group of equal behaviour, the likeliest first."""
    special: tuple[str, ...] = ()
    """Conditions of the repair that compare with a value that only the input of a test has."""
