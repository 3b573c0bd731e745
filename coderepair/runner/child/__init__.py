"""What runs inside the *project's* interpreter (Python 3.8 to 3.14): no dependency but pytest, which is the project's.

main.py       starts as a script, makes these files importable under a private name, enters the zygote
zygote.py     warm process, one per worker: imports pytest, forks one server per task
server.py     one per task: holds pytest's configuration and the rewritten tests, forks one candidate per program
forking.py    forks, listens, kills
ending.py     how a process ended, and whether that was one of its bounds
warm.py       imports done once for all forks
candidate.py  the forked process in which a program meets its tests
session.py    pytest without a terminal: configure, collect, run, tell the recorder
direct.py     plain test functions called without pytest
plain.py      unmodified pytest in a fresh process: verification
asserts.py    rewrites test functions so that every assert counts by itself
recorder.py   where rewritten asserts report to; also the clock that ends a hanging check
both.py       a program judged by two processes as far as that goes, and in its own for the rest
pair.py       the server's hold on those two (starting.py: how they begin)
judge.py      runs the tests, and never a line of the program
remote.py     what tests import there: functions that are called in the other process (raised.py: exceptions)
eligible.py   which tests reach the program by calls with data only
lean.py       forks the candidates of two-process mode (answering.py: one of them, crossing.py: what it tells)
rehearsal.py  what that process does beforehand, so that its forks find it done
ground.py     the folder that they may write to, one after another
link.py       the judge's end of the socket to a candidate
script.py     the calls that a task's tests make of every program, sent at once
apart.py      what of its file one of these tests uses
values.py     plain data between the two
hiding.py     keeps the tests' files from candidates
tripwire.py   names by which a program could reach tests in its own process
entry.py      what a process gives up before it runs a program
describe.py   a failing check in words: call, expected, got, lines of the user's file
closeness.py  how near a wrong value is to the right one
doctests.py   examples in docstrings, taken from the original file
blocks.py     values at points of the program, for one call of a check (display.py: as text)
loader.py     the program takes the place of the user's file when it is imported
coverage.py   which lines of the user's file each check executes
sandbox.py    all that a process gives up; resource limits
landlock.py   which files it may read and write
seccomp.py    which system calls it may make (calls.py: their names, syscalls.py: numbers)
namespaces.py a worker's own processes, network and mounts
disk.py       how much a program has written
system.py     the C library: capabilities, death with the parent, orphans
containment.py what bounds a process from outside, per system (macos.py, windows.py: untested)
spawn.py      as lean.py without forks: interpreters started ahead (spare.py: one of them)
probe.py      tries to break out, for the isolation self-test
wire.py       length-prefixed JSON
"""
