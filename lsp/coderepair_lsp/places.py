"""What a check found, as places in documents. Lines count from 0 and move as the text is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coderepair_lsp.workspace import split_lines, uri_of

Check = Mapping[str, Any]
"""A check as `work.check.document` writes it."""
FUNCTION, TEST = "function", "test"


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `first` up to but not including `end` became `count` lines."""

    first: int
    end: int
    count: int

    def moved(self, line: int) -> int:
        """Where a line is afterwards; a line that is gone falls together with the end of the new ones."""
        if line >= self.end:
            return line + self.count - (self.end - self.first)
        return min(line, self.first + self.count) if line > self.first else line


@dataclass(frozen=True, slots=True)
class Place:
    """A function with failing checks, or a line of a test where checks fail."""

    uri: str
    role: str
    line: int
    """Where it is marked: the `def`, or the assert."""
    first: int
    last: int
    """Lines of the whole function or test."""
    function: str
    """Qualified name of the function to repair; empty for code outside of functions."""
    source_uri: str
    """The file under repair."""
    checks: tuple[Check, ...]
    """The failing checks."""

    @property
    def tests(self) -> int:
        """How many tests fail here; a test with several failing asserts is one."""
        return len({check["node"] for check in self.checks})

    def covers(self, first: int, last: int) -> bool:
        """Whether it shares a line with these."""
        return self.first <= last and first <= self.last

    def moved(self, hunk: Hunk) -> Place:
        line, first, last = (hunk.moved(each) for each in (self.line, self.first, self.last))
        return replace(self, line=line, first=first, last=last)


def failing(checks: Iterable[Check]) -> list[Check]:
    """The checks that did not pass, in their order."""
    return [check for check in checks if check["outcome"] != "pass"]


def places(result: Mapping[str, Any], source: str) -> tuple[Place, ...]:
    """The places of a check's result; `source` is the text that was checked, with `\\n`."""
    failures = failing(result["checks"])
    source_uri = uri_of(result["path"])
    return (
        *_functions(result, failures, source_uri, source.split("\n")),
        *_tests(result, failures, source_uri),
    )


def _functions(
    result: Mapping[str, Any], failures: Sequence[Check], uri: str, lines: list[str]
) -> list[Place]:
    spans = {each["name"]: (each["first"], each["last"]) for each in result["functions"]}
    grouped: dict[str, list[Check]] = {}
    for check in failures:
        grouped.setdefault(check["function"], []).append(check)
    found = []
    for name, checks in grouped.items():
        first, last = spans.get(name) or _elsewhere(checks, len(lines))
        line = _definition(lines, first, last) if name else first
        found.append(Place(uri, FUNCTION, line, first, last, name, uri, tuple(checks)))
    return found


def _elsewhere(checks: Sequence[Check], count: int) -> tuple[int, int]:
    """Code outside of functions: where it raised, else the top of the file."""
    raised = [check["failure"]["line"] for check in checks if check["failure"]]
    line = max(min(next(filter(None, raised), 1), count) - 1, 0)
    return line, line


def _definition(lines: list[str], first: int, last: int) -> int:
    """The line of the `def` behind the decorators."""
    for number in range(first, min(last + 1, len(lines))):
        if lines[number].lstrip().startswith(("def ", "async def ")):
            return number
    return first


def _tests(result: Mapping[str, Any], failures: Sequence[Check], source_uri: str) -> list[Place]:
    grouped: dict[tuple[str, int, str], list[Check]] = {}
    for check in failures:
        test = check["test"]
        if test is not None and test["path"] != result["path"]:
            key = (test["path"], test["line"], check["function"])
            grouped.setdefault(key, []).append(check)
    return [
        Place(
            uri_of(path),
            TEST,
            line,
            min(line, checks[0]["test"]["first"]),
            max(line, checks[0]["test"]["last"]),
            function,
            source_uri,
            tuple(checks),
        )
        for (path, line, function), checks in grouped.items()
    ]


def hunk_between(before: str, after: str) -> Hunk:
    """The one run of lines that differs between two texts."""
    old, new = split_lines(before), split_lines(after)
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    return Hunk(head, len(old) - tail, len(new) - tail - head)
