"""A program that reads standard input and writes standard output, run once for each input of its task.

What it wrote is told as it is: the expected outputs are not in this process, nor in any file it can read.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import types
from typing import Any, Container, Dict

from . import describe, loader
from .recorder import CheckTimeout, Overflow, Recorder

MAIN = "__main__"
OUTPUT = 1024 * 1024
"""Bytes that a program may write for one input."""


def listing(task: Any) -> Dict[str, Any]:
    """One node for each input."""
    nodes = [{"id": case["id"], "kind": "item", "count": 0} for case in task.request["cases"]]
    return {"nodes": nodes, "errors": [], "texts": []}


def run(task: Any, recorder: Recorder, wanted: Container[int]) -> None:
    """Runs the program with the inputs of the wanted nodes, one after the other in this process."""
    code = loader.code_of(task.path)
    stage = Stage(task.path, task.request["root"], os.environ["TMPDIR"])
    for number, case in enumerate(task.request["cases"]):
        if number in wanted:
            _one(stage, code, number, case["input"], recorder)


def _one(stage: Stage, code: Any, number: int, text: str, recorder: Recorder) -> None:
    recorder.begin(number, -1)
    try:
        stage.set(text)
        stage.play(code)
        recorder.output(stage.written())
        recorder.finish("ok", None)
    except CheckTimeout as error:
        recorder.timed_out(0, error)
        recorder.finish("timeout", None)
    except BaseException as error:
        recorder.finish("call", describe.exception(error, stage.path))


class Stage:
    """Standard input and output of a program, on the real descriptors 0 and 1."""

    def __init__(self, path: str, root: str, folder: str) -> None:
        self.path = path
        self._root = os.path.join(os.path.realpath(root), "")
        self._input, self._output = (os.path.join(folder, name) for name in ("stdin", "stdout"))
        self._before = set(sys.modules)
        sys.path.insert(0, os.path.dirname(path))  # as `python FILE` does
        atexit._clear()

    def set(self, text: str) -> None:
        """The next run begins: this is its input."""
        with open(self._input, "wb") as given:
            given.write(text.encode("utf-8", "surrogatepass"))
        for descriptor, name, flags in (
            (0, self._input, os.O_RDONLY),
            (1, self._output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        ):
            opened = os.open(name, flags, 0o600)
            os.dup2(opened, descriptor)
            os.close(opened)
        sys.stdin = _stream(0, "r")
        sys.stdout = _stream(1, "w")
        sys.argv = [self.path]
        sys.setrecursionlimit(1000)
        for name in set(sys.modules) - self._before:
            file: str = getattr(sys.modules[name], "__file__", None) or ""
            if os.path.realpath(file).startswith(self._root) and "site-packages" not in file:
                del sys.modules[name]

    def play(self, code: Any) -> None:
        """The program from its start to its exit. Raises what it raises; leaving with 0 is its end."""
        module = types.ModuleType(MAIN)
        module.__dict__["__file__"] = self.path
        sys.modules[MAIN] = module
        try:
            exec(code, module.__dict__)
        except SystemExit as leaving:
            if leaving.code not in (None, 0):
                raise
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.__stdout__):
            if stream is not None and not stream.closed:
                stream.flush()

    def written(self) -> str:
        """What came out. Raises `Overflow` if that was too much."""
        with open(self._output, "rb") as told:
            data = told.read(OUTPUT + 1)
        if len(data) > OUTPUT:
            raise Overflow
        return data.decode("utf-8", "replace")


def _stream(descriptor: int, mode: str) -> Any:
    """The program may do with it whatever it likes, but the descriptor stays open."""
    return open(descriptor, mode, encoding="utf-8", errors="replace", closefd=False)
