"""The vocabulary of the project: frozen values that every part passes to every other.

Nothing here does I/O, reads a clock or holds a model. Values that reach the run log round-trip
through JSON with `to_json` / `from_json` (`coderepair.codec`).
"""

from __future__ import annotations

import ast
import hashlib
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache

from coderepair.comparison import Comparison

NodeId = int
ExpansionId = int

ROOT: NodeId = 0
"""Id of the node that holds the program as the user wrote it."""


class Outcome(StrEnum):
    """What became of one check. Anything but PASS is a failure; NOT_RUN is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    CRASH = "crash"
    REJECTED = "rejected"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class TestFile:
    """One test file of the user's, pinned by hash, optionally narrowed to some node ids."""

    __test__ = False

    path: str
    """Absolute path."""
    sha256: str
    """Hash of the bytes when the task was made; a run with other bytes is refused."""
    nodes: tuple[str, ...] = ()
    """pytest node ids below the file (`test_a`, `TestB::test_c[1]`); empty means all."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to repair and how to judge it. Hashable; everything a run depends on is in here."""

    path: str
    """Absolute path of the file under repair."""
    source: str
    """Its text when the task was made, newlines as `\\n`."""
    targets: tuple[str, ...]
    """Qualified names of the functions that may change (`f`, `Stack.push`), most suspicious first."""
    tests: tuple[TestFile, ...]
    project_root: str
    """Working directory of the tests and first entry of their `sys.path`."""
    python: str
    """Absolute path of the *project's* interpreter."""
    keyword: str = ""
    """pytest's `-k` expression."""
    statement: str = ""
    """What the code should do, where it is known from outside the file; shown to models."""
    method: str = "pytest"
    """Who runs the tests: `pytest`, `unittest`, `command` (`command` in a copy of the project), or `stdio`
    (the tests are inputs and outputs of the program)."""
    command: str = ""
    """Shell command that tests the project in its working directory."""
    reached: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(id of a check that failed when the task was made, the targets it executed), where it was traced."""


@dataclass(frozen=True)
class Program:
    """The whole file's text with the regions that may differ from the user's.

    `key` is a hash of the normalised syntax of the regions and of the text around them, so a
    candidate that differs only in comments or layout is a duplicate (row A5).
    """

    source: str
    regions: tuple[tuple[int, int], ...] = ()
    """Character spans of the target functions in `source`, from the start of the line of the first
    decorator or `def` to the end of the last line without its newline; empty means the whole file."""

    @cached_property
    def key(self) -> str:
        """Hex digest; equal for programs with the same syntax tree."""
        digest = hashlib.sha256()
        position = 0
        for start, end in self.regions or ((0, len(self.source)),):
            digest.update(self.source[position:start].encode("utf-8", "surrogatepass"))
            digest.update(_normalised(self.source[start:end]).encode("utf-8", "surrogatepass"))
            position = end
        digest.update(self.source[position:].encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]


@lru_cache(maxsize=32)
def _normalised(text: str) -> str:
    """The syntax of a region without comments and layout; the text itself if it does not parse.

    A region starts at the first character of its line's indentation, so a method is dedented first.
    Remembered because a candidate shares all regions but one with the program it was made from.
    """
    try:
        return ast.dump(ast.parse(textwrap.dedent(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a check failed, in terms of the user's own code."""

    kind: str
    """`assertion`, `exception`, `timeout`, `memory`, `output`, `crash`, `syntax`, `not_run`."""
    message: str = ""
    """One paragraph, at most 500 characters, as the test framework would say it."""
    call: str = ""
    """The call under test as source text (`f([1, 2], k=3)`), where the check makes one."""
    expected: str = ""
    """repr of what the check wanted, at most 200 characters."""
    got: str = ""
    """repr of what it got."""
    exception: str = ""
    """Type name of the exception that ended the check, if one did."""
    line: int = 0
    """Line of the user's file where it was raised (1-based), 0 if none."""
    traceback: str = ""
    """Frames inside the user's file only, shortened."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: a node id, a doctest example, or one assert of a test body (`node::assert#2`)."""

    id: str
    outcome: Outcome
    closeness: float = 0.0
    """How near a failing value was to the expected one, in [0, 1); 0 for a pass or no value."""
    failure: Failure | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.closeness < 1.0:
            raise ValueError(f"closeness of {self.id} is {self.closeness}, not in [0, 1)")


CLOSENESS_WEIGHT = 0.5
"""Share of one check that all failing checks together may add by being close; below 1 by design."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """The outcome of a program against all checks of its task."""

    __test__ = False

    checks: tuple[CheckResult, ...]
    seconds: float = 0.0
    """Wall time of the evaluation."""
    infra_error: str = ""
    """Set when the sandbox, not the candidate, failed; such a report says nothing."""
    integrity: str = "shared-process"
    """`two-process` if no check was judged where the program itself could have forged the verdict."""

    @property
    def passed(self) -> int:
        return sum(check.outcome is Outcome.PASS for check in self.checks)

    @property
    def passing(self) -> frozenset[str]:
        """Ids of the checks that passed."""
        return frozenset(check.id for check in self.checks if check.outcome is Outcome.PASS)

    @property
    def solved(self) -> bool:
        """All checks passed, and there was at least one."""
        return bool(self.checks) and self.passed == len(self.checks) and not self.infra_error

    @property
    def pass_rate(self) -> float:
        """Passed / all checks, in [0, 1]: REx's heuristic (Tang et al. 2024, Eq. 5)."""
        return self.passed / len(self.checks) if self.checks else 0.0

    @property
    def score(self) -> float:
        """Pass rate plus a value-distance signal worth strictly less than one check, in [0, 1]."""
        failing = [check for check in self.checks if check.outcome is not Outcome.PASS]
        if not failing:
            return self.pass_rate
        near = sum(check.closeness for check in failing) / len(failing)
        return (self.passed + CLOSENESS_WEIGHT * near) / len(self.checks)

    @property
    def first_failure(self) -> CheckResult | None:
        return next((check for check in self.checks if check.outcome is not Outcome.PASS), None)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use."""

    test_timeout_s: float = 5.0
    """Wall seconds one check may take."""
    total_timeout_s: float = 60.0
    """Wall seconds one program may take over all checks."""
    memory_mb: int = 1024
    """Address space in MiB."""
    output_kb: int = 256
    """Printed text kept per program, in KiB."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a program, and what edits would put there, for `Runner.observe`.

    An expression without side effects, or a place beside a statement; so are the alternatives.
    """

    place: tuple[int, int, int, int, str]
    """Line, column, last line, last column and type of its `ast` node in the program's source."""
    where: str
    """`at` the expression in that place, or `before` or `after` the statement there."""
    role: str
    """`value`, `test` (only its truth counts), `return` (the function's value), or `truth`: which
    truth values the site and its alternatives take together."""
    base: str
    """What is there now, as an expression."""
    alternatives: tuple[tuple[str, str], ...]
    """An expression, and what the function returns where that makes it leave (else empty)."""

    def told(self) -> dict[str, object]:
        """As plain data."""
        return {
            "place": list(self.place),
            "where": self.where,
            "role": self.role,
            "base": self.base,
            "alternatives": [list(each) for each in self.alternatives],
        }


Observations = Mapping[str, Mapping[int, str]]
"""Check id -> index of a site that it came by -> one letter for each alternative: `=` same value at
every visit, `d` another value (a letter above ASCII instead: the same one for alternatives that had the
same values), `r` an exception, `?` unknown; where the check's call would return at
once: `x` what the check expects, `m` what it does not, `o` another value than now. For the role
`truth` it is chr(48 + bits): bit 2 b + a is set if the site was b (0 or 1) and the alternative a at
some visit, bit 4 + b if the alternative raised."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One refinement of a node, or a reply that held none (`program is None`, `error` says why)."""

    program: Program | None
    proposer: str
    """Name of the proposer that made it."""
    description: str = ""
    """A few words for people: `line 7: '<' -> '<='`."""
    chance: float = 0.0
    """Calibrated probability that it solves the task, in [0, 1]."""
    error: str = ""
    calls: int = 0
    """Model calls that this proposal cost (a batch puts its one call on its first sibling)."""
    tokens: int = 0
    """Tokens read and written for it."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """A proposal and what became of it; what `Session.tell` takes."""

    proposal: Proposal
    report: TestReport | None = None
    """None for an invalid proposal or a duplicate: no test was run, the pull still counts."""


@dataclass(frozen=True, slots=True)
class Node:
    """A program in the tree. `report` is None only for the rewrite arm, whose heuristic is unknown."""

    id: NodeId
    parent: NodeId | None
    depth: int
    program: Program | None
    report: TestReport | None
    proposer: str = ""
    description: str = ""

    @property
    def h(self) -> float | None:
        """Heuristic value in [0, 1]; None for the rewrite arm."""
        return None if self.report is None else self.report.score


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a model is shown about a node. Bounded and deterministic; never holds a hidden check."""

    target: str
    """Qualified name of the function to change."""
    function: str
    """Its source as it stands in the node's program, dedented."""
    statement: str = ""
    first_line: int = 1
    """Line of the file at which `function` starts."""
    failures: tuple[CheckResult, ...] = ()
    passing: tuple[str, ...] = ()
    """Ids of some checks that pass and must keep passing."""
    values: tuple[str, ...] = ()
    """`line 4: total = 3` and the like, from a trace of the failing check."""
    trace: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    """Findings of static analysis, one a line."""
    tried: tuple[str, ...] = ()
    """Refinements of the same node that failed, in a few words each."""
    context: str = ""
    """Other definitions of the file that the function uses."""
    project: tuple[str, ...] = ()
    """Definitions of the project that may help, with the import that they need, one a line."""
    suspects: tuple[str, ...] = ()
    """Lines to suspect, `line 4: total = 3`, the most suspicious first."""


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt and how many samples of it are wanted. Exactly one of `messages`, `text` is set."""

    messages: tuple[Message, ...] = ()
    """For chat models; rendered by the model's own template."""
    text: str = ""
    """For completion models; used as it is."""
    n: int = 1
    max_tokens: int = 512
    temperature: float = 0.8
    top_p: float = 0.95
    stop: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    tokens: int = 0
    """Tokens generated."""
    prompt_tokens: int = 0
    """Tokens of the prompt that this completion had to pay for (shared prefixes count once)."""
    logprob: float | None = None
    """Sum of log-probabilities of the generated tokens, where the backend knows it."""
    finish_reason: str = "stop"
    """`stop`, `length` or `cancelled`."""


class Status(StrEnum):
    """How a run ended; the JSON `status`."""

    ALREADY_PASSING = "already_passing"
    REPAIRED = "repaired"
    REPAIR_AVAILABLE = "repair_available"
    UNVERIFIED = "unverified"
    NOT_REPAIRED = "not_repaired"
    BUDGET_EXHAUSTED = "budget_exhausted"
    TESTS_NOT_RUNNABLE = "tests_not_runnable"
    FLAKY = "flaky"
    ERROR = "error"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has used so far."""

    evaluations: int = 0
    """Programs the search ran against the tests (duplicates and invalid replies cost none)."""
    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0
    minimisation: int = 0
    """Programs run to make solutions smaller, a bounded number for each, so that no limit counts them."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Plain pytest in a fresh interpreter, on whole test files."""

    ok: bool
    command: str
    reason: str = ""
    """Why it is not ok, in one line."""
    before_passed: int = 0
    after_passed: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    status: Status
    task: Task
    before: TestReport | None = None
    after: TestReport | None = None
    program: Program | None = None
    """The repair, or the best attempt."""
    diff: str = ""
    """Unified diff against the user's file, minimal where the run was solved."""
    verification: Verification | None = None
    spent: Spent = field(default_factory=Spent)
    stopped_by: str = ""
    """Which limit ended the run: `evaluations`, `calls`, `tokens`, `seconds`, `exhausted`, `solved`, `interrupt`."""
    path_in_tree: tuple[NodeId, ...] = ()
    descriptions: tuple[str, ...] = ()
    """The edits along that path, in a few words each."""
    run_id: str = ""
    isolation: str = ""
    """What contained the candidates, by self-test: `L4: limits, Landlock, seccomp, namespaces (two-process)`."""
    integrity: str = ""
    """How the repair, or the best attempt, was judged: `integrity` of its report."""
    fallback_rate: float = 0.0
    """Share of the run's tests, candidate by candidate, that were judged in the candidate's process."""
    suspects: tuple[tuple[int, float], ...] = ()
    """(line of the file, suspicion in [0, 1]) of the program as it was, the most suspicious first."""
    comparison: Comparison | None = None
    """The repair and its rivals, where there is a solution and it was looked for others."""
