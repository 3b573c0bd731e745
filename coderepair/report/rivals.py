"""What sets a repair apart from other programs that pass all checks, in words."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase

from coderepair.comparison import Comparison, Rival
from coderepair.report.document import number, one_line


def lines(comparison: Comparison) -> list[str]:
    """How many rivals were found and on which calls they differ from the repair, which is patch A."""
    found = [f"  {_found(comparison)}"]
    for letter, rival in zip(ascii_uppercase[1:], comparison.rivals, strict=False):
        found += [f"    {each}" for each in _differing(letter, rival)]
    if comparison.rivals and comparison.rivals[0].share > comparison.share:
        found.append("    patch B is likelier to be right; --prefer agreement shows it")
    if comparison.chosen != comparison.first:
        found.append(
            f"    patch A was not found first, but is likelier to be right ({comparison.share:.0%}): it changes"
            " less, or more programs do the same; --prefer first shows the first"
        )
    return found + [f"  {each}" for each in warnings(comparison)]


def warnings(comparison: Comparison) -> list[str]:
    """What speaks against the repair."""
    return [
        f"special case: {one_line(each)} compares with a value that only a test has"
        for each in comparison.special
    ]


def _found(comparison: Comparison) -> str:
    others, alike = comparison.plausible - 1, comparison.alike - 1
    if not others:
        return "no other program was found that passes all checks"
    return (
        f"{number(others, 'other program')} found to pass all checks, {alike} of them alike on "
        f"{number(comparison.calls, 'call')}"
    )


def _differing(letter: str, rival: Rival) -> Iterator[str]:
    """One line: the shortest call says most."""
    for each in rival.differences[:1]:
        yield (
            f"patch A (this one) and patch {letter} ({one_line(rival.description)}) differ on "
            f"{one_line(each.call)}: {each.chosen} against {each.rival}"
        )
