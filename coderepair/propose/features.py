"""Sparse features of an edit: what changes, where it stands, and how that fits the failing checks.

A feature is a short text, hashed to one of `BUCKETS` places. Texts of the user's own (names, odd
constants) are replaced by their role, so that what is learned from one program holds for others.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Generic

from coderepair.propose.evidence import Evidence
from coderepair.propose.meanings import MEANINGS
from coderepair.propose.operators import Edit, FunctionContext, Scope
from coderepair.propose.plain_features import Memo, PlainFeatures, Row, Value, reading
from coderepair.propose.relations import symptoms
from coderepair.propose.tokens import alike, difference, split, words

_COMMON = frozenset({"0", "1", "2", "10", "3", "100", "''", '""', "' '", '" "', "0.0", "1.0"})
_QUOTES = ("'", '"')
_BUILTIN = frozenset(dir(builtins)) | frozenset(keyword.kwlist)


class FeatureMaker(Generic[Value]):
    """Features of the edits of one function, as places or as sums of weights, as `plain` reads them.

    What edits share is read once: parts of the features are remembered by what they follow from.
    """

    def __init__(
        self,
        context: FunctionContext,
        scope: Scope,
        plain: PlainFeatures[Value],
        evidence: Mapping[Edit, Evidence] | None = None,
    ) -> None:
        """`evidence` is what a run has told of the edits; None if there was none."""
        self._context, self._scope, self._seen = context, scope, evidence
        self._plain: PlainFeatures[Value] = plain
        around = context.around
        self._symptoms = symptoms(around.failures)
        self._raised = self._traceback_lines()
        self._prose = f"{context.docstring} {around.statement} {context.function.name}".lower()
        self._words = frozenset(re.findall(r"[a-z]+", self._prose))
        self._expected = " ".join(scope.expected)
        self._meaning = self._read_meaning()
        self._roles = {
            **dict.fromkeys(scope.locals, "LOC"),
            **dict.fromkeys(scope.parameters, "PAR"),
        }
        self._unused = frozenset(scope.unused)
        self._unbound = frozenset(scope.unbound)
        self._remember(plain)
        self._known = self._pairs_of(context.text)
        self._last_line = context.line(context.statements[-1]) if context.statements else 1

    def _remember(self, plain: PlainFeatures[Value]) -> None:
        """What was read before, by what it follows from."""
        self._role: Memo[str, str] = Memo(self._find_role)
        self._row: Memo[str, Row] = Memo(self._read_row)
        self._site: Memo[ast.AST, Row] = Memo(self._read_site)
        self._sides: Memo[tuple[int, int], tuple[Row, Row, int, int]] = Memo(self._read_sides)
        self._inner: Memo[str, tuple[Row, int]] = Memo(self._read_inner)
        self._edges: Memo[tuple[Row, str, str, Row], tuple[Value, int]] = Memo(self._read_edges)
        self._tells: Memo[str, bool] = Memo(self._is_telling)
        self._uses: Memo[str, int] = Memo(self._count_uses)
        self._change: Memo[tuple[str, Row, Row], Value] = Memo(self._read_change)
        self._token: Memo[tuple[str, str, str, bool], Value] = Memo(self._read_token)
        self._place: Memo[Any, Value] = reading(plain.read, self._place_texts)
        self._said: Memo[Any, Value] = reading(plain.read, self._said_texts)
        self._evidence: Memo[Any, Value] = reading(plain.read, self._evidence_texts)
        self._exchanged: Memo[Any, Value] = reading(plain.read, self._exchanged_texts)
        self._literals: Memo[Any, Value] = reading(plain.read, self._literal_texts)
        self._outside: Memo[Any, Value] = reading(plain.read, self._outside_texts)
        self._judged: Memo[Any, Value] = reading(plain.read, self._judged_texts)

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

    def of(self, edit: Edit) -> Value:
        """The features that an edit has."""
        kind, anchor = edit.kind, edit.anchor
        gone, come = difference(self._row[edit.old], self._row[edit.new])
        corner = (self._site[anchor][0], gone[0] if gone else "", come[0] if come else "")
        value = (
            self._change[kind, gone, come]
            + self._place[kind, anchor]
            + self._plain.corner[corner]
            + self._ingredients(kind, edit.old, edit.new)
            + self._neighbours(edit)
        )
        if self._seen is None:
            return value
        evidence = self._seen.get(edit)
        return value + self._judged[kind, evidence and evidence[:2]]

    @staticmethod
    def _judged_texts(kind: str, evidence: tuple[str, str] | None) -> Iterator[str]:
        """What a run has told of the edit."""
        if evidence is None:
            yield "run unseen"
            yield f"run unseen {kind}"
            return
        mends, keeps = evidence
        yield f"run {mends}"
        yield f"run keeps {keeps}"
        yield f"run {mends} keeps {keeps}"
        yield f"run {mends} keeps {keeps} {kind}"

    def _read_change(self, change: tuple[str, Row, Row]) -> Value:
        """What goes and what comes, alone and with the symptoms."""
        kind, gone, come = change
        value = self._plain.exchange(kind, gone, come) + self._evidence[kind,]
        for sign, row in (("+", come), ("-", gone)):
            for token in dict.fromkeys(row):
                value = value + self._token[kind, sign, token, token in row[:4]]
        lost = tuple(filter(self._meaning.__contains__, gone))
        found = tuple(filter(self._meaning.__contains__, come))
        if lost or found:
            value = value + self._said[lost, found]
        if self._symptoms and len(gone) + len(come) <= 4:
            value = value + self._plain.cures[self._symptoms, gone, come]
        return value

    def _read_token(self, move: tuple[str, str, str, bool]) -> Value:
        kind, sign, token, first = move
        value = self._plain.moves[sign, kind, token]
        if first and self._symptoms:
            value = value + self._plain.answers[self._symptoms, sign, token]
        return value

    def _said_texts(self, gone: Row, come: Row) -> Iterator[str]:
        """Whether the prose speaks of tokens that go or come."""
        for sign, tokens in (("-", gone), ("+", come)):
            for token in tokens:
                yield f"said {sign} {self._meaning[token]}"
                yield f"said {sign} {token} {self._meaning[token]}"

    def _evidence_texts(self, kind: str) -> Iterator[str]:
        around = self._context.around
        yield f"{_share(around.failed, around.checks)} fail {kind}"
        for name in self._symptoms:
            yield f"s {name} {kind}"

    def _place_texts(self, kind: str, anchor: ast.AST) -> Iterator[str]:
        *texts, near = self._site[anchor]
        for text in texts:
            yield f"@ {text}"
            yield f"k@ {kind} {text}"
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

    def _read_site(self, anchor: ast.AST) -> Row:
        """Where a node stands: first its parent's kind and field, last how near a check raised."""
        return *self._describe(anchor), self._near(anchor)

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

    # ---- names and constants ------------------------------------------------------------------

    def _ingredients(self, kind: str, old_text: str, new_text: str) -> Value:
        """Roles of the user's own names and constants that come or go."""
        old, new = words(old_text), words(new_text)
        come, gone = new - old, old - new
        found = tuple(sorted(filter(self._tells.__getitem__, come)))
        lost = tuple(sorted(filter(self._tells.__getitem__, gone)))
        value = self._exchanged[kind, found, lost, min(come) if lost and come else ""]
        if new_text[:1] in _QUOTES or old_text[:1] in _QUOTES:
            value = value + self._literals[old_text, new_text]
        return value

    def _is_telling(self, word: str) -> bool:
        """Whether a word is the user's own, so that it has features."""
        if word[:1].isdigit():
            return word not in ("0", "1")
        return word in self._roles or word in self._unbound or word not in _BUILTIN

    def _exchanged_texts(self, kind: str, come: Row, gone: Row, instead: str) -> Iterator[str]:
        for word in come:
            yield from self._comes(kind, word)
        for word in gone:
            yield from self._goes(kind, word, instead)
        for sign, row in (("+", come), ("-", gone)):
            for word in row:
                if word[:1].isdigit():
                    yield f"number {sign} {word in self._prose} {word in self._expected}"

    def _literal_texts(self, old_text: str, new_text: str) -> Iterator[str]:
        for sign, text in (("+", new_text), ("-", old_text)):
            literal = text.strip("'\"")
            if text[:1] in _QUOTES and literal:
                yield f"string {sign} {literal.lower() in self._prose} {literal in self._expected}"

    def _comes(self, kind: str, word: str) -> Iterator[str]:
        if word in self._roles:
            yield f"role {word in self._unused} {kind}"
            yield f"type {self._scope.types.get(word, '')} {kind}"
            if word in self._unused:
                yield "uses the unused"
            yield f"uses {min(self._uses[word], 5)}"
        elif word.isidentifier() and word not in _BUILTIN:
            yield f"new word {word in self._context.text} {word.lower() in self._words} {kind}"

    def _goes(self, kind: str, word: str, instead: str) -> Iterator[str]:
        if word in self._unbound:
            yield "takes the unbound away"
        if word in self._roles:
            yield f"last use {self._uses[word] <= 2}"
            if instead:
                types = self._scope.types
                yield f"alike {alike(word, instead)}"
                yield f"same type {types.get(word, '') == types.get(instead, '')} {kind}"

    def _count_uses(self, word: str) -> int:
        return len(re.findall(rf"\b{re.escape(word)}\b", self._context.text))

    # ---- neighbours ---------------------------------------------------------------------------

    def _neighbours(self, edit: Edit) -> Value:
        """Pairs of tokens that arise at the edges of the change, known to the function or not."""
        kind, plain = edit.kind, self._plain
        start, end, text = edit.replacements[0]
        before, after, bare, fresh = self._sides[start, end]
        inner, inside = self._inner[text[:80]]
        value = self._outside[kind, before, after]
        if inner:
            edges, joined = self._edges[before[-1:], inner[0], inner[-1], after[:1]]
            value, fresh = value + edges, fresh + inside + joined
        else:
            fresh += bare
        return value + plain.novelty[kind, min(edit.sites, 3), min(fresh, 6)]

    def _read_edges(self, ends: tuple[Row, str, str, Row]) -> tuple[Value, int]:
        joined = self._fresh((*ends[0], ends[1])) + self._fresh((ends[2], *ends[3]))
        return self._plain.edges[ends], joined

    def _read_sides(self, span: tuple[int, int]) -> tuple[Row, Row, int, int]:
        """Up to two tokens before and behind a stretch, how many unknown pairs arise when they meet,
        and how many they form anyway."""
        (start, end), text = span, self._context.text
        before = self._row[text[max(0, text.rfind("\n", 0, start)) : start][-40:]][-2:]
        stop = text.find("\n", end)
        after = self._row[text[end : stop if stop >= 0 else len(text)][:40]][:2]
        bare = self._fresh(before[-1:] + after[:1])
        return before, after, bare, self._fresh(before) + self._fresh(after)

    def _read_inner(self, text: str) -> tuple[Row, int]:
        """Tokens of a new text, and how many unknown pairs they form."""
        row = self._row[text]
        return row, self._fresh(row)

    def _fresh(self, row: Row) -> int:
        return sum([pair not in self._known for pair in pairwise(row)])

    @staticmethod
    def _outside_texts(kind: str, before: Row, after: Row) -> Iterator[str]:
        yield f"left {kind} {' '.join(before)}"
        yield f"right {kind} {' '.join(after)}"

    def _pairs_of(self, text: str) -> frozenset[tuple[str, str]]:
        pairs: set[tuple[str, str]] = set()
        for line in text.split("\n"):
            row = self._row[line]
            pairs.update(pairwise(row))
        return frozenset(pairs)

    # ---- tokens -------------------------------------------------------------------------------

    def _read_row(self, text: str) -> Row:
        """Tokens with the user's own names and odd constants replaced by their role."""
        return tuple([self._role[token] for token in split(text)])

    def _find_role(self, token: str) -> str:
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


def _field(above: ast.AST, node: ast.AST) -> str:
    for name, value in ast.iter_fields(above):
        if value is node or (isinstance(value, list) and node in value):
            return name
    return ""


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
