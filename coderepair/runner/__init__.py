"""Runs programs against a task's tests, in a sandbox, with the project's own interpreter.

pool.py     the `Runner`: spreads programs over warm workers, adapts time limits, guards the user's files
requests.py what is said to a worker
worker.py   one warm process of the project's interpreter
isolation.py  how well candidates are contained, by self-test
parking.py  a warm worker between two owners
pins.py     the user's files must not change meanwhile
reports.py  what a worker tells, as a `TestReport`
child/      the files that run inside the project's interpreter
"""

from coderepair.runner.pool import ForkRunner, open_runner

__all__ = ["ForkRunner", "open_runner"]
