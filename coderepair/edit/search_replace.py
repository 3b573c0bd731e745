"""Replies in search/replace blocks, for models that keep the format and functions that are long.

<<<<<<< SEARCH
lines as they are
=======
lines as they shall be
>>>>>>> REPLACE
"""

from __future__ import annotations

import re
import textwrap

from coderepair.edit.regions import indentation, program_of, region_text, replace_region
from coderepair.edit.whole_function import check_compiles
from coderepair.errors import EditError
from coderepair.model import Program

INSTRUCTIONS = (
    "Answer with one or more search/replace blocks. Copy the lines to search exactly:\n"
    "<<<<<<< SEARCH\nold lines\n=======\nnew lines\n>>>>>>> REPLACE"
)
_BLOCK = re.compile(
    r"^<{5,9} ?SEARCH[^\n]*\n(.*?)^={5,9}[ \t]*\n(.*?)^>{5,9} ?REPLACE[^\n]*$",
    re.MULTILINE | re.DOTALL,
)


def holds_blocks(reply: str) -> bool:
    """Whether a reply has at least one complete block."""
    return _BLOCK.search(reply.replace("\r\n", "\n")) is not None


def parse(reply: str, base: Program, name: str, region: int, targets: tuple[str, ...]) -> Program:
    """The program of `base` after all blocks of a reply, applied in order to region `region`.

    Lines to search must occur once; their indentation may be off as a whole. Raises `EditError`.
    """
    blocks = _BLOCK.finditer(reply.replace("\r\n", "\n"))
    found = [(match[1], match[2]) for match in blocks]
    if not found:
        raise EditError("the reply holds no search/replace block")
    before = region_text(base, region)
    lines = before.split("\n")
    for search, replacement in found:
        lines = _replaced(lines, _lines(search), _lines(replacement))
    text = "\n".join(lines)
    if text == before:
        raise EditError("the blocks of the reply change nothing")
    program = replace_region(base, region, text)
    check_compiles(program.source, name)
    return program if base.regions else program_of(program.source, targets)


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n") if text.strip() else []


def _replaced(lines: list[str], search: list[str], replacement: list[str]) -> list[str]:
    if not search:
        raise EditError("a block searches for nothing")
    for key in (str.rstrip, _squeezed):
        wanted = [key(line) for line in search]
        places = [
            start
            for start in range(len(lines) - len(search) + 1)
            if [key(line) for line in lines[start : start + len(search)]] == wanted
        ]
        if len(places) > 1:
            raise EditError(f"the lines to search occur {len(places)} times: {search[0].strip()}")
        if places:
            start = places[0]
            shifted = _shifted(replacement, search[0], lines[start])
            return [*lines[:start], *shifted, *lines[start + len(search) :]]
    raise EditError(f"the lines to search are not in the function: {search[0].strip()[:80]}")


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _shifted(replacement: list[str], written: str, present: str) -> list[str]:
    """The new lines, moved by as much as the lines to search were written too far left or right."""
    old, new = indentation(written), indentation(present)
    if old == new:
        return replacement
    text = textwrap.dedent("\n".join(replacement))
    first = indentation(replacement[0]) if replacement else ""
    extra = first[len(old) :] if first.startswith(old) else ""
    return textwrap.indent(text, new + extra).split("\n")
