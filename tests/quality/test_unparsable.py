"""How well files are read that Python cannot: functions with one thing broken, the right text wanted."""

from __future__ import annotations

import ast
import json
import random
import re
from importlib.resources import files
from itertools import islice

import pytest

from coderepair.edit.syntax import compile_error, parsed

BREAKS = (
    (r":(?=[ ]*\n)", ""),
    (r"[()\[\]{}]", ""),
    (r"[)\]}]", ")"),
    (r"[()\[\]]", r"\g<0>\g<0>"),
    (r"[\"']", ""),
    (r",", ""),
    (r"==", "="),
    (r"\breturn\b", "retrun"),
    (r"\bfor\b", "fro"),
    (r"\bif\b", "fi"),
    (r"\b(while|else|elif|def|class|import)\b", r"\g<0>e"),
    (r"\band\b", "&&"),
    (r"\bnot\b ", "!"),
    (r"\n    (?=\S)", "\n  "),
    (r"\n    (?=\S)", "\n"),
    (r"\n(?=\S)", "\n  "),
)
"""(what is broken at a random place, what stands there instead)."""
SAMPLES = 60


def _functions() -> list[str]:
    lines = files("coderepair.bench").joinpath("data/humanevalfix_sample.jsonl").read_text("utf-8")
    return [json.loads(line)["reference"] for line in lines.splitlines()]


def _broken(rng: random.Random, sources: list[str]) -> tuple[str, str]:
    """(a text that does not compile, the one it was made from)."""
    while True:
        source = rng.choice(sources)
        pattern, text = rng.choice(BREAKS)
        places = list(re.finditer(pattern, source))
        if places:
            place = rng.choice(places)
            broken = source[: place.start()] + place.expand(text) + source[place.end() :]
            if compile_error(broken) is not None:
                return broken, source


@pytest.mark.slow
def test_the_right_text_is_among_the_first() -> None:
    rng, sources = random.Random(0), _functions()
    ranks = []
    for _ in range(SAMPLES):
        broken, source = _broken(rng, sources)
        wanted = ast.dump(ast.parse(source))
        found = [ast.dump(ast.parse(text)) for text in islice(parsed(broken), 10)]
        ranks.append(found.index(wanted) if wanted in found else 10)
    shares = {first: sum(rank < first for rank in ranks) / SAMPLES for first in (1, 3, 10)}
    assert shares[1] >= 0.75, shares
    assert shares[3] >= 0.85, shares
    assert shares[10] >= 0.92, shares
