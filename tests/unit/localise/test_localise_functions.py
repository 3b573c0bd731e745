"""Spectrum of functions: what failing checks run and passing ones do not is suspect."""

from __future__ import annotations

from coderepair.localise.functions import bodies, reached, suspicious_functions
from coderepair.model import CheckResult, Failure, Outcome

SOURCE = '''
def good(x):
    """Doc."""
    return x

@decorated
def outer(x):
    def inner(y):
        return y + 1

    return inner(x)

class Box:
    size = 1

    def push(self, x):
        self.items = [x]
        return good(x)

def idle(): return 0
'''


def lines_of(*names: str) -> frozenset[int]:
    by_name = {body.qualname: body for body in bodies(SOURCE)}
    return frozenset().union(*(by_name[name].lines for name in names))


def result(name: str, passed: bool, failure: Failure | None = None) -> CheckResult:
    outcome = Outcome.PASS if passed else Outcome.FAIL
    return CheckResult(name, outcome, failure=failure)


def test_bodies_are_qualified_and_do_not_overlap() -> None:
    found = {body.qualname: body.lines for body in bodies(SOURCE)}
    assert list(found) == ["good", "outer", "outer.<locals>.inner", "Box.push", "idle"]
    assert found["outer"] == {8, 10, 11}
    assert found["outer.<locals>.inner"] == {9}
    assert found["idle"] == {20}


def test_what_only_failing_checks_run_comes_first() -> None:
    checks = [result("a", False), result("b", True)]
    lines = {"a": lines_of("Box.push", "good"), "b": lines_of("good")}
    assert suspicious_functions(SOURCE, checks, lines) == ["Box.push", "good"]


def test_a_function_that_a_traceback_ends_in_comes_before_its_equals() -> None:
    lines = {"a": lines_of("good", "Box.push")}
    plain = suspicious_functions(SOURCE, [result("a", False)], lines)
    raised = suspicious_functions(
        SOURCE, [result("a", False, Failure("exception", line=17))], lines
    )
    assert plain == ["good", "Box.push"]
    assert raised == ["Box.push", "good"]


def test_a_function_that_only_a_traceback_names_is_suspect() -> None:
    failing = result("a", False, Failure("exception", line=20))
    assert suspicious_functions(SOURCE, [failing], {}) == ["idle"]


def test_the_function_that_the_test_calls_breaks_a_tie() -> None:
    failing = result("a", False, Failure("assertion", call="Box().push(1)"))
    lines = {"a": lines_of("good", "Box.push")}
    assert suspicious_functions(SOURCE, [failing], lines) == ["Box.push", "good"]


def test_a_file_that_does_not_parse_has_no_functions_to_suspect() -> None:
    assert suspicious_functions("def f(:\n", [result("a", False)], {"a": frozenset({1})}) == []


def test_failing_checks_are_told_with_the_targets_they_reach() -> None:
    checks = [result("a", False), result("b", True), result("c", False), result("d", False)]
    lines = {
        "a": lines_of("Box.push", "good"),
        "b": lines_of("good"),
        "c": lines_of("idle"),
        "d": lines_of("outer"),
    }
    found = reached(SOURCE, checks, lines, ["good", "idle", "Box.push"])
    assert found == (("a", ("good", "Box.push")), ("c", ("idle",)))
    assert reached("def f(:", checks, lines, ["f"]) == ()
