"""Rendering messages through the template that a model file carries (Jinja, as transformers does it)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

from coderepair.errors import PolicyError
from coderepair.model import Message

_SPECIAL = re.compile(r"<[|｜/]?\w[^<>\s]*[|｜]?>|\[/?INST\]")
"""What special tokens of the known chat models look like (`<|im_end|>`, `</s>`, `<end_of_turn>`)."""


def render(template: str, messages: Sequence[Message], bos: str, eos: str) -> str:
    """The prompt that the template makes of the messages, ready for the model's reply.

    A template that refuses a system message (some do) gets it in front of the first user message.
    Templates come from model files, so they run in Jinja's sandbox. Raises `PolicyError`.
    """
    try:
        compiled = _compile(template)
        try:
            return _apply(compiled, messages, bos, eos)
        except _template_error():
            if not messages or messages[0].role != "system" or len(messages) < 2:
                raise
            return _apply(compiled, _merge_system(messages), bos, eos)
    except Exception as error:
        raise PolicyError(f"the model's chat template does not work: {error}") from error


def segments(
    template: str, messages: Sequence[Message], bos: str, eos: str
) -> list[tuple[str, bool]]:
    """The rendered prompt in pieces; true marks those of the template, false the users' text.

    Code under repair may hold the text of a special token (`<|im_end|>`), which must not end its
    message. Then contents are put in after rendering, to be tokenised as plain text; a prompt
    without such text stays in one piece, as models were trained on it.
    """
    if not any(_SPECIAL.search(message.content) for message in messages):
        return [(render(template, messages, bos, eos), True)]
    marks = [f"\x00{index}\x00" for index in range(len(messages))]
    marked = [Message(m.role, mark) for m, mark in zip(messages, marks, strict=True)]
    pieces: list[tuple[str, bool]] = []
    for place, text in enumerate(re.split("\x00(\\d+)\x00", render(template, marked, bos, eos))):
        if place % 2:
            pieces.append((messages[int(text)].content, False))
        elif text:
            pieces.append((text, True))
    return pieces


def _compile(template: str) -> Any:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = refuse
    # A fixed day: a prompt must not change overnight.
    environment.globals["strftime_now"] = datetime.datetime(2025, 1, 1).strftime
    return environment.from_string(template)


def _apply(template: Any, messages: Sequence[Message], bos: str, eos: str) -> str:
    turns = [{"role": message.role, "content": message.content} for message in messages]
    text: str = template.render(
        messages=turns,
        add_generation_prompt=True,
        bos_token=bos,
        eos_token=eos,
        tools=None,
        # Models that can think aloud spend hundreds of tokens on it, seconds each on a laptop.
        enable_thinking=False,
    )
    return text


def _merge_system(messages: Sequence[Message]) -> list[Message]:
    system, first, *rest = messages
    return [Message(first.role, f"{system.content}\n\n{first.content}"), *rest]


def _template_error() -> type[Exception]:
    from jinja2 import TemplateError

    return TemplateError
