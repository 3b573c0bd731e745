"""The embedded model's own language: what it reads about a failing function and the edits it answers.

A prompt is a fixed sequence of slots, each present even when it is empty, so that a model trained
before a slot was ever filled still reads prompts made later. The function stands in it as numbered
lines; the number and the indentation of a line are one token each and there are no newlines:

    <|statement|>Adds up.<|context|><|code|><|1|><|i0|>def f(xs):<|2|><|i1|>return len(xs)
    <|fail|><|call|>f([2, 3])<|want|>5<|got|>2<|pass|><|values|><|trace|><|static|><|tried|><|edit|>

A reply is one or several edits, all against the numbers shown, and an end:

    <|replace|><|2|><|i1|>return sum(xs)<|end|>
    <|delete|><|3|><|insert|><|4|><|i2|>total += 1<|end|>

Numbers are positions among the lines shown (1 to 64). The docstring moves to the statement slot, and
of a function too long to show only its head and a window around the failing line appear, so a number
is not a line of the function: `decode` maps it back. What is not shown cannot be edited.

The special tokens are plain text here; the tokenizer turns each into one id. Text of the user's that
looks like one is escaped on the way in and back on the way out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

from coderepair.errors import EditError
from coderepair.model import CheckResult, Feedback
from coderepair.prompt.shown_lines import (
    LINE_CHARS,
    MAX_LINES,
    ShownLines,
    docstring,
    shown_lines,
)

DIALECT = "edit-v1"
"""Value of `coderepair.dialect` in the metadata of a model that speaks this language."""

MAX_INDENT = 15
END = "<|end|>"
GAP = "<|gap|>"
"""Stands where lines or characters were left out."""

STATEMENT, CONTEXT, CODE, EDIT = "<|statement|>", "<|context|>", "<|code|>", "<|edit|>"
FAIL, PASS, VALUES = "<|fail|>", "<|pass|>", "<|values|>"
TRACE, STATIC, TRIED = "<|trace|>", "<|static|>", "<|tried|>"
CALL, WANT, GOT, EXCEPTION = "<|call|>", "<|want|>", "<|got|>", "<|exception|>"
REPLACE, DELETE, INSERT = "<|replace|>", "<|delete|>", "<|insert|>"

SPECIAL_TOKENS: tuple[str, ...] = (
    *(END, GAP, STATEMENT, CONTEXT, CODE, FAIL, PASS, VALUES, TRACE, STATIC, TRIED, EDIT),
    *(CALL, WANT, GOT, EXCEPTION, REPLACE, DELETE, INSERT),
    *(f"<|{number}|>" for number in range(MAX_LINES + 1)),
    *(f"<|i{level}|>" for level in range(MAX_INDENT + 1)),
)
"""Every special token, in the order of their ids. `<|end|>` ends a reply."""

ALL_SLOTS = frozenset({STATEMENT, CONTEXT, CODE, FAIL, PASS, VALUES, TRACE, STATIC, TRIED})
LEARNT_SLOTS = frozenset({STATEMENT, CODE, FAIL})
"""The slots that were filled in the training of the model that ships."""

STATEMENT_CHARS = 400
CONTEXT_CHARS = 240
VALUE_CHARS = 120
"""Longest call, expected or got value."""
MAX_FAILURES = 2
MAX_ENTRIES = 6
"""Most entries of the values, trace, static, tried and pass slots; an entry has `ENTRY_CHARS`."""
ENTRY_CHARS = 60

_ESCAPED = "<\u2060|"
_EDITS = re.compile(
    r"<\|(replace|delete|insert)\|><\|(\d+)\|>(?:<\|i(\d+)\|>)?(.*?)(?=<\|[a-z]+\|>|$)", re.DOTALL
)
_LINE_REFERENCE = re.compile(r"^line (\d+):\s*")


def render(feedback: Feedback, slots: Collection[str] = LEARNT_SLOTS) -> str:
    """The prompt for a piece of feedback; deterministic, and bounded whatever the feedback holds.

    Only `slots` are filled: what a model has never seen filled misleads it.
    """
    view = _view(feedback)
    statement = feedback.statement or docstring(feedback.function)
    failing = "".join(_failure(check, feedback, view) for check in feedback.failures[:MAX_FAILURES])
    passing = [entry for entry in feedback.passing if "(" in entry]
    texts = (
        (STATEMENT, _clip(" ".join(statement.split()), STATEMENT_CHARS)),
        (CONTEXT, _clip(feedback.context.strip(), CONTEXT_CHARS)),
        (CODE, _numbered(view)),
        (FAIL, failing),
        (PASS, _entries(passing, feedback, view)),
        (VALUES, _entries(feedback.values, feedback, view)),
        (TRACE, _entries(feedback.trace, feedback, view)),
        (STATIC, _entries(feedback.static, feedback, view)),
        (TRIED, _entries(feedback.tried, feedback, view)),
    )
    return "".join(token + (text if token in slots else "") for token, text in texts) + EDIT


def encode(feedback: Feedback, new_function: str) -> str:
    """The reply, with its end, that turns `feedback.function` into `new_function`.

    Trailing space of lines is not told apart. Raises `EditError` if the two do not differ, or differ
    where nothing is shown or deeper than the dialect can indent.
    """
    view = _view(feedback)
    old = [line.rstrip() for line in view.lines]
    new = [line.rstrip() for line in new_function.split("\n")]
    while len(new) > 1 and not new[-1]:
        new.pop()
    reply = "".join(
        _hunk(view, low, high, new[start:stop])
        for tag, low, high, start, stop in SequenceMatcher(None, old, new, False).get_opcodes()
        if tag != "equal"
    )
    if not reply:
        raise EditError("the function does not change")
    return reply + END


def decode(feedback: Feedback, reply: str) -> str:
    """The function after the edits of a reply. Raises `EditError` with a text fit to show a model."""
    view = _view(feedback)
    body = reply.partition(END)[0].strip("\n")
    edits = list(_EDITS.finditer(body))
    if not edits or "".join(edit[0] for edit in edits) != body:
        raise EditError("the reply is not a sequence of edits")
    changed: dict[int, list[str]] = {}
    added: dict[int, list[str]] = {}
    for edit in edits:
        _apply(edit, view, changed, added)
    tail = "\n" if feedback.function.endswith("\n") else ""
    return "\n".join(_rebuilt(view, changed, added)) + tail


def _apply(
    edit: re.Match[str],
    view: ShownLines,
    changed: dict[int, list[str]],
    added: dict[int, list[str]],
) -> None:
    """Notes one edit: `changed` holds a line's new text (none if deleted), `added` what follows it."""
    kind, number, level, text = edit[1], int(edit[2]), edit[3], _unescape(edit[4])
    if number > len(view.shown) or (number == 0 and kind != "insert"):
        raise EditError(f"there is no line {number}")
    if (
        "<|" in edit[4]
        or (level is None) != (kind == "delete")
        or (kind == "delete" and text.strip())
    ):
        raise EditError(f"line {number} has a malformed {kind}")
    new = f"{view.unit * int(level or 0)}{text}".rstrip()
    if kind == "insert":
        added.setdefault(view.anchors[number], []).append(new)
        return
    line = view.shown[number - 1]
    if line in changed:
        raise EditError(f"line {number} is edited twice")
    changed[line] = [new] if kind == "replace" else []


def _rebuilt(
    view: ShownLines, changed: dict[int, list[str]], added: dict[int, list[str]]
) -> Iterator[str]:
    yield from added.get(-1, ())
    for index, line in enumerate(view.lines):
        yield from changed.get(index, [line])
        yield from added.get(index, ())


def _hunk(view: ShownLines, low: int, high: int, new: Sequence[str]) -> str:
    """Edits for the lines `low` to `high` - 1 becoming `new`."""
    paired = min(high - low, len(new))
    parts = []
    for line, text in zip(range(low, low + paired), new, strict=False):
        parts.append(f"{REPLACE}{_number(view, line)}{_indented(view, text)}")
    parts.extend(f"{DELETE}{_number(view, line)}" for line in range(low + paired, high))
    if len(new) > paired:
        anchor = _anchor(view, low + paired - 1)
        parts.extend(f"{INSERT}{anchor}{_indented(view, text)}" for text in new[paired:])
    return "".join(parts)


def _number(view: ShownLines, line: int) -> str:
    number = view.number(line)
    if not number:
        raise EditError("the change lies outside of the lines shown")
    return f"<|{number}|>"


def _anchor(view: ShownLines, line: int) -> str:
    for number, anchor in view.anchors.items():
        if anchor == line:
            return f"<|{number}|>"
    raise EditError("the change lies outside of the lines shown")


def _indented(view: ShownLines, line: str) -> str:
    """A line's indentation as a token, what is left of it as text."""
    level = 0
    while line.startswith(view.unit, level * len(view.unit)) and level < MAX_INDENT:
        level += 1
    return f"<|i{level}|>{_escape(line[level * len(view.unit) :])}"


def _numbered(view: ShownLines) -> str:
    parts, before = [], -1
    for number, line in enumerate(view.shown, 1):
        left_out = range(before + 1, line)
        if left_out and view.anchors[number - 1] != line - 1:
            parts.append(GAP)
        text = view.lines[line].rstrip()
        clipped = text if len(text) <= LINE_CHARS else text[:LINE_CHARS]
        parts.append(f"<|{number}|>{_indented(view, clipped)}")
        if clipped is not text:
            parts.append(GAP)
        before = line
    return "".join(parts) + (GAP if before < len(view.lines) - 1 else "")


def _failure(check: CheckResult, feedback: Feedback, view: ShownLines) -> str:
    """Call, expected and got value, or the exception with its line."""
    failure = check.failure
    if failure is None:
        return ""
    parts = [CALL, _clip(failure.call or failure.message, VALUE_CHARS)]
    if failure.expected:
        parts += [WANT, _clip(failure.expected, VALUE_CHARS)]
    if failure.got and not failure.exception:
        parts += [GOT, _clip(failure.got, VALUE_CHARS)]
    elif failure.kind != "assertion" or failure.exception:
        number = view.number(failure.line - feedback.first_line) if failure.line else 0
        name = failure.exception or failure.kind
        parts += [EXCEPTION, _clip(name, ENTRY_CHARS), f"<|{number}|>" if number else ""]
    return "".join(parts)


def _entries(entries: Sequence[str], feedback: Feedback, view: ShownLines) -> str:
    """Entries of a slot; `line 4: x = 3` (a line of the file) becomes the number shown and `x = 3`."""
    parts = []
    for entry in (each.partition("\n")[0] for each in entries[:MAX_ENTRIES]):
        match = _LINE_REFERENCE.match(entry)
        number = view.number(int(match[1]) - feedback.first_line) if match else 0
        text = entry[match.end() :] if match else entry
        parts.append(f"<|{number}|>{_clip(text.strip(), ENTRY_CHARS)}")
    return "".join(parts)


def _clip(text: str, limit: int) -> str:
    """Escaped text of at most `limit` characters of the original, with a mark where it was cut."""
    return _escape(text) if len(text) <= limit else _escape(text[:limit]) + GAP


def _escape(text: str) -> str:
    return text.replace("<|", _ESCAPED)


def _unescape(text: str) -> str:
    return text.replace(_ESCAPED, "<|")


def _view(feedback: Feedback) -> ShownLines:
    lines = [
        check.failure.line - feedback.first_line
        for check in feedback.failures
        if check.failure is not None and check.failure.line >= feedback.first_line
    ]
    return shown_lines(feedback.function, lines[0] if lines else -1)
