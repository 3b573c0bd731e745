"""Helpers for the tests of edit operators."""

from __future__ import annotations

import ast
import textwrap

from coderepair.model import CheckResult, Failure, Outcome
from coderepair.propose.operators import (
    Family,
    FunctionContext,
    Scope,
    Surroundings,
    enumerate_edits,
)


def failing(call: str = "", expected: str = "", got: str = "", **more: object) -> CheckResult:
    failure = Failure("assertion", call=call, expected=expected, got=got, **more)  # type: ignore[arg-type]
    return CheckResult("test_it", Outcome.FAIL, 0.0, failure)


def context_of(
    text: str, *failures: CheckResult, file_text: str = "", statement: str = ""
) -> FunctionContext:
    around = Surroundings(failures, file_text=file_text, statement=statement, checks=len(failures))
    return FunctionContext(textwrap.dedent(text).strip("\n"), around)


def results(context: FunctionContext, family: Family | None = None) -> set[str]:
    """Texts that the edits of a family (or of all) lead to."""
    scope = Scope(context)
    edits = enumerate_edits(context) if family is None else list(family(context, scope))
    return {edit.apply(context.text) for edit in edits}


def one_liners(expression: str, family: Family, parameters: str = "a, b, c, xs, s, d") -> set[str]:
    """What a family makes of the one expression that a function returns."""
    head = f"def f({parameters}):\n    return "
    found = results(FunctionContext(head + expression), family)
    return {text.removeprefix(head) for text in found if text.startswith(head)}


def syntax(text: str) -> str:
    return ast.dump(ast.parse(textwrap.dedent(text)))
