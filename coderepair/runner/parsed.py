"""What the output of a test command says test by test, where its format is known.

Known are JUnit XML, `pytest -rA` or `-v`, `unittest -v` and TAP. The texts come from a program that is not
trusted: everything is bounded, and no entity of an XML document is ever expanded.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from coderepair.runner.child.closeness import closeness

PASS, FAIL, ERROR, SKIP = "pass", "fail", "error", "skip"
MAX_TESTS = 5000
MESSAGE = 500
LINE = 2000
"""Characters of a line that are looked at."""
PYTEST_SUMMARY = re.compile(
    r"^(PASSED|FAILED|ERROR|XPASS) ([^\s:]+::.+?|\S+\.py)(?: - (.*))?$", re.MULTILINE
)
PYTEST_VERBOSE = re.compile(
    r"^([^\s:]+::.+?) (PASSED|FAILED|ERROR|XPASS)(?: +\[ *\d+%\])?$", re.MULTILINE
)
UNITTEST_START = re.compile(r"(\w+) \(([\w.<>]+)\)")
UNITTEST_END = re.compile(
    r"(?:^|\.\.\. )(ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$"
)
UNITTEST_BLOCK = re.compile(
    r"^(?:FAIL|ERROR): (\w+) \(([\w.<>]+)\)[^\n]*\n(?:[^\n=-][^\n]*\n)?-{20,}\n(.*?)(?=^={20,}$|^-{20,}$|\Z)",
    re.MULTILINE | re.DOTALL,
)
TAP_PLAN = re.compile(r"^(?:TAP version \d+|1\.\.\d+)", re.MULTILINE)
TAP_LINE = re.compile(
    r"^(not )?ok\b *(\d+)? *(?:- *)?([^#\n]*)(?:# *(SKIP|TODO)[^\n]*)?$",
    re.MULTILINE | re.IGNORECASE,
)
OUTCOMES = {
    "PASSED": PASS, "XPASS": PASS, "FAILED": FAIL, "ERROR": ERROR, "ok": PASS, "FAIL": FAIL,
    "unexpected success": FAIL, "expected failure": SKIP,
}  # fmt: skip
COMPARED = (
    re.compile(r"assert (?P<got>.+?) == (?P<expected>.+)"),
    re.compile(r"(?:AssertionError: )?(?P<got>.+?) != (?P<expected>.+)"),
)


@dataclass(frozen=True, slots=True)
class Test:
    """How one test of a command ended."""

    __test__ = False

    id: str
    outcome: str
    """`pass`, `fail`, `error` or `skip`."""
    message: str = ""

    @property
    def compared(self) -> tuple[str, str]:
        """What the message says was compared, got and expected; empty where it says nothing."""
        for pattern in COMPARED:
            found = pattern.search(self.message.partition("\n")[0])
            if found:
                return found["got"].strip(), found["expected"].strip()
        return "", ""

    @property
    def closeness(self) -> float:
        """How near these values are, in [0, 1), where they are literals."""
        try:
            got, expected = map(ast.literal_eval, self.compared)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return 0.0
        return closeness(got, expected)


def results(text: str, xml: str = "") -> tuple[Test, ...]:
    """The tests in their order, without those that were skipped; none where no format is known."""
    lines = "\n".join(line[:LINE] for line in text.splitlines())
    for found in (_junit(xml or text), _pytest(lines), _unittest(lines), _tap(lines)):
        unique: dict[str, Test] = {}
        for test in found:
            worse = test.outcome != PASS
            if test.id not in unique or worse:
                unique[test.id] = test
            if len(unique) >= MAX_TESTS:
                break
        if unique:
            return tuple(test for test in unique.values() if test.outcome != SKIP)
    return ()


def _junit(text: str) -> Iterator[Test]:
    start = text.find("<testsuite")
    end = max(text.rfind("</testsuites>"), text.rfind("</testsuite>"))
    if start < 0 or end < start:
        return
    document = text[start : text.find(">", end) + 1]
    if "<!" in document.replace("<![CDATA[", ""):
        return
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return
    for case in root.iter("testcase"):
        name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
        outcome, message = PASS, ""
        for kind, meaning in (("skipped", SKIP), ("error", ERROR), ("failure", FAIL)):
            found = case.find(kind)
            if found is not None:
                outcome, message = meaning, found.get("message") or found.text or ""
        if name:
            yield Test(name, outcome, message[:MESSAGE])


def _pytest(text: str) -> Iterator[Test]:
    for outcome, name, message in PYTEST_SUMMARY.findall(text):
        yield Test(name, OUTCOMES[outcome], message[:MESSAGE])
    if not PYTEST_SUMMARY.search(text):
        for name, outcome in PYTEST_VERBOSE.findall(text):
            yield Test(name, OUTCOMES[outcome])


def _unittest(text: str) -> Iterator[Test]:
    messages = {
        _case(name, place): block.strip().rpartition("\n")[2][:MESSAGE]
        for name, place, block in UNITTEST_BLOCK.findall(text)
    }
    case = ""
    for line in text.splitlines():
        start, end = UNITTEST_START.match(line), UNITTEST_END.search(line)
        case = _case(start[1], start[2]) if start else case
        if case and end:
            yield Test(case, OUTCOMES.get(end[1], SKIP), messages.get(case, ""))
            case = ""


def _case(name: str, place: str) -> str:
    """unittest's id; before Python 3.11 its output has the class alone."""
    return place if place.rpartition(".")[2] == name else f"{place}.{name}"


def _tap(text: str) -> Iterator[Test]:
    if not TAP_PLAN.search(text):
        return
    for number, (failed, given, name, directive) in enumerate(TAP_LINE.findall(text), 1):
        outcome = FAIL if failed else PASS
        yield Test(name.strip() or f"test {given or number}", SKIP if directive else outcome, "")
