"""Where rewritten asserts report to, and the clock that ends a check that hangs.

Events go out at once, one frame each, so that what happened before a crash is not lost:
    ["c", node, number, outcome, closeness, failure, seconds, seen]    one assert or doctest example
    ["n", node, status, failure, seconds, seen]                        a node ended: ok, skip, fail or a phase's error
    ["o", node, text, seconds, seen]                                   what the program wrote
    ["i", seconds]                                                     the tests were imported
    ["v", number, text]                                                what a call came to
    ["end"]                                                            all nodes were run
    ["b", [...]]                                                       several of them
`seen` is what a watcher of the program (`coverage`, `observe`) saw since the last event, if there is one.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any, Dict, List, Optional, Tuple

from . import describe, wire
from .asserts import EQUALITIES, TestFunction
from .closeness import closeness

PASS, FAIL, ERROR, TIMEOUT, MEMORY = "pass", "fail", "error", "timeout", "memory_limit"
MAX_TIMEOUTS = 2
"""Checks that may time out before the rest of a program's checks is left out."""
AFTER_TIMEOUT_S = 0.1
"""Limit of the checks that follow: most of them hang in the same loop."""
STARVED = 0.002
"""CPU seconds a wall second of a process that has work and waits for its turn on a machine that is very
busy; one that sleeps uses less."""
WALL_FACTOR = 4.0
"""Wall time a check may take, as a multiple of its CPU time: the machine may be busy."""
FLUSH_S = 0.05
"""Longest that events wait, while new ones come."""
SEVERAL = "b"
REPEAT = 0.1
"""Seconds until a swallowed alarm comes again."""


def wall_limit(limit: float, cap: float) -> float:
    """Wall seconds a check may take whose CPU time is limited to `limit`."""
    return min(cap, max(limit * WALL_FACTOR, 1.0)) if limit < cap else cap


class Watcher:
    """Sees the program run on behalf of whoever asked for more than verdicts."""

    def told(self) -> Any:
        """What was seen since the last call, as plain data."""

    def judge(self, left: Any, right: Any) -> None:
        """An equality did not hold between these values; `told` follows."""

    def judge_raised(self, expected: Tuple[Any, ...]) -> None:
        """The call raised whose value should have been `expected`, if that is known; `told` follows."""


class CheckTimeout(BaseException):
    """Raised inside a check that has used up its time."""

    outcome = TIMEOUT
    kind = "timeout"
    message = "no result within the time limit"


class Crashed(CheckTimeout):
    """The candidate's process ended during a check, or broke the protocol."""

    outcome = "crash"
    kind = "crash"
    message = "the program's process ended"


class Overflow(CheckTimeout):
    """The program printed more than it may."""

    outcome = "output_limit"
    kind = "output"
    message = "more output than the limit"


def process_cpu(pid: int) -> float:
    """CPU seconds of a process so far; 0 where the system does not tell (`clock_getcpuclockid`, Linux)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


class Recorder:
    """Takes the outcome of each check of the node that is running."""

    def __init__(
        self,
        fd: int,
        functions: List[TestFunction],
        user_file: str,
        limit: float,
        cap: float,
        eager: bool = True,
    ) -> None:
        """`eager` sends each event at once, and sets the clock anew for each check, as is needed where the
        program may end this process, or stop the clock."""
        self._fd = fd
        self._functions = functions
        self._user_file = user_file
        self._limit = limit
        self._wall = wall_limit(limit, cap)
        self._node = -1
        self._function = -1
        self._outcomes: Dict[int, str] = {}
        self._since = 0.0
        self._timeouts = 0
        self._busy = False
        self._told = False
        self._cap = cap
        self._armed = self._own_mark = 0.0
        self._pid = 0
        self._mark = 0.0
        self._eager = eager
        self._waiting: List[List[Any]] = []
        self._flushed = 0.0
        self._ticking = False
        self.watcher: Optional[Watcher] = None

    # -- one node ---------------------------------------------------------------------------------

    def begin(self, node: int, function: int) -> None:
        """A node starts; `function` is its index in the table of rewritten functions, -1 for none."""
        self._busy = True
        self._node, self._function, self._outcomes, self._told = node, function, {}, False
        self._since = time.perf_counter()
        self._arm()
        self._busy = False

    def finish(self, status: str, failure: Optional[Dict[str, Any]]) -> None:
        """The node has ended, with `failure` for what no assert accounts for."""
        self._disarm()
        self._busy = True
        if not self._told or failure is not None:
            self._emit(["n", self._node, status, failure, self._lap(), self._seen_since()])
        self._told, self._node, self._function = True, -1, -1
        self._busy = False

    def close(self) -> None:
        """Every node was run."""
        self._emit(["end"])

    def pause(self) -> None:
        """Nothing is timed until the next node begins."""
        self._node = -1
        self._stop()

    def tell(self, event: List[Any]) -> None:
        """Something of the caller's own, in its turn."""
        self._emit(event)

    def outcome(self, number: int, text: str) -> None:
        """What the call of this number came to."""
        self._emit(["v", number, text])

    def output(self, text: str) -> None:
        """What the program wrote in this node, for whoever knows what it should have written."""
        self._emit(["o", self._node, text, self._lap(), self._seen_since()])
        self._told = True

    # -- called by rewritten asserts --------------------------------------------------------------

    def ok(self, function: int, number: int) -> None:
        """An assert held."""
        if function == self._function and number not in self._outcomes:
            self._check(number, PASS, 0.0, None)

    def fail(self, function: int, number: int, left: Any, right: Any, message: Any = None) -> None:
        """An assert did not hold. Outside of a test's own body it raises, as any assert does."""
        if function != self._function:
            raise AssertionError(message)
        if self._outcomes.get(number, PASS) != PASS:
            return
        entry = self._functions[function].asserts[number - 1]
        near = closeness(left, _expected(right)) if entry.operator in ("==", "is", "close") else 0.0
        if self.watcher is not None and entry.operator == "==":
            self.watcher.judge(left, right)
        scope = sys._getframe(1).f_locals
        described = describe.wrong_value(
            self._functions[function], number, left, right, message, scope
        )
        self._check(number, FAIL, near, described)

    def method(self, function: int, number: int, call: Any, *args: Any, **kwargs: Any) -> None:
        """Calls `self.assertSomething` and takes down how it went."""
        if function != self._function:
            call(*args, **kwargs)
            return
        try:
            call(*args, **kwargs)
        except AssertionError as error:
            if self._outcomes.get(number, PASS) == PASS:
                self._failed_method(function, number, args, error)
        else:
            self.ok(function, number)

    def _failed_method(
        self, function: int, number: int, args: Tuple[Any, ...], error: BaseException
    ) -> None:
        entry = self._functions[function].asserts[number - 1]
        scope = sys._getframe(2).f_locals
        comparable = entry.operator in EQUALITIES and len(args) >= 2
        near = closeness(args[0], args[1]) if comparable else 0.0
        if self.watcher is not None and comparable:
            self.watcher.judge(args[0], args[1])
        described = describe.failed_method(self._functions[function], number, args, error, scope)
        self._check(number, FAIL, near, described)

    def raised(self, function: int, number: int, error: BaseException) -> bool:
        """An assert's expression raised; whether that is taken down, so that the test may go on."""
        if function != self._function:
            return False
        if isinstance(error, CheckTimeout):
            self.timed_out(number, error)
            return True
        if not isinstance(error, (Exception, SystemExit)):
            return False
        if self._outcomes.get(number, PASS) == PASS:
            outcome = MEMORY if isinstance(error, MemoryError) else ERROR
            failure = describe.exception(error, self._user_file)
            entry = self._functions[function].asserts[number - 1]
            scope = sys._getframe(1).f_locals
            failure["call"] = describe.call_text(self._functions[function], entry, scope)
            if self.watcher is not None:
                self.watcher.judge_raised(entry.literal())
            self._check(number, outcome, 0.0, failure)
        return True

    # -- doctest examples -------------------------------------------------------------------------

    def example(
        self, number: int, outcome: str, near: float, failure: Optional[Dict[str, Any]]
    ) -> None:
        """One example of a docstring, 1-based, was run."""
        self._check(number, outcome, near, failure)

    # -- time -------------------------------------------------------------------------------------

    def timed_out(self, number: int, error: CheckTimeout) -> None:
        """Check `number` (0 for a node without numbered checks) used up its time, or the process."""
        self._timeouts += 1
        self._limit = min(self._limit, AFTER_TIMEOUT_S)
        self._wall = wall_limit(self._limit, self._wall)
        self._ticking = False  # the next check has less time than the clock gives
        self._check(number, error.outcome, 0.0, {"kind": error.kind, "message": error.message})
        self.flush()
        if self._timeouts >= MAX_TIMEOUTS:
            os._exit(0)

    def install_clock(self) -> None:
        """Alarms raise `CheckTimeout` from now on: CPU time, and wall time for what sleeps."""
        signal.signal(signal.SIGPROF, self._alarm)
        signal.signal(signal.SIGALRM, self._alarm)

    def _alarm(self, number: int, _frame: Any) -> None:
        if self._busy or self._node < 0:
            return  # it comes again
        if self._ticking and self._early(number):
            return
        if number == signal.SIGALRM and self._is_starved():
            return
        raise CheckTimeout

    def _early(self, number: int) -> bool:
        """Whether the clock was set for a check before this one; then it is set for the rest of this one."""
        if number == signal.SIGALRM:
            kind, left = signal.ITIMER_REAL, self._wall - (time.monotonic() - self._armed)
        else:
            kind, left = signal.ITIMER_PROF, self._limit - (time.process_time() - self._own_mark)
        if left > 0:
            signal.setitimer(kind, left, REPEAT)
        return left > 0

    def _is_starved(self) -> bool:
        """Whether the check only waits for a busy machine, within the limit that holds whatever happens."""
        waited = time.monotonic() - self._armed
        return waited < self._cap and self._used() > STARVED * waited

    def _used(self) -> float:
        """CPU seconds of this process, and of the one that is followed, since the clock was set."""
        own = time.process_time() - self._own_mark
        return own + (process_cpu(self._pid) - self._mark if self._pid else 0.0)

    def follow(self, pid: int) -> None:
        """From now on the CPU time of that process counts as the check's."""
        self._pid = pid
        self._mark = process_cpu(pid)

    def overdue(self) -> bool:
        """Whether the process that is followed has used up the check's CPU time."""
        return process_cpu(self._pid) - self._mark > self._limit

    def _arm(self) -> None:
        """A check's time begins. A clock that is running already is left to `_early`."""
        self._armed, self._own_mark = time.monotonic(), time.process_time()
        if self._pid:
            self._mark = process_cpu(self._pid)
        if not self._ticking:
            self._ticking = not self._eager
            signal.setitimer(signal.ITIMER_PROF, self._limit, REPEAT)
            signal.setitimer(signal.ITIMER_REAL, self._wall, REPEAT)

    def _disarm(self) -> None:
        if self._eager:
            self._stop()

    def _stop(self) -> None:
        self._busy = True
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._busy = self._ticking = False

    # -- out --------------------------------------------------------------------------------------

    def _check(
        self, number: int, outcome: str, near: float, failure: Optional[Dict[str, Any]]
    ) -> None:
        self._busy = True
        self._outcomes[number] = outcome
        self._emit(
            ["c", self._node, number, outcome, near, failure, self._lap(), self._seen_since()]
        )
        self._arm()
        self._busy = False

    def _lap(self) -> float:
        now = time.perf_counter()
        seconds, self._since = now - self._since, now
        return round(seconds, 6)

    def imported(self) -> None:
        """What ran so far was only the import of the tests and the file."""
        self._disarm()
        self._emit(["i", self._lap()])
        self._seen_since()

    def _seen_since(self) -> Any:
        return None if self.watcher is None else self.watcher.told()

    def _emit(self, event: List[Any]) -> None:
        self._waiting.append(event)
        now = time.monotonic()
        if self._eager or now - self._flushed > FLUSH_S:
            self._flushed = now
            self.flush()

    def flush(self) -> None:
        """Sends what waits to be sent, as one frame where there are several."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            wire.write(self._fd, waiting[0] if len(waiting) == 1 else [SEVERAL, waiting])


def _expected(value: Any) -> Any:
    """What `pytest.approx` was made from."""
    return getattr(value, "expected", value) if type(value).__name__.startswith("Approx") else value
