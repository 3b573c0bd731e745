"""Which edits can be judged on the side, and as what."""

from __future__ import annotations

import ast

import pytest
from operator_cases import context_of

from coderepair.model import Site
from coderepair.propose.operators import Edit, Scope, enumerate_edits
from coderepair.propose.sites import Sites, Spot, leaves_no_trace

COUNTS = """
def count_words(text, least):
    counts = {}
    for word in text.split():
        if len(word) > least:
            counts[word] = counts.get(word, 0) + 1
        total += 1
    counts.pop("", None)
    return sorted(counts, key=lambda word: counts[word])
"""


def _placed(text: str, old: str, new: str) -> tuple[Site, tuple[str, str]] | None:
    """Site and alternative of the edit that turns `old` into `new` at its only place."""
    context = context_of(text)
    start = context.text.index(old)
    sites = Sites(context)
    anchor = context.function
    spot = sites.place(Edit("test", anchor, ((start, start + len(old), new),), old, new))
    if spot is None:
        return None
    site = sites.sites()[spot[0]]
    return site, site.alternatives[spot[1]]


def _said(text: str, old: str, new: str) -> tuple[str, str, str, str, str] | None:
    found = _placed(text, old, new)
    if found is None:
        return None
    site, (expression, value) = found
    return site.where, site.role, site.base, expression, value


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("> least", ">= least", ("at", "test", "len(word) > least", "len(word) >= least", "")),
        (
            "0) + 1",
            "1) + 1",
            ("at", "value", "counts.get(word, 0) + 1", "counts.get(word, 1) + 1", ""),
        ),
        ("total += 1", "total -= 1", ("before", "value", "total + (1)", "total - (1)", "")),
        ("total += 1", "total = 1", ("before", "value", "total + (1)", "1", "")),
        ("        total += 1\n", "", ("before", "value", "total + (1)", "total", "")),
        (
            "counts[word])",
            "-counts[word])",
            (
                "at",
                "return",
                "sorted(counts, key=lambda word: counts[word])",
                "sorted(counts, key=lambda word: -counts[word])",
                "",
            ),
        ),
        (
            ".split()",
            ".lower().split()",
            ("at", "value", "text.split()", "text.lower().split()", ""),
        ),
    ],
)
def test_edits_of_expressions(old: str, new: str, said: tuple[str, ...]) -> None:
    assert _said(COUNTS, old, new) == said


@pytest.mark.parametrize(
    ("before", "lines", "said"),
    [
        ("    counts = {}", "    if not text:\n        return []\n",
         ("before", "test", "False", "not text", "[]")),
        ("        if len", "        if not word:\n            continue\n",
         ("before", "test", "False", "not word", "")),
        ("        if len", "        word = word.strip()\n",
         ("before", "value", "word", "word.strip()", "")),
        ("        if len", "        total *= 2\n",
         ("before", "value", "total", "total * (2)", "")),
    ],
)  # fmt: skip
def test_insertions(before: str, lines: str, said: tuple[str, ...]) -> None:
    assert _said(COUNTS, before, lines + before) is None, "no insertion as the operators write it"
    context = context_of(COUNTS)
    at = context.text.index(before)
    sites = Sites(context)
    spot = sites.place(Edit("test", context.function, ((at, at, lines),), "", lines))
    assert spot is not None
    site = sites.sites()[spot[0]]
    assert (site.where, site.role, site.base, *site.alternatives[spot[1]]) == said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('pop("", None)', 'pop(" ", None)  # the call itself is not pure, its argument is'),
        ("counts = {}", "counts = {}\n    total = 0"),
        ("text.split()", "text.pop()"),
        ("text.split()", "read(text)"),
        ("for word in", "for other in"),
    ],
)
def test_what_cannot_be_judged_on_the_side(old: str, new: str) -> None:
    assert _placed(COUNTS, old, new) is None


def test_places_are_those_of_the_whole_file() -> None:
    function = "    def area(self):\n        return self.w + self.h\n"
    source = "class Box:\n    w, h = 'é', 2\n\n" + function
    from coderepair.propose.operators import FunctionContext, Surroundings

    context = FunctionContext(function, Surroundings(first_line=4))
    sites = Sites(context)
    at = function.index("+")
    assert sites.place(Edit("test", context.function, ((at, at + 1, "*"),), "+", "*")) == Spot(0, 0)
    (site,) = sites.sites()
    (node,) = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.BinOp)]
    assert site.place == (
        node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, "BinOp",
    )  # fmt: skip


def test_every_alternative_is_an_expression_or_none() -> None:
    context = context_of(COUNTS)
    sites = Sites(context)
    placed = [sites.place(edit) for edit in enumerate_edits(context, Scope(context))]
    assert sum(spot is not None for spot in placed) > 100
    for site in sites.sites():
        ast.parse(f"({site.base})", mode="eval")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("len(xs) + max(a, b)", True),
        ("math.sqrt(x)", True),
        ("' '.join(parts).title()", True),
        ("a if (b) else (c)", True),
        ("xs.pop()", False),
        ("xs.append(1)", False),
        ("next(it)", False),
        ("print(x)", False),
        ("(y := 3)", False),
        ("table[k](x)", False),
        ("(yield x)", False),
    ],
)
def test_what_leaves_a_trace(text: str, clean: bool) -> None:
    assert leaves_no_trace(text) is clean
