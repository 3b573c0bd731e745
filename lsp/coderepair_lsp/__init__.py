"""The language server: requests of an editor become checks and repairs of the core, in processes of
their own; their results become diagnostics, code actions and edits of the open buffer.

stdio.py      standard output belongs to the protocol
server.py     the server: its features, commands and requests, each handed on
workspace.py  open documents: text, version, what cannot be repaired
options.py    what the client asked for at the start, and its settings
job.py        one process that checks or repairs, and its end
work/         what runs in that process
runs.py       a check or a repair from request to result
places.py     what a check found, as places in documents that move with edits
board.py      what is known of which document: places, verified repairs, what is pushed
edits.py      from a new text to the smallest edits, in the client's units
answers.py    diagnostics, code actions, lenses and hovers made from places
words.py      failures in words
announce.py   progress and messages of runs that a command started
"""
