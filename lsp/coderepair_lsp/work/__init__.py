"""What runs in a process of its own, so that the server never waits and a cancel always works.

main.py     reads one job, does it, writes events as JSON lines; ends with the server
job.py      the job as it is written to standard input
subject.py  which file a document is about, and which tests judge it
check.py    the tests against the text as it is
repair.py   the search for a repair of that text
look.py     the tree of an earlier run, the state of the installation
"""
