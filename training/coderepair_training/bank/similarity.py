"""Likeness of problems: against other problem sets, and of references among themselves."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderepair_training.bank import BankProblem

STATEMENT_LIMIT = 0.5
"""Jaccard index of the statements' word triples from which two problems count as one."""
REFERENCE_LIMIT = 0.5
"""The same for groups of four tokens of the references, names kept."""
SHORTEST = 8
"""Fewer groups than this say nothing."""

Shingles = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of one problem."""

    id: str
    name: str
    statement: Shingles
    reference: Shingles


def fingerprint(problem: BankProblem) -> Fingerprint:
    """The fingerprint of one of our problems."""
    return _fingerprint(problem.id, problem.entry_point, problem.statement, problem.reference)


def read_fingerprints(folder: Path) -> Iterator[Fingerprint]:
    """One fingerprint a problem of the record files (`*.jsonl`) of a folder."""
    for path in sorted(folder.glob("*.jsonl")):
        seen = set()
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["problem_id"] in seen:
                continue
            seen.add(record["problem_id"])
            label = f"{path.name}:{record['problem_id']}"
            yield _fingerprint(label, record["entry_point"], record["prompt"], record["reference"])


def likeness(one: Fingerprint, other: Fingerprint) -> str:
    """Why the two count as the same problem; empty if they do not."""
    if one.name == other.name:
        return f"same entry point as {other.id}"
    if _jaccard(one.statement, other.statement) >= STATEMENT_LIMIT:
        return f"statement like {other.id}"
    if _jaccard(one.reference, other.reference) >= REFERENCE_LIMIT:
        return f"reference like {other.id}"
    return ""


def shape(source: str) -> str:
    """The syntax tree without names, constants and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field in ("id", "name", "attr", "arg", "value", "annotation", "returns"):
            if isinstance(getattr(node, field, None), str | int | float | None):
                setattr(node, field, None)
        if isinstance(node, ast.arg | ast.FunctionDef | ast.AnnAssign):
            _drop_annotation(node)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _starts_with_text(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _drop_annotation(node: ast.arg | ast.FunctionDef | ast.AnnAssign) -> None:
    if isinstance(node, ast.FunctionDef):
        node.returns = None
    elif isinstance(node, ast.arg):
        node.annotation = None
    else:
        node.annotation = ast.Name("")


def _starts_with_text(node: ast.FunctionDef | ast.ClassDef) -> bool:
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)


def _fingerprint(label: str, entry: str, statement: str, reference: str) -> Fingerprint:
    name = entry.rpartition(".")[2].lower().replace("_", "")
    words = re.findall(r"[a-z0-9]+", statement.lower())
    return Fingerprint(label, name, _shingles(words, 3), _shingles(_code_tokens(reference), 4))


def _shingles(tokens: list[str], size: int) -> Shingles:
    return frozenset(zip(*(tokens[start:] for start in range(size)), strict=False))


def _code_tokens(source: str) -> list[str]:
    """Tokens without comments, texts and layout."""
    skipped = {tokenize.COMMENT, tokenize.STRING, tokenize.NL, tokenize.NEWLINE}
    skipped |= {tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    found = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in found if token.type not in skipped]


def _jaccard(one: Shingles, other: Shingles) -> float:
    if min(len(one), len(other)) < SHORTEST:
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
