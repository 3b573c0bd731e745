"""Feedback of every class of failure, and how it is asked about; rendered by `record_prompts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coderepair.edit.whole_function import INSTRUCTIONS
from coderepair.model import CheckResult, Failure, Feedback, Message, Outcome
from coderepair.prompt import chat, static_errors, verdicts

FUNCTION = '''\
def median(values):
    """Middle value; the mean of the two middle ones for an even number."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return ordered[middle - 1] + ordered[middle] / 2'''


def check(outcome: Outcome, **failure: object) -> CheckResult:
    """One failing check of `test_median`."""
    return CheckResult("test_median", outcome, failure=Failure(**failure))  # type: ignore[arg-type]


WRONG = check(
    Outcome.FAIL,
    kind="assertion",
    call="median([1, 2, 3, 4])",
    expected="2.5",
    got="4.0",
    message="assert 4.0 == 2.5",
)
BASE = Feedback(target="median", function=FUNCTION, first_line=5, failures=(WRONG,))


def with_failure(outcome: Outcome, **failure: object) -> Feedback:
    return replace(BASE, failures=(check(outcome, **failure),))


CASES: dict[str, Feedback] = {
    "wrong_value": BASE,
    "assertion_without_values": with_failure(
        Outcome.FAIL, kind="assertion", message="AssertionError: the list was changed"
    ),
    "exception_with_line": with_failure(
        Outcome.ERROR,
        kind="exception",
        call="median([])",
        expected="0",
        exception="IndexError",
        message="IndexError: list index out of range",
        line=11,
    ),
    "exception_without_call": with_failure(
        Outcome.ERROR, kind="exception", exception="TypeError", message="'<' not supported"
    ),
    "timeout": with_failure(Outcome.TIMEOUT, kind="timeout", call="median([2, 1])", line=7),
    "memory": with_failure(Outcome.MEMORY_LIMIT, kind="memory", call="median(range(9))"),
    "output": with_failure(Outcome.OUTPUT_LIMIT, kind="output", call="median([1])"),
    "crash": with_failure(Outcome.CRASH, kind="crash", message="segmentation fault"),
    "syntax": with_failure(Outcome.ERROR, kind="syntax", message="expected ':'", line=5),
    "not_run": with_failure(
        Outcome.NOT_RUN, kind="not_run", message="ImportError: no module named 'stats'"
    ),
    "outcome_only": replace(BASE, failures=(CheckResult("test_median", Outcome.FAIL),)),
    "everything": replace(
        BASE,
        statement="Write a function that finds the median of a list of numbers.",
        failures=(
            WRONG,
            check(Outcome.FAIL, kind="assertion", call="median([1, 3])", expected="2.0", got="2.5"),
            check(Outcome.ERROR, kind="exception", call="median(None)", expected="0",
                  exception="TypeError", message="'NoneType' object is not iterable", line=7),
        ),
        passing=("test_odd", "test_median::assert#1"),
        values=("line 8: middle = 2",),
        trace=(
            "line 7: values=[1, 2, 3, 4] -> ordered=[1, 2, 3, 4]\n    ordered = sorted(values)",
            ("line 11: ordered=[1, 2, 3, 4], middle=2 -> returns 4.0\n"
            "    return ordered[middle - 1] + ordered[middle] / 2"),
        ),
        static=("line 9: E0602 undefined-variable: undefined name 'halve'",),
        project=("from stats.means import halve; def halve(x: float) -> float  # Half of it.",),
        suspects=("line 11: return ordered[middle - 1] + ordered[middle] / 2",),
        tried=("line 11: '/ 2' -> '/ 3'", "line 8: '// 2' -> '/ 2'"),
        context="LIMIT = 10\ndef mean(values): ...  # Average.",
    ),
    "long_values": with_failure(
        Outcome.FAIL, kind="assertion", call="median(" + "[1] * " * 99 + ")", expected="1" * 400,
        got="2" * 400,
    ),
    "backticks_in_the_code": replace(BASE, function='def median(values):\n    return "```"'),
}  # fmt: skip


VERDICTS = """{"block": "BLOCK-1", "correct": true, "explanation": "sorted"}
{"block": "BLOCK-2", "correct": false, "explanation": "only the second value is halved"}"""


def count(messages: Sequence[Message]) -> int:
    """One token a word."""
    return sum(len(message.content.split()) for message in messages)


def rendered() -> dict[str, str]:
    """File name -> the messages as text."""
    prompts = {name: chat.render(feedback, count, None) for name, feedback in CASES.items()}
    everything = CASES["everything"]
    imports = "import math\nfrom statistics import mean"
    prompts["with_imports"] = chat.render(everything, count, None, imports=imports)
    prompts["trimmed"] = chat.render(everything, count, 150, imports=imports)
    prompts["verdicts"] = chat.render(everything, count, None, request=verdicts.REQUEST)
    said = verdicts.parse(VERDICTS, 2)
    judged = replace(everything, trace=verdicts.annotated(everything.trace, said))
    prompts["judged_trace"] = chat.render(judged, count, None)
    stub = replace(everything, function="def median(values):\n    ...")
    prompts["rewrite"] = chat.render(stub, count, None, rewrite=True)
    project = everything.project
    errors = ("line 7: E0602 undefined-variable: undefined name 'halve'",)
    asked = static_errors.request(errors, project, INSTRUCTIONS)
    prompts["static_errors"] = chat.Prompt((Message("user", asked),), 0)
    alone = static_errors.request(errors, (), INSTRUCTIONS)
    prompts["static_errors_alone"] = chat.Prompt((Message("user", alone),), 0)
    return {f"{name}.txt": _text(prompt) for name, prompt in prompts.items()}


def _text(prompt: chat.Prompt) -> str:
    parts = [f"=== {message.role}\n{message.content}\n" for message in prompt.messages]
    return "".join([*parts, f"=== trimmed: {', '.join(prompt.trimmed) or 'nothing'}\n"])
