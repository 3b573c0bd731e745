"""The judge's side of the border: a module whose functions run in another process.

Tests import it in the place of the user's file. What a test does with it that could be told apart from a
call with data is refused, and the check is then run in the candidate's own process instead.
"""

from __future__ import annotations

import collections
import os
import sys
import threading
from types import MethodType, ModuleType
from typing import Any, Callable, Dict, Generator, List, Optional, Tuple

from . import answering, raised, script, values
from .link import Gone, Link
from .recorder import Crashed, Overflow, Recorder

CODE = compile("__import__('sys').modules[%r].border.fill(globals())" % __name__, __name__, "exec")
"""What runs in place of the user's file."""
FIELDS = 50

Renew = Callable[[], Tuple[int, int]]


class NotData(BaseException):
    """A test did what cannot cross. No handler of `Exception` swallows it."""


class Border:
    """What crosses, both ways. There is one, as tests hold on to what they imported."""

    def __init__(self) -> None:
        self.recorder: Optional[Recorder] = None
        self.reason = ""
        """Why the node that is running cannot be judged from here, once that is so."""
        self.dirty = False
        """Whether a call has changed a value of the tests."""
        self.filled: List[str] = []
        """Names under which tests imported the module."""
        self.raised = raised.Raised("", self._missing)
        self._shape: values.Tree = []
        self.script = script.Script()
        self._link: Optional[Link] = None
        self._renew: Optional[Renew] = None
        self._tuples: Dict[Tuple[str, ...], Any] = {}

    def prepare(self, module: str, shape: values.Tree) -> None:
        """The module, as the original program showed itself."""
        self._shape = shape
        self.raised = raised.Raised(module, self._missing)

    def _missing(self, name: str) -> Any:
        """An attribute of an exception that its class may have on the other side."""
        if name.startswith("__") or self.recorder is None:
            raise AttributeError(name)
        return self.refuse("attribute of an exception")

    def fill(self, namespace: Dict[str, Any]) -> None:
        """Gives the module its names, as `CODE`."""
        for name, kind, what in self._shape:
            namespace[name] = self._named(name, kind, what)
        self.filled.append(namespace["__name__"])
        module = sys.modules.get(namespace["__name__"])
        if module is not None and module.__dict__ is namespace:
            module.__class__ = _Module

    def _named(self, name: str, kind: str, what: Any) -> Any:
        if kind == "f":
            return Remote(name, what)
        if kind == "d":
            return values.Decoder().decode(what)
        if kind == "m" and what in sys.modules and raised.is_stdlib(what):
            return sys.modules[what]
        if kind == "x":
            return self.raised.kind(what) or Opaque(name)
        return Opaque(name)

    # -- one program ------------------------------------------------------------------------------

    def begin(self, recorder: Recorder, renew: Renew) -> None:
        """A program's turn. `renew` gives the socket of a fresh process with it, and that process's id."""
        self.recorder, self._renew = recorder, renew
        self.reason, self.dirty = "", False
        self.script.begin()

    def end(self) -> None:
        self.script.end()
        self.drop()
        self.recorder = None

    def connect(self) -> values.Tree:
        """Starts a process with the program; its first message. Raises what `Link.reply` does."""
        self.drop()
        assert self._renew is not None and self.recorder is not None
        fd, pid = self._renew()
        self._link = Link(fd, pid)
        self.recorder.follow(pid)
        told = self._link.reply(self.recorder.overdue)
        if told[:1] == ["h"]:
            self._link.post(*self.script.opening())
        return told

    def drop(self) -> None:
        """Hangs up on the candidate; whoever forked it ends it."""
        if self._link is not None:
            if self._link.fd >= 0:
                os.close(self._link.fd)
            self._link = None
            self.script.lost()

    def refuse(self, reason: str) -> Any:
        """Ends the test that is running: it has to be run in the candidate's process."""
        self.reason = self.reason or reason
        raise NotData(reason)

    # -- calls ------------------------------------------------------------------------------------

    def call(self, what: Any, args: Any, named: Any) -> Any:
        """What the candidate's function returns, or raises."""
        if self.recorder is None or threading.current_thread() is not threading.main_thread():
            return self.refuse("called while collecting, or from a thread")
        encoder = values.Encoder()
        try:
            body = values.dumps(encoder.encode((args, tuple(named.items()))))
        except (values.Uncrossable, RecursionError) as error:
            return self.refuse("argument: %s" % error)
        return self._answer(self._asked(what, body), encoder.met)

    def _asked(self, what: Any, body: bytes) -> values.Tree:
        assert self.recorder is not None
        message = values.dumps([what, sys.getrecursionlimit() - answering.depth()]) + b"\n" + body
        try:
            if self._link is None and self.connect()[0] != "h":
                raise Gone
            assert self._link is not None
            taken = self.script.take(message)
            if taken == script.ASTRAY:
                self._repeat(self._link)
                taken = self.script.take(message)
            if taken == script.NEW:
                self._link.post(message)
            return self._link.reply(self.recorder.overdue, self.script.waits)
        except (Gone, *values.MALFORMED):
            self.drop()
            raise Crashed from None
        except BaseException:
            self.drop()
            raise

    def _repeat(self, link: Link) -> None:
        """A fresh process, brought to where the last would be had it been asked in turn."""
        assert self._renew is not None and self.recorder is not None
        self.script.leave()
        os.close(link.fd)
        link.fd = -1
        link.move(*self._renew())
        self.recorder.follow(link.pid)
        if link.reply(self.recorder.overdue)[:1] != ["h"]:
            raise Gone
        for message in self.script.said:
            link.post(message)
            link.reply(self.recorder.overdue)

    def _refused(self, reply: values.Tree) -> None:
        """Raises if there is neither value nor exception."""
        if type(reply) is list and reply[:1] == ["z"]:
            self.drop()
            raise Overflow
        if type(reply) is list and reply[:1] == ["o"]:
            self.refuse("result: %s" % str(reply[1:])[:100])

    def _answer(self, reply: values.Tree, met: List[Any]) -> Any:
        self._refused(reply)
        try:
            status, tree, changes, out, err = reply
            decoder = values.Decoder(met, self._other)
            self._change(decoder, changes, met)
            sys.stdout.write(out)
            sys.stderr.write(err)
            result: Any = self.raised.error(tree) if status == "e" else decoder.decode(tree)
        except values.MALFORMED:
            self.drop()
            raise Crashed from None
        if status == "v":
            return result
        if status == "s":
            raise StopIteration(result)
        if result is None:
            return self.refuse("exception")
        raise result

    def _change(self, decoder: values.Decoder, changes: values.Tree, met: List[Any]) -> None:
        if changes is None:
            return
        if len(changes) != len(met):
            raise ValueError("other arguments")
        self.dirty = True
        for value, tree in zip(met, changes):  # noqa: B905
            decoder.refill(value, tree)

    def _other(self, tree: values.Tree) -> Any:
        if tree[0] == "I" and type(tree[1]) is int:
            return self._iterate(self._link, tree[1])
        if tree[0] == "N":
            return self._tuple(tree)
        if tree[0] == "?":
            return Stranger(str(tree[1]))
        raise ValueError("unknown tag")

    def _tuple(self, tree: values.Tree) -> Any:
        _, name, fields, *items = tree
        key = (name, *fields)
        if len(fields) > FIELDS or len(fields) != len(items):
            raise ValueError("no named tuple")
        if key not in self._tuples:
            self._tuples[key] = collections.namedtuple(name, fields)
        return self._tuples[key]._make(values.Decoder(other=self._other).all(items))

    def _iterate(self, link: Optional[Link], number: int) -> Generator[Any, None, Any]:
        while True:
            if self._link is not link:
                raise Crashed
            try:
                item = self.call(number, (), {})
            except StopIteration as end:
                return end.value
            yield item


border = Border()


class Remote:
    """A function of the program under test."""

    def __init__(self, name: str, doc: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.__doc__ = doc

    def __call__(self, *args: Any, **named: Any) -> Any:
        return border.call(self.__name__, args, named)

    def __get__(self, instance: Any, _owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or border.recorder is None:
            raise AttributeError(name)
        return border.refuse("attribute of a function")


class _Module(ModuleType):
    """The module itself, which tests must not change."""

    def __getattr__(self, name: str) -> Any:
        """What the original does not have, a candidate may."""
        if name.startswith("__") or border.recorder is None:
            raise AttributeError("module %r has no attribute %r" % (self.__name__, name))
        return border.refuse("a name that the original module does not have")

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(value, ModuleType) and not name.startswith("__"):
            border.refuse("the module is changed")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        border.refuse("the module is changed")


class Stranger:
    """An object of a class that only the candidate knows: equal to nothing but itself."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return "<%s object>" % self._name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or border.recorder is None:
            raise AttributeError(name)
        return border.refuse("object of " + self._name)


class Opaque(Stranger):
    """A name of the user's module that is neither function nor data."""


def _refusing(name: str) -> Any:
    def method(self: Stranger, *_args: Any) -> Any:
        return border.refuse("%s of %s" % (name, self._name))

    return method


_NOT_OF_STRANGERS = ("call", "bool", "len", "iter", "next", "contains", "getitem", "lt", "le", "gt", "ge",
                     "int", "float", "index", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv",
                     "rtruediv", "mod", "abs", "neg", "enter", "await", "round")  # fmt: skip
for _name in _NOT_OF_STRANGERS:
    setattr(Stranger, "__%s__" % _name, _refusing(_name))
for _name in ("eq", "ne", "hash", "mro_entries", "instancecheck", "subclasscheck", "setitem"):
    setattr(Opaque, "__%s__" % _name, _refusing(_name))
