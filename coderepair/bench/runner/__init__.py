"""Measures the runner itself: what a verdict costs, and whether plain pytest gives the same one.

__main__.py  the commands: `python -m coderepair.bench.runner cost | verdicts | package`
cost.py      CPU, wall time, memory and throughput against `python -m pytest` in a subprocess
tables.py    its figures as JSON and Markdown
usage.py     CPU time and memory of this process and all that it started
agreement.py verdicts test by test in both modes against plain pytest, and how many fall back
broken.py    the same for a package on disk, one function broken at a time
plain.py, plain_child.py  plain pytest for many programs, each in a fork of its own
"""
