"""Any reply of a chat model: what it holds decides how it is read, not what was asked for."""

from __future__ import annotations

from coderepair.edit import search_replace, whole_function
from coderepair.model import Program

LONG_FUNCTION_TOKENS = 800
"""Functions above this are asked for as search/replace blocks: all of it would take too long to write
and models begin to leave parts out."""


def instructions(function_tokens: int) -> str:
    """How to answer about a function of that size."""
    long = function_tokens > LONG_FUNCTION_TOKENS
    return search_replace.INSTRUCTIONS if long else whole_function.INSTRUCTIONS


def parse(reply: str, base: Program, name: str, region: int, targets: tuple[str, ...]) -> Program:
    """The program that the reply makes of `base`. Raises `EditError`."""
    if search_replace.holds_blocks(reply):
        return search_replace.parse(reply, base, name, region, targets)
    return whole_function.parse(reply, base, name, region, targets)


def is_complete(reply: str) -> bool:
    """Whether a reply that was cut off ends behind its edit: every fenced block is closed."""
    fences = reply.count("```")
    return fences % 2 == 0 if fences else search_replace.holds_blocks(reply)
