"""Diagnostics, code actions, lenses and hovers, made from places. Nothing here waits or computes."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.workspace import PositionCodec

from coderepair_lsp import words
from coderepair_lsp.board import Repair
from coderepair_lsp.places import FUNCTION, Place
from coderepair_lsp.workspace import uri_of

SOURCE = "coderepair"
CHECK, REPAIR, EXPLAIN, APPLY = (
    f"coderepair.{name}" for name in ("check", "repair", "explain", "apply")
)
STALE = "before your edit: "


def diagnostic(
    place: Place, stale: bool, lines: list[str], codec: PositionCodec
) -> types.Diagnostic:
    """The mark of a failing function or test; less loud once the text has been edited."""
    severity = types.DiagnosticSeverity
    return types.Diagnostic(
        range=_line_range(lines, place.line, codec),
        severity=severity.Information if stale else severity.Error,
        source=SOURCE,
        code="failing-function" if place.role == FUNCTION else "failing-test",
        message=(STALE if stale else "") + words.message(place),
        related_information=_related(place) if place.role == FUNCTION else None,
        data={"function": place.function, "source": place.source_uri},
    )


def code_actions(
    place: Place, repair: Repair | None, diagnostics: list[types.Diagnostic], tag_models: bool
) -> list[types.CodeAction]:
    """What is offered on a place, best first."""
    quick_fix = types.CodeActionKind.QuickFix
    arguments: list[Any] = [place.source_uri, place.function]
    repair_title, explain_title = title(place), "Explain why this fails"
    offered = [
        types.CodeAction(
            title=repair_title,
            kind=quick_fix,
            diagnostics=diagnostics,
            command=types.Command(repair_title, REPAIR, arguments=arguments),
        ),
        types.CodeAction(
            title=explain_title,
            kind=quick_fix,
            diagnostics=diagnostics,
            command=types.Command(explain_title, EXPLAIN, arguments=arguments),
        ),
    ]
    if repair is None:
        return offered
    by_model = bool(repair.result.get("by_model")) and tag_models
    apply = types.CodeAction(
        title=f"Apply the verified repair of {words.subject(place)}",
        kind=quick_fix,
        diagnostics=diagnostics,
        data={"repair": repair.id},
        tags=[types.CodeActionTag.LlmGenerated] if by_model else None,
    )
    return [apply, *offered]


def check_action(uri: str) -> types.CodeAction:
    """Offered everywhere in a Python file, among the source actions: nothing lights up for it."""
    name = "Check this file against its tests"
    kind = f"{types.CodeActionKind.Source.value}.coderepair.check"
    return types.CodeAction(
        title=name, kind=kind, command=types.Command(name, CHECK, arguments=[uri])
    )


def lenses(place: Place, repair: Repair | None) -> list[types.CodeLens]:
    """What stands above a failing function or test."""
    here = types.Range(types.Position(place.first, 0), types.Position(place.first, 0))
    arguments: list[Any] = [place.source_uri, place.function]
    commands = [
        types.Command(title(place), REPAIR, arguments=arguments),
        types.Command("Explain", EXPLAIN, arguments=arguments),
    ]
    if repair is not None:
        applied = f"Apply the verified repair of {words.subject(place)}"
        commands.insert(0, types.Command(applied, APPLY, arguments=[repair.id]))
    return [types.CodeLens(here, command=command) for command in commands]


def title(place: Place) -> str:
    """`Repair `f` to pass 2 failing tests`."""
    return f"Repair {words.subject(place)} to pass {words.number(place.tests, 'failing test')}"


def _related(place: Place) -> list[types.DiagnosticRelatedInformation]:
    """The asserts that fail, where they stand."""
    found = []
    for check in place.checks[: words.SHOWN]:
        test = check["test"]
        if test is not None:
            line = types.Position(test["line"], 0)
            location = types.Location(uri_of(test["path"]), types.Range(line, line))
            found.append(types.DiagnosticRelatedInformation(location, words.reason(check)))
    return found


def _line_range(lines: list[str], number: int, codec: PositionCodec) -> types.Range:
    """A line from its first character that is no blank to its last, in the client's units."""
    if not lines:
        return types.Range(types.Position(0, 0), types.Position(0, 0))
    number = min(number, len(lines) - 1)
    text = lines[number].rstrip()
    start = text[: len(text) - len(text.lstrip())]
    return types.Range(
        types.Position(number, codec.client_num_units(start)),
        types.Position(number, codec.client_num_units(text)),
    )
