"""Failures in words: for diagnostics, hovers and explanations."""

from __future__ import annotations

from collections.abc import Sequence

from coderepair_lsp.places import FUNCTION, Check, Place

SHOWN = 5
"""Failing checks that are told in full."""
MAX_VALUE = 200
"""Characters of a value."""


def number(count: int, noun: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def subject(place: Place) -> str:
    """What is to be repaired, in a few words."""
    return f"`{place.function}`" if place.function else "this file"


def message(place: Place) -> str:
    """A diagnostic's text: how many fail, and why the first does."""
    what = f"{place.function or 'module'}: " if place.role == FUNCTION else ""
    head = f"{what}{number(len(place.checks), 'failing check')}"
    return f"{head}\n{reason(place.checks[0])}"


def reason(check: Check) -> str:
    """Why a check fails, on one line."""
    failure = check["failure"]
    if failure is None:
        return str(check["outcome"]).replace("_", " ")
    call = _short(failure["call"])
    if failure["expected"] or failure["got"]:
        values = f"expected {_short(failure['expected'])}, got {_short(failure['got'])}"
        return f"{call}: {values}" if call else values
    told = _short(failure["message"]) or failure["exception"] or failure["kind"]
    return f"{call}: {told}" if call else told


def hover(places: Sequence[Place]) -> str:
    """The failing checks of these places as Markdown."""
    checks = list({check["id"]: check for place in places for check in place.checks}.values())
    parts = [f"**{number(len(checks), 'failing check')}** (coderepair)"]
    parts += [_block(check) for check in checks[:SHOWN]]
    if len(checks) > SHOWN:
        parts.append(f"and {len(checks) - SHOWN} more")
    return "\n\n".join(parts)


def explanation(place: Place, passed: int, total: int) -> str:
    """Everything the checks tell about a failing function, as Markdown."""
    name = place.function or "this file"
    counts = f"{passed} of {total} checks of its tests pass"
    parts = [
        f"# Why `{name}` fails",
        f"{counts}; {len(place.checks)} failing ones lead to `{name}`.",
        *_common(place),
    ]
    parts += [_block(check) for check in place.checks[: 2 * SHOWN]]
    if len(place.checks) > 2 * SHOWN:
        parts.append(f"and {len(place.checks) - 2 * SHOWN} more")
    return "\n\n".join(parts) + "\n"


def _common(place: Place) -> list[str]:
    """What the failures share."""
    failures = [check["failure"] for check in place.checks if check["failure"]]
    raised = {(each["exception"], each["line"]) for each in failures if each["line"]}
    if len(raised) == 1 and len(failures) == len(place.checks):
        exception, line = raised.pop()
        return [f"All of them end with {exception or 'an exception'} in line {line}."]
    kinds = sorted({str(check["outcome"]) for check in place.checks})
    return [f"They end as: {', '.join(kinds)}."] if kinds != ["fail"] else []


def _block(check: Check) -> str:
    failure = check["failure"] or {}
    lines = [f"`{_short(check['id'])}`: {str(check['outcome']).replace('_', ' ')}", "```text"]
    lines += [_short(failure["call"])] if failure.get("call") else []
    if failure.get("expected") or failure.get("got"):
        lines += [f"expected  {_short(failure['expected']) or '?'}"]
        lines += [f"got       {_short(failure['got']) or '?'}"]
    elif failure.get("message"):
        lines += [_short(failure["message"])]
    if failure.get("line"):
        lines += [f"raised in line {failure['line']}"]
    return "\n".join([*lines, "```"])


def _short(text: str) -> str:
    """On one line, not too long, and no end of a code block."""
    line = " ".join(text.split()).replace("```", "'''")
    return line if len(line) <= MAX_VALUE else line[: MAX_VALUE - 3] + "..."
