"""Executes programs against their tests, one forked process a program; run as a script.

Standard input: JSON list of `[program, [test, ...], stop_at_failure]`. Standard output: JSON list
with, for each program, the outcome of each test (`pass`, `not_run` or one of the failures).

Covered: CPU time of each program, address space, size of written files, processes, output.
Not covered: reading files, the network. Meant for programs written by people we trust and for
simple mutants of them.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

CPU_SECONDS = 1.0
MEMORY = 1 << 30


def main() -> None:
    """Answer the list of jobs on standard input."""
    jobs = json.load(sys.stdin)
    json.dump([outcomes(*job) for job in jobs], sys.stdout)


def outcomes(program: str, tests: list[str], stop_at_failure: bool) -> list[str]:
    """One outcome a test; after a test that ends the process the next ones get a new process."""
    found: list[str] = []
    while len(found) < len(tests):
        found += _forked(program, tests[len(found) :], stop_at_failure)
        if stop_at_failure and found[-1] != "pass":
            break
    return found + ["not_run"] * (len(tests) - len(found))


def _forked(program: str, tests: list[str], stop_at_failure: bool) -> list[str]:
    """Outcomes of the first tests, at least one: up to the one that ended the process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            _limit()
            _execute(program, tests, stop_at_failure, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        found = lines.read().split()
    status = os.waitpid(pid, 0)[1]
    ended_early = len(found) < len(tests) and not (
        stop_at_failure and found[-1:] not in ([], ["pass"])
    )
    if ended_early:
        timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF
        found.append("timeout" if timed_out else "crash")
    return found


def _limit() -> None:
    """Kill this process at its limits; throw away what it prints."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)


def _execute(program: str, tests: list[str], stop_at_failure: bool, writer: int) -> None:
    namespace: dict[str, Any] = {"__name__": "solution"}
    broken = _outcome(program, namespace)
    for test in tests:
        outcome = _outcome(test, namespace) if broken == "pass" else broken
        os.write(writer, f"{outcome}\n".encode())
        if stop_at_failure and outcome != "pass":
            return


def _outcome(source: str, namespace: dict[str, Any]) -> str:
    try:
        exec(compile(source, "<bank>", "exec"), namespace)
    except AssertionError:
        return "assertion"
    except RecursionError:
        return "recursion"
    except MemoryError:
        return "memory"
    except Exception:
        return "exception"
    return "pass"


if __name__ == "__main__":
    main()
