"""What can be said about a program without running it."""

from __future__ import annotations

import warnings

from coderepair.model import Node, Task


def findings(task: Task, node: Node) -> tuple[str, ...]:
    """The compiler's complaint, if the program does not compile: `line 3: expected ':'`."""
    if node.program is None:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(node.program.source, task.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return (f"line {error.lineno or 1}: {error.msg}",)
    except (ValueError, RecursionError, MemoryError):
        return ("line 1: the source cannot be compiled",)
    return ()
