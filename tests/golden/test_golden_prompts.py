"""Prompts of the chat dialect are as they were recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from prompt_cases import CASES, count, rendered
from record_prompts import FOLDER

from coderepair.errors import ContextOverflow
from coderepair.prompt import chat

EXPECTED = rendered()


@pytest.mark.parametrize("name", EXPECTED)
def test_prompts_are_as_recorded(name: str) -> None:
    assert EXPECTED[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_nothing_else_is_recorded() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("limit", [0, 1, *range(100, 200, 7)])
def test_a_prompt_fits_or_says_that_it_cannot(limit: int) -> None:
    feedback = CASES["everything"]
    shortest = chat.render(CASES["wrong_value"], count, None).tokens
    if limit < shortest:
        with pytest.raises(ContextOverflow, match=rf"has \d+ tokens.* leaves {limit} for it"):
            chat.render(feedback, count, limit)
        return
    prompt = chat.render(feedback, count, limit)
    assert prompt.tokens == count(prompt.messages) <= limit
    assert "median([1, 2, 3, 4])" in prompt.messages[1].content
    assert "```python" in prompt.messages[1].content


def test_the_least_important_goes_first() -> None:
    whole = chat.render(CASES["everything"], count, None)
    slightly = chat.render(CASES["everything"], count, whole.tokens - 1)
    assert whole.trimmed == ()
    assert slightly.trimmed == ("1 tried",)
