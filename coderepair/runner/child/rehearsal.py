"""What a process does a few times before it is forked, so that its forks find it done.

Python keeps what it learns of code, types and attributes beside them. Each fork that learned it by itself
would do so slowly, and in copies of its own of the pages where it is kept.
"""

from __future__ import annotations

import signal
import socket
import sys
from typing import Any, Dict, Tuple

from . import answering, entry, sandbox, values, wire

TIMES = 24
"""The interpreter makes code faster after a dozen or two of its runs."""
PROGRAM = """
from typing import Dict, List, Optional, Tuple
import math
LIMIT = 10
def plain(number: int, text: str = "a") -> int:
    return number + len(text)
def changing(items: List[int]) -> None:
    items.sort()
def making(items: Dict[str, List[int]], pair: Tuple[float, Optional[str]]):
    return {name: (tuple(each), pair) for name, each in items.items()}
def printing(text):
    print(text)
    return [text, None, True]
def failing(items):
    raise ValueError("no such item: %r" % items[0])
"""
CALLS: Tuple[Tuple[str, Tuple[Any, ...], Tuple[Any, ...]], ...] = (
    ("plain", (1,), ()),
    ("plain", (1,), (("text", "abc"),)),
    ("changing", ([3, 1, 2],), ()),
    ("making", ({"a": [1], "b": [2, 3]}, (0.5, None)), ()),
    ("printing", ("x",), ()),
    ("failing", ([1],), ()),
    ("plain", ([],), ()),
)
NAME = "coderepair_rehearsal"
"""Not the name of the user's module: a package around it would be imported, and fail, with our program in it."""
FREE = 900
REQUEST = {"source": PROGRAM, "output_kb": 64, "report_imports": False}


def rehearse(program: Dict[str, Any]) -> None:
    """Everything between fork and end but what cannot be taken back, with a program of our own."""
    streams, own = (sys.stdout, sys.stderr), {**program, "module": NAME, "path": NAME + ".py"}
    for _ in range(TIMES):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for what, args, named in CALLS:
                body = values.dumps(values.Encoder().encode((args, named)))
                wire.send(theirs.fileno(), values.dumps([what, FREE]) + b"\n" + body)
            theirs.shutdown(socket.SHUT_WR)
            signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))
            sandbox.die_with_parent()
            sandbox.close_to_debuggers()
            answering.Answering(own).serve(ours.fileno(), REQUEST)
    sys.stdout, sys.stderr = streams
    sys.modules.pop(NAME, None)
    sys.setrecursionlimit(entry.RECURSION)
