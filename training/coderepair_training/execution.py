"""Runs a training program against its asserts in a forked child with limits, and says what failed.

What is covered: processor time (a second a check), wall time, address space, file size, open files
and output; the child works in an empty folder and cannot write into it. What is not: the network and
reads. The programs are ours or the data's, mutated; a user's program goes through `coderepair.runner`.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from types import CodeType, FrameType
from typing import Any

from coderepair.model import Observations, Site
from coderepair.runner.child import observe
from coderepair.runner.child.asserts import Assert
from coderepair.runner.child.recorder import Watcher

CHECK_SECONDS = 0.4
"""Processor seconds one check may take."""
WALL_SECONDS = 20.0
MEMORY_BYTES = 1 << 30
PROGRAM = "solution.py"
"""File name of the program in tracebacks."""
_SHOWN = 200


class _OutOfTimeError(BaseException):
    """Not an Exception, so that `except Exception` of a program does not swallow it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One assert, as executed. `kind` is empty for a pass, else a `coderepair.model.Failure.kind`."""

    kind: str
    call: str = ""
    expected: str = ""
    got: str = ""
    exception: str = ""
    line: int = 0
    """1-based line of the program where the exception was raised, 0 if none."""


def run_checks(
    source: str, setup: str, tests: Sequence[str], stop_early: bool = False
) -> list[Check]:
    """Executes `source`, then `setup`, then each test, in a child of its own; one `Check` a test.

    A check that runs out of time ends the run, with `stop_early` any failing one does; the rest
    count as `not_run`. A child that dies or hangs fails the check that it was at.
    """
    lines, timed_out, status = _forked(
        lambda writer: _child(writer, source, setup, tests, stop_early)
    )
    checks = [Check(**json.loads(line)) for line in lines]
    if len(checks) < len(tests) and not (checks and checks[-1].kind):
        cut = timed_out or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU)
        checks.append(Check("timeout" if cut else "crash"))
    return checks + [Check("not_run")] * (len(tests) - len(checks))


def observe_checks(
    source: str, setup: str, tests: Sequence[str], sites: Sequence[Site]
) -> Observations:
    """What `coderepair.runner` tells of the sites of a program: `check N` of the N-th test -> letters.

    Checks behind one that runs out of time are left out.
    """
    lines, _, _ = _forked(lambda writer: _observing_child(writer, source, setup, tests, sites))
    return {f"check {at}": dict(json.loads(line)) for at, line in enumerate(lines)}


def _forked(work: Callable[[int], None]) -> tuple[list[bytes], bool, int]:
    """The lines that a child writes, whether it was too late, and how it ended. `work` never returns."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        work(writer)
    os.close(writer)
    lines, timed_out = read_lines(reader, time.monotonic() + WALL_SECONDS)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return lines, timed_out, status


def read_lines(reader: int, deadline: float) -> tuple[list[bytes], bool]:
    """Lines up to the end of the pipe; whether the deadline came first."""
    data = b""
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([pipe], [], [], left)[0]:
                break
            part = pipe.read(1 << 16)
            if not part:
                return data.split(b"\n")[:-1], False
            data += part
    return data.split(b"\n")[:-1], True


def _child(writer: int, source: str, setup: str, tests: Sequence[str], stop_early: bool) -> None:
    """Never returns. Each finished check is one line of JSON in the pipe."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
        _limit(len(tests))
        namespace: dict[str, Any] = {"__name__": "solution"}
        broken = _load(source, setup, namespace)
        for test in tests:
            check = broken or _run_one(test, namespace)
            os.write(writer, json.dumps(asdict(check)).encode() + b"\n")
            if check.kind == "timeout" or (check.kind and stop_early):
                break
    finally:
        os._exit(0)


def _observing_child(
    writer: int, source: str, setup: str, tests: Sequence[str], sites: Sequence[Site]
) -> None:
    """Never returns. What was seen in each check is one line of JSON in the pipe."""
    try:
        _limit(2 * len(tests))
        told = [site.told() for site in sites]
        observer, code = observe.start(source, PROGRAM, told, len(tests))
        namespace: dict[str, Any] = {"__name__": "solution"}
        broken = _load(code, setup, namespace)
        observer.told()
        for test in tests:
            check = broken or _run_one(test, namespace, observer)
            os.write(writer, json.dumps(observer.told()).encode() + b"\n")
            if check.kind == "timeout":
                break
    finally:
        os._exit(0)


def _limit(checks: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    seconds = int(CHECK_SECONDS * (checks + 1)) + 1
    for what, limit in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (limit, limit))
    signal.signal(signal.SIGVTALRM, _out_of_time)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTimeError


@contextlib.contextmanager
def _timed() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_VIRTUAL, CHECK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _load(source: str | CodeType, setup: str, namespace: dict[str, Any]) -> Check | None:
    """Fills the namespace; the check that every test gets if that fails."""
    try:
        with _timed():
            exec(compile(source, PROGRAM, "exec") if isinstance(source, str) else source, namespace)
            exec(compile(setup, "setup.py", "exec"), namespace)
    except SyntaxError as error:
        return Check("syntax", exception="SyntaxError", line=error.lineno or 0)
    except BaseException as error:
        return _failure(error, Check("exception"))
    return None


def _run_one(test: str, namespace: dict[str, Any], watcher: Watcher | None = None) -> Check:
    parts = comparison(test)
    shown = Check("assertion", call=ast.unparse(parts[0])[:_SHOWN] if parts else "")
    try:
        with _timed():
            if parts is None:
                exec(compile(test, "test.py", "exec"), namespace)
                return Check("")
            exec(compile(_before_last(test), "test.py", "exec"), namespace)
            got = eval(_expression(parts[0]), namespace)
            namespace["__got__"] = got
            expected = eval(_expression(parts[1]), namespace)
            if eval(_verdict(test), namespace):
                return Check("", shown.call, _repr(expected), _repr(got))
            if watcher is not None:
                watcher.judge(got, expected)
            return Check("assertion", shown.call, _repr(expected), _repr(got))
    except BaseException as error:
        if watcher is not None and parts is not None and isinstance(error, Exception):
            watcher.judge_raised(Assert(0, "==", *parts).literal())
        return _failure(error, shown)


def comparison(test: str) -> tuple[ast.expr, ast.expr] | None:
    """Call and expected value of a test whose last statement is `assert call == value`, else None.

    `assert call` and `assert not call` count as comparisons with True and False.
    """
    tree = ast.parse(test)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Assert):
        return None
    claim = last.test
    if isinstance(claim, ast.Compare) and isinstance(claim.ops[0], ast.Eq | ast.Is):
        if len(claim.ops) == 1 and isinstance(claim.left, ast.Call):
            return claim.left, claim.comparators[0]
    elif isinstance(claim, ast.Call):
        return claim, ast.Constant(True)
    elif isinstance(claim, ast.UnaryOp) and isinstance(claim.op, ast.Not):
        return claim.operand, ast.Constant(False)
    return None


def _before_last(test: str) -> ast.Module:
    return ast.Module(ast.parse(test).body[:-1], [])


def _expression(node: ast.expr) -> CodeType:
    return compile(ast.fix_missing_locations(ast.Expression(node)), "test.py", "eval")


def _verdict(test: str) -> CodeType:
    """The last assert's claim with the value already got in the call's place."""
    last = ast.parse(test).body[-1]
    assert isinstance(last, ast.Assert)
    claim, got = last.test, ast.Name("__got__", ast.Load())
    if isinstance(claim, ast.Compare):
        return _expression(ast.Compare(got, claim.ops, claim.comparators))
    return _expression(ast.UnaryOp(claim.op, got) if isinstance(claim, ast.UnaryOp) else got)


def _repr(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _failure(error: BaseException, shown: Check) -> Check:
    if isinstance(error, _OutOfTimeError):
        return Check("timeout", shown.call)
    kind = "memory" if isinstance(error, MemoryError) else "exception"
    if isinstance(error, AssertionError):
        kind = "assertion"
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM:
            line = trace.tb_lineno
        trace = trace.tb_next
    return Check(kind, shown.call, exception=type(error).__name__, line=line)


def quiet() -> None:
    """Silences what compiling other people's code warns about, in the whole process."""
    sys.setrecursionlimit(1500)
    import warnings

    warnings.simplefilter("ignore")
