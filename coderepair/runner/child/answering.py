"""A candidate's process: imports the program and answers calls of its functions, with data only.

Messages are frames of `wire`. What comes in is [what, free recursion depth] and, on a line of its own, the
arguments; what goes out is one of
    ["h", shape, file, imported]                     the program is imported
    ["x", failure]                                   it cannot be
    ["v" | "e" | "s", result, changes, out, err]     a value, an exception, the end of an iterator
    ["o", why]                                       something that is no data; the call was made
    ["z"]                                            more was printed than is allowed
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import sys
from types import CodeType, ModuleType
from typing import Any, Dict, List, Optional, Tuple

from . import crossing, entry, loader, values, wire


class _Bound:
    """What all that a program prints counts against, and where it is said that it was too much."""

    fd = -1
    left = 0


class _Printed(io.BytesIO):
    """What a program prints, up to a limit."""

    def __init__(self, bound: _Bound) -> None:
        super().__init__()
        self._bound = bound

    def write(self, data: Any) -> int:
        self._bound.left -= len(data)
        if self._bound.left < 0:
            wire.send(self._bound.fd, values.dumps(["z"]))
            os._exit(0)
        return super().write(data)

    def take(self) -> str:
        data = self.getvalue()
        if not data:
            return ""
        self.seek(0)
        self.truncate()
        return data.decode("utf-8", "replace")


def serve(fd: int, request: Dict[str, Any], folder: str) -> None:
    """Imports the program of `request` and answers until the judge hangs up."""
    entry.enter(request, folder)
    Answering(request).serve(fd, request)


class Answering:
    """Answers calls of one program. Made before the process is forked that it is for: all that can be
    made then need not be made in each."""

    def __init__(self, program: Dict[str, Any]) -> None:
        """`program` says the name of the module, its path, and which classes the user's own file defines."""
        self._module, self._path = program["module"], program["path"]
        self._border = crossing.Border(self._module, self._path, program["classes"])
        self._names: Dict[str, Any] = {}
        self._bound = _Bound()
        self._out, self._err = _Printed(self._bound), _Printed(self._bound)
        self._streams = _text(self._out), _text(self._err)
        self._fresh = _fresh(self._module, self._path)
        self._fd = -1
        self._depth = 0
        self._free = 0

    def serve(self, fd: int, request: Dict[str, Any]) -> None:
        """Imports the program of `request` and answers until the judge hangs up."""
        self._fd = self._bound.fd = fd
        self._bound.left = request["output_kb"] * 1024
        sys.stdout, sys.stderr = self._streams
        if self._imported(request["source"], request["report_imports"]):
            self._answer()

    def _say(self, tree: values.Tree) -> None:
        wire.send(self._fd, values.dumps(tree))

    def _imported(self, source: str, report: bool) -> bool:
        """Imports the program and says what there is, or why it cannot be imported."""
        path, before = self._path, set(sys.modules) if report else set()
        try:
            code = entry.compile_program(source, path)
            loader.show_source(path, source)
            loader.replace(path, lambda: code)
            module = self._import(code)
            found = crossing.shape(module)
        except (Exception, SystemExit) as error:
            from . import describe

            self._say(["x", describe.exception(error, path)])
            return False
        self._names = dict(module.__dict__)
        names = sorted(set(sys.modules) - before) if report else []
        self._say(["h", found, str(getattr(module, "__file__", "")), names])
        return True

    def _import(self, code: CodeType) -> ModuleType:
        """The module, without a search where its name needs none."""
        module = self._fresh
        if module is None:
            return importlib.import_module(self._module)
        sys.modules[self._module] = module
        exec(code, module.__dict__)
        return module

    def _answer(self) -> None:
        """One call after another, until the stream ends."""
        reader = wire.Reader(self._fd)
        while True:
            data = reader.next()
            if data is None:
                return
            head, _, body = data.partition(b"\n")
            what, free = values.loads(head)
            self._allow(free)
            try:
                reply = values.dumps(self._call(what, body))
            except (values.Uncrossable, RecursionError, MemoryError) as error:
                reply = values.dumps(["o", str(error)[:200]])
            wire.send(self._fd, reply)

    def _allow(self, free: int) -> None:
        """As much recursion as the test has left where it runs."""
        if free != self._free:
            if not self._depth:
                self._depth = depth() + 2
            sys.setrecursionlimit(max(self._depth + 20, self._depth + free))
            self._free = free

    def _call(self, what: Any, body: bytes) -> values.Tree:
        decoder = values.Decoder()
        args, named = decoder.decode(values.loads(body)) if body else ((), ())
        try:
            status, result = self._outcome(what, args, named)
        except BaseException as error:
            status, result = "e", error
        encoder = values.Encoder(decoder.met, self._border.other)
        changes = self._changes(encoder, args, named, body) if decoder.met else None
        tree = self._border.exception(result) if status == "e" else encoder.encode(result)
        return [status, tree, changes, *self._printed()]

    def _outcome(self, what: Any, args: Any, named: Any) -> Tuple[str, Any]:
        if type(what) is str:
            return "v", self._names[what](*args, **dict(named))
        try:
            return "v", next(self._border.iterators[what])
        except StopIteration as end:
            return "s", end.value

    def _changes(self, encoder: values.Encoder, args: Any, named: Any, body: bytes) -> values.Tree:
        """The content of the arguments' containers, None if it is what it was."""
        try:
            if values.dumps(values.Encoder().encode((args, named))) == body:
                return None
        except values.Uncrossable:
            pass
        return [encoder.content(container) for container in list(encoder.met)]

    def _printed(self) -> List[str]:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (ValueError, OSError, AttributeError):
                pass  # closed or replaced by the program
        return [self._out.take(), self._err.take()]


def _fresh(name: str, path: str) -> Optional[ModuleType]:
    """A module that has not run yet; None where its name needs a search."""
    if "." in name or os.path.basename(path) != name + ".py":
        return None
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


def _text(raw: io.BytesIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="")


def depth() -> int:
    """Frames on the stack, the caller's included."""
    count, frame = 0, sys._getframe(1)
    while frame is not None:
        count += 1
        frame = frame.f_back  # type: ignore[assignment]
    return count
