"""Sparse features of an edit: what changes, where it stands, and how that fits the failing checks.

A feature is a short text, hashed to one of `BUCKETS` places. Texts of the user's own (names, odd
constants) are replaced by their role, so that what is learned from one program holds for others.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import zlib
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from coderepair.propose.meanings import MEANINGS
from coderepair.propose.operators import Edit, FunctionContext, Scope
from coderepair.propose.relations import symptoms

BUCKETS = 1 << 16
Group = tuple[int, ...]
"""Places of some features; the same object for all edits that share them."""
_Row = tuple[str, ...]

_TOKEN = re.compile(
    r"""[rbfu]{0,2}(?:"[^"\n]*"|'[^'\n]*')|[A-Za-z_]\w*|\d+(?:\.\d+)?|\*\*=?|//=?|[<>=!]=|[-+*/%&|^]=|<<|>>|\S"""
)
_COMMON = frozenset({"0", "1", "2", "10", "3", "100", "''", '""', "' '", '" "', "0.0", "1.0"})
_BUILTIN = frozenset(dir(builtins)) | frozenset(keyword.kwlist)


class FeatureMaker:
    """Features of the edits of one function; what they share is computed once."""

    def __init__(self, context: FunctionContext, scope: Scope) -> None:
        self._context, self._scope = context, scope
        around = context.around
        self._symptoms = symptoms(around.failures)
        self._raised = self._traceback_lines()
        self._prose = f"{context.docstring} {around.statement} {context.function.name}".lower()
        self._words = frozenset(re.findall(r"[a-z]+", self._prose))
        self._expected = " ".join(scope.expected)
        self._groups: dict[tuple[str, tuple[Any, ...]], Group] = {}
        self._sites: dict[ast.AST, tuple[str, ...]] = {}
        self._sides: dict[tuple[int, int], tuple[_Row, _Row]] = {}
        self._tokens: dict[str, tuple[str, ...]] = {}
        self._meaning = self._read_meaning()
        self._roles = {
            **dict.fromkeys(scope.locals, "LOC"),
            **dict.fromkeys(scope.parameters, "PAR"),
        }
        self._unused = frozenset(scope.unused)
        self._unbound = frozenset(scope.unbound)
        self._known = self._pairs_of(context.text)
        self._last_line = context.line(context.statements[-1]) if context.statements else 1

    def _traceback_lines(self) -> frozenset[int]:
        """Lines of the function's text at which failing checks raised."""
        files = [check.failure.line for check in self._context.around.failures if check.failure]
        first = self._context.around.first_line
        return frozenset(line - first + 1 for line in files if line >= first)

    def _read_meaning(self) -> dict[str, bool]:
        """For tokens with a meaning in prose: whether the docstring or the name speaks of it."""
        found: dict[str, bool] = {}
        for tokens, pattern in MEANINGS:
            said = re.search(pattern, self._prose) is not None
            for token in tokens.split():
                found[token] = found.get(token, False) or said
        return found

    # ---- one edit -----------------------------------------------------------------------------

    def of(self, edit: Edit) -> list[int]:
        """Places of the features that an edit has."""
        return [place for group in self.groups(edit) for place in group]

    def groups(self, edit: Edit) -> Iterator[Group]:
        """The features in groups that edits share, so that each is made, and weighed, once."""
        kind = edit.kind
        gone, come = _difference(self.tokens(edit.old), self.tokens(edit.new))
        yield self._group((kind, edit.sites), self._kind)
        yield self._group((kind, gone, come), self._change)
        site = self._site(edit.anchor)
        ends = (gone[0] if gone else "", come[0] if come else "")
        yield self._group((kind, site, ends), self._place)
        yield self._group((kind, edit.old, edit.new), self._ingredients)
        yield self._group((kind, *self._surrounded(edit)), self._neighbours)

    def _group(self, key: tuple[Any, ...], make: Callable[..., Iterator[str]]) -> Group:
        known = self._groups.get((make.__name__, key))
        if known is None:
            texts = dict.fromkeys(make(*key))
            known = tuple(zlib.crc32(text.encode()) % BUCKETS for text in texts)
            self._groups[make.__name__, key] = known
        return known

    def _kind(self, kind: str, sites: int) -> Iterator[str]:
        yield kind
        yield f"sites {min(sites, 3)}"

    def _change(self, kind: str, gone: tuple[str, ...], come: tuple[str, ...]) -> Iterator[str]:
        yield f"k> {kind} {' '.join(gone)[:40]} > {' '.join(come)[:60]}"
        yield f"> {' '.join(gone)[:40]} > {' '.join(come)[:60]}"
        for token in gone:
            yield f"- {token}"
            yield f"k- {kind} {token}"
        for token in come:
            yield f"+ {token}"
            yield f"k+ {kind} {token}"
        for first, second in pairwise(come):
            yield f"++ {first} {second}"
        for sign, tokens in (("-", gone), ("+", come)):
            for token in tokens:
                said = self._meaning.get(token)
                if said is not None:
                    yield f"said {sign} {said}"
                    yield f"said {sign} {token} {said}"
        yield from self._evidence(kind, gone, come)
        yield f"size {_bin(len(gone))} {_bin(len(come))}"
        yield f"size {kind} {_bin(len(come) - len(gone))}"

    def _place(self, kind: str, site: tuple[str, ...], ends: tuple[str, str]) -> Iterator[str]:
        *texts, near = site
        for text in texts:
            yield f"@ {text}"
            yield f"k@ {kind} {text}"
        yield f"c@ {site[0]} {ends[0]} {ends[1]}"
        if near:
            yield f"raised {near}"
            yield f"raised {near} {kind}"
            yield f"raised {near} {self._symptoms[0] if self._symptoms else ''}"
        elif self._symptoms:
            yield f"not raised {kind}"

    def _near(self, anchor: ast.AST) -> str:
        """How near a node is to where failing checks raised; empty if none did."""
        if not self._raised:
            return ""
        line = self._context.line(anchor)
        if line in self._raised:
            return "at"
        return "near" if {line - 1, line + 1} & self._raised else "off"

    def _site(self, anchor: ast.AST) -> tuple[str, ...]:
        """Where a node stands: first its parent's kind and field, last how near a check raised."""
        known = self._sites.get(anchor)
        if known is None:
            known = self._sites[anchor] = (
                *self._describe(anchor),
                self._near(anchor),
            )
        return known

    def _describe(self, anchor: ast.AST) -> Iterator[str]:
        context = self._context
        above = context.parent(anchor)
        yield f"in {type(above).__name__}.{_field(above, anchor)}"
        yield f"is {type(anchor).__name__}"
        statement = context.statement_of(anchor) if anchor is not context.function else None
        if statement is not None:
            yield f"statement {type(statement).__name__}"
            loops = sum(isinstance(a, ast.For | ast.While) for a in context.ancestors(statement))
            yield f"loops {min(loops, 2)}"
            branch = isinstance(context.parent(statement), ast.If)
            yield f"branch {branch}"
            place = context.block_of.get(statement)
            if place is not None:
                block, index = place
                yield f"first {index == 0} last {index == len(block.body) - 1} of {block.owner is context.function}"
        position = context.line(anchor) / max(1, self._last_line)
        yield f"position {int(position * 4)}"
        depth = sum(1 for _ in context.ancestors(anchor))
        yield f"depth {min(depth, 9)}"

    def _evidence(self, kind: str, gone: tuple[str, ...], come: tuple[str, ...]) -> Iterator[str]:
        around = self._context.around
        share = f"{_share(around.failed, around.checks)} fail"
        yield f"{share} {kind}"
        for name in self._symptoms:
            yield f"s {name} {kind}"
            for token in come[:4]:
                yield f"s+ {name} {token}"
            for token in gone[:4]:
                yield f"s- {name} {token}"
            if len(gone) + len(come) <= 4:
                yield f"s> {name} {' '.join(gone)} > {' '.join(come)}"

    def _ingredients(self, kind: str, old_text: str, new_text: str) -> Iterator[str]:
        """Roles of the user's own names and constants that come or go."""
        old, new = _words(old_text), _words(new_text)
        come, gone = sorted(new - old), sorted(old - new)
        for word in come:
            yield from self._comes(kind, word)
        for word in gone:
            yield from self._goes(kind, word, come)
        for sign, source in (("+", come), ("-", gone)):
            for word in source:
                if word[:1].isdigit() and word not in ("0", "1"):
                    yield f"number {sign} {word in self._prose} {word in self._expected}"
        for sign, text in (("+", new_text), ("-", old_text)):
            literal = text.strip("'\"")
            if text[:1] in "'\"" and literal:
                yield f"string {sign} {literal.lower() in self._prose} {literal in self._expected}"

    def _comes(self, kind: str, word: str) -> Iterator[str]:
        if word in self._roles:
            yield f"role {word in self._unused} {kind}"
            yield f"type {self._scope.types.get(word, '')} {kind}"
            if word in self._unused:
                yield "uses the unused"
            yield f"uses {min(self._uses(word), 5)}"
        elif word.isidentifier() and word not in _BUILTIN:
            yield f"new word {word in self._context.text} {word.lower() in self._words} {kind}"

    def _goes(self, kind: str, word: str, come: list[str]) -> Iterator[str]:
        if word in self._unbound:
            yield "takes the unbound away"
        if word in self._roles:
            yield f"last use {self._uses(word) <= 2}"
            if come:
                types, other = self._scope.types, come[0]
                yield f"alike {int(4 * SequenceMatcher(None, word, other).ratio())}"
                yield f"same type {types.get(word, '') == types.get(other, '')} {kind}"

    def _uses(self, word: str) -> int:
        return len(re.findall(rf"\b{re.escape(word)}\b", self._context.text))

    def _surrounded(self, edit: Edit) -> tuple[_Row, _Row, _Row]:
        """Tokens before, inside and behind an edit's first change."""
        start, end, new = edit.replacements[0]
        sides = self._sides.get((start, end))
        if sides is None:
            text = self._context.text
            before = self.tokens(text[max(0, text.rfind("\n", 0, start)) : start][-40:])[-2:]
            stop = text.find("\n", end)
            after = self.tokens(text[end : stop if stop >= 0 else len(text)][:40])[:2]
            sides = self._sides[start, end] = (before, after)
        return sides[0], self.tokens(new[:80]), sides[1]

    def _neighbours(self, kind: str, before: _Row, inner: _Row, after: _Row) -> Iterator[str]:
        """Pairs of tokens that arise at the edges of the change, known to the function or not."""
        row = (*before, *inner, *after)
        fresh = sum(pair not in self._known for pair in pairwise(row))
        yield f"fresh {min(fresh, 6)}"
        yield f"fresh {kind} {min(fresh, 4)}"
        if inner:
            yield f"left {before[-1] if before else '^'} {inner[0]}"
            yield f"right {inner[-1]} {after[0] if after else '$'}"
        yield f"left {kind} {' '.join(before)}"
        yield f"right {kind} {' '.join(after)}"

    def _pairs_of(self, text: str) -> frozenset[tuple[str, str]]:
        pairs: set[tuple[str, str]] = set()
        for line in text.split("\n"):
            row = self.tokens(line)
            pairs.update(pairwise(row))
        return frozenset(pairs)

    # ---- tokens -------------------------------------------------------------------------------

    def tokens(self, text: str) -> tuple[str, ...]:
        """Tokens with the user's own names and odd constants replaced by their role."""
        known = self._tokens.get(text)
        if known is None:
            known = self._tokens[text] = tuple(map(self._role, _TOKEN.findall(text)))
        return known

    def _role(self, token: str) -> str:
        first = token[0]
        if first.isalpha() or first == "_":
            if token in self._roles:
                return f"{self._roles[token]}:{self._scope.types.get(token, '')}"
            if token[-1] in "'\"":
                return "FSTR"
            return token if token in _BUILTIN or token in _ATTRIBUTES else "WORD"
        if token in _COMMON:
            return token.replace('"', "'")
        if first.isdigit():
            return "FLOAT" if "." in token else "NUM"
        return "STR" if first in "'\"" else token


_ATTRIBUTES = frozenset(
    [name for kind in (str, list, dict, set) for name in dir(kind) if name[0] != "_"]
    + ["math", "sqrt", "floor", "ceil", "pi", "log", "gcd", "self", "appendleft", "popleft"]
)


def _difference(
    old: tuple[str, ...], new: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is left of two token rows without their common start and end; at most 12 of each."""
    start = 0
    while start < len(old) and start < len(new) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end][:12], new[start : len(new) - end][:12]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _field(above: ast.AST, node: ast.AST) -> str:
    for name, value in ast.iter_fields(above):
        if value is node or (isinstance(value, list) and node in value):
            return name
    return ""


def _bin(number: int) -> int:
    return max(-3, number) if number < 4 else 4 if number < 7 else 7


def _share(failed: int, checks: int) -> str:
    if not checks:
        return "some"
    return (
        "all"
        if failed == checks
        else "one"
        if failed == 1
        else "most"
        if failed * 2 > checks
        else "few"
    )
