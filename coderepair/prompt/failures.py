"""A failing check in words: one template for each class of failure (rows B6 and B7)."""

from __future__ import annotations

from collections.abc import Callable

from coderepair.model import CheckResult, Failure, Feedback

VALUE_CHARS = 200
MESSAGE_CHARS = 500


def describe(check: CheckResult, feedback: Feedback) -> str:
    """One paragraph: what was called, what was wanted, what happened, and at which line."""
    failure = check.failure
    if failure is None:
        return f"The check {check.id} ends with: {check.outcome}."
    template = _TEMPLATES.get(_kind(failure), _other)
    return template(check, failure, feedback)


def example(check: CheckResult) -> str:
    """What the check wants, without what happened; empty if it does not say."""
    failure = check.failure
    if failure is None or not failure.call or not failure.expected:
        return ""
    return f"`{_clip(failure.call)}` must give `{_clip(failure.expected)}`."


def _kind(failure: Failure) -> str:
    if failure.kind == "assertion" and failure.exception not in ("", "AssertionError"):
        return "exception"
    return failure.kind


def _assertion(check: CheckResult, failure: Failure, feedback: Feedback) -> str:  # noqa: ARG001
    if failure.call and failure.expected:
        return f"{_wanted(failure)}, but gives `{_clip(failure.got)}`."
    return f"The check {check.id} fails: {_message(failure)}"


def _exception(check: CheckResult, failure: Failure, feedback: Feedback) -> str:
    name = failure.exception or "an exception"
    message = f": {_message(failure)}" if failure.message else ""
    if message.startswith(f": {name}"):
        message = message[len(name) + 2 :]
    text = f"{_subject(check, failure)}, but raises {name}{message}"
    return f"{text.rstrip('.')}{_place(failure, feedback)}."


def _timeout(check: CheckResult, failure: Failure, feedback: Feedback) -> str:
    subject = _subject(check, failure)
    return f"{subject}, but does not end in time{_place(failure, feedback)}: is a loop endless?"


def _memory(check: CheckResult, failure: Failure, feedback: Feedback) -> str:
    return f"{_subject(check, failure)}, but runs out of memory{_place(failure, feedback)}."


def _output(check: CheckResult, failure: Failure, feedback: Feedback) -> str:
    return f"{_subject(check, failure)}, but prints without end{_place(failure, feedback)}."


def _crash(check: CheckResult, failure: Failure, feedback: Feedback) -> str:  # noqa: ARG001
    return f"{_subject(check, failure)}, but the interpreter dies: {_message(failure)}"


def _syntax(check: CheckResult, failure: Failure, feedback: Feedback) -> str:  # noqa: ARG001
    return f"The file is not valid Python: {_message(failure)}{_place(failure, feedback)}"


def _not_run(check: CheckResult, failure: Failure, feedback: Feedback) -> str:  # noqa: ARG001
    return f"The check {check.id} could not be run: {_message(failure)}"


def _other(check: CheckResult, failure: Failure, feedback: Feedback) -> str:  # noqa: ARG001
    return f"The check {check.id} fails: {_message(failure)}"


_TEMPLATES: dict[str, Callable[[CheckResult, Failure, Feedback], str]] = {
    "assertion": _assertion,
    "exception": _exception,
    "timeout": _timeout,
    "memory": _memory,
    "output": _output,
    "crash": _crash,
    "syntax": _syntax,
    "not_run": _not_run,
}


def _wanted(failure: Failure) -> str:
    return f"`{_clip(failure.call)}` must give `{_clip(failure.expected)}`"


def _subject(check: CheckResult, failure: Failure) -> str:
    if failure.call and failure.expected:
        return _wanted(failure)
    return f"`{_clip(failure.call)}` is called" if failure.call else f"The check {check.id} runs"


def _place(failure: Failure, feedback: Feedback) -> str:
    """` at line 3, `return x[0]``, counted within the function; empty if the line is not in it."""
    lines = feedback.function.split("\n")
    index = failure.line - feedback.first_line
    if not failure.line or not 0 <= index < len(lines):
        return ""
    return f" at line {index + 1}, `{_clip(lines[index].strip())}`"


def _message(failure: Failure) -> str:
    text = " ".join(failure.message.split()) or failure.exception or "no reason given"
    return text if len(text) <= MESSAGE_CHARS else text[: MESSAGE_CHARS - 3] + "..."


def _clip(value: str) -> str:
    text = " ".join(value.split("\n"))
    return text if len(text) <= VALUE_CHARS else text[: VALUE_CHARS - 3] + "..."
