"""Tests of programs that read standard input: the cases, and what the programs wrote against what they should.

A case is `NAME.in` with `NAME.out` or `NAME.ans` beside it, or a line {"input": ..., "output": ...} of a
.jsonl file. Outputs are equal if their lines are, without white space at the ends of lines and without
empty lines at the end; a wrong one is graded by how near its words and numbers are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coderepair.errors import TestsNotRunnable, UsageError
from coderepair.methods import STDIO
from coderepair.model import Outcome, Task, TestFile
from coderepair.runner.child.closeness import closeness
from coderepair.runner.child.describe import MESSAGE, VALUE, cut

EXPECTED = (".out", ".ans")
SHOWN = 120
"""Characters of an input in a message."""
MAX_CASES = 1000
MAX_BYTES = 16 * 1024 * 1024
"""Of all inputs and outputs together."""


@dataclass(frozen=True, slots=True)
class Case:
    """One input and the output it should lead to."""

    id: str
    input: str
    output: str


def files(path: Path) -> list[Path]:
    """The files that hold the cases of a folder or a .jsonl file. Raises `UsageError`."""
    if path.is_file() and path.suffix == ".jsonl":
        return [path]
    if path.is_file() and path.suffix == ".in":
        return [path, _expected(path)]
    if not path.is_dir():
        kind = "is neither a folder, NAME.in nor a .jsonl file" if path.exists() else "is not there"
        raise UsageError(f"--io-tests {path} {kind}; name a folder of NAME.in and NAME.out")
    inputs = sorted(each for each in path.rglob("*.in") if each.is_file())
    if not inputs:
        raise TestsNotRunnable(f"there is no NAME.in in {path}; see --io-tests")
    return [file for each in inputs for file in (each, _expected(each))]


def given(task: Task) -> tuple[Case, ...]:
    """The cases of a task, none where its tests are others."""
    return cases(task.tests, task.keyword) if task.method == STDIO else ()


def cases(tests: Iterable[TestFile], keyword: str = "") -> tuple[Case, ...]:
    """The cases of these files whose names contain `keyword`. Raises `TestsNotRunnable`."""
    found = [case for case in _all(list(tests)) if keyword in case.id]
    if not found:
        raise TestsNotRunnable(
            f"no case of --io-tests{f' matches -k {keyword!r}' if keyword else ''}"
        )
    size = sum(len(case.input) + len(case.output) for case in found)
    if len(found) > MAX_CASES or size > MAX_BYTES:
        raise TestsNotRunnable(
            f"{len(found)} cases of {size / 1e6:.1f} MB are too many; choose some with -k or another folder "
            f"(at most {MAX_CASES} and {MAX_BYTES / 1e6:.0f} MB)"
        )
    return tuple(found)


def _expected(path: Path) -> Path:
    for suffix in EXPECTED:
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return beside
    raise UsageError(f"{path} has no {path.stem}.out or {path.stem}.ans beside it")


def _all(tests: Sequence[TestFile]) -> Iterator[Case]:
    outputs = {
        Path(test.path).with_suffix(""): Path(test.path)
        for test in tests
        if Path(test.path).suffix in EXPECTED
    }
    many = len({Path(test.path).parent for test in tests}) > 1
    for test in tests:
        path = Path(test.path)
        if path.suffix == ".jsonl":
            yield from _lines(path)
        elif path.suffix == ".in":
            expected = outputs[path.with_suffix("")]
            name = f"{path.parent.name}/{path.stem}" if many else path.stem
            yield Case(name, _text(path), _text(expected))


def _lines(path: Path) -> Iterator[Case]:
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            case = Case(f"{path.name}:{number}", record["input"], record["output"])
        except (ValueError, KeyError, TypeError):
            record = None
        if record is None or not isinstance(case.input, str) or not isinstance(case.output, str):
            raise TestsNotRunnable(
                f'{path}:{number} is no {{"input": "...", "output": "..."}}; write one such object a line'
            )
        yield case


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TestsNotRunnable(f"{path} cannot be read as text: {error}") from None


# -- judging --------------------------------------------------------------------------------------


def judged(given: Sequence[Case], answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of a process with verdicts in the place of outputs; no verdict of its own counts as a pass."""
    events = [
        event
        for told in answer.get("events", ())
        if isinstance(told, list) and told
        for event in [_event(given, told)]
        if event is not None
    ]
    return {**answer, "events": events, "shared": 0}


def equal(got: str, expected: str) -> bool:
    """Whether two outputs are the same up to white space at the ends of lines and of the text."""
    return _stripped(got) == _stripped(expected)


def _event(given: Sequence[Case], told: list[Any]) -> list[Any] | None:
    match told:
        case ["o", int(node), str(text), int() | float() as seconds, seen] if (
            0 <= node < len(given)
        ):
            return ["c", node, 1, *_verdict(given[node], text), float(seconds), seen]
        case ["c", _, _, Outcome.PASS, *_] | ["n", _, "ok" | "skip", *_]:
            return None
        case ["o", *_]:
            return None
    return told


def _verdict(case: Case, got: str) -> tuple[str, float, dict[str, Any] | None]:
    """(outcome, closeness, failure)."""
    if equal(got, case.output):
        return Outcome.PASS.value, 0.0, None
    expected, written = (cut(text.rstrip(), VALUE) for text in (case.output, got))
    failure = {
        "kind": "assertion",
        "message": cut(
            f"for the input {cut(case.input.rstrip(), SHOWN)!r} it wrote {written!r}, not {expected!r}",
            MESSAGE,
        ),
        "expected": repr(expected),
        "got": repr(written),
    }
    return Outcome.FAIL.value, closeness(_words(got), _words(case.output)), failure


def _stripped(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _words(text: str) -> list[object]:
    """Lines of words, numbers as such; a single line without the list around it."""
    lines = [[_value(word) for word in line.split()] for line in _stripped(text)]
    return list(lines[0]) if len(lines) == 1 else list(lines)


def _value(word: str) -> object:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word
