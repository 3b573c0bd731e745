"""Docstring examples as checks. They are read from the *original* file: a program cannot edit its own."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import re
import sys
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import closeness, describe
from .recorder import ERROR, FAIL, PASS, CheckTimeout, Recorder

TRIPLE_QUOTED = re.compile(r"(\"\"\"|''')(.*?)\1", re.DOTALL)


def examples(path: str, source: str) -> List[Tuple[str, List[doctest.Example]]]:
    """(dotted name, examples) for each docstring of a module, or for a text file as a whole."""
    parser = doctest.DocTestParser()
    if not path.endswith(".py"):
        found = [(os.path.basename(path), parser.get_examples(source, path))]
    else:
        module = module_name(path)[1]
        found = [
            (".".join([module, *name]), parser.get_examples(text, path))
            for name, text in _docstrings(source)
        ]
    return [(name, list(items)) for name, items in found if items]


def _docstrings(source: str) -> Iterator[Tuple[List[str], str]]:
    def visit(node: Any, path: List[str]) -> Iterator[Tuple[List[str], str]]:
        text = ast.get_docstring(node, clean=False)
        if text:
            yield path, text
        for child in node.body:
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from visit(child, [*path, child.name])

    try:
        yield from visit(ast.parse(source), [])
    except (SyntaxError, ValueError, RecursionError):
        yield from _loose(source)


def _loose(source: str) -> Iterator[Tuple[List[str], str]]:
    """A file that does not parse: what stands in triple quotes, as if it were one docstring."""
    yield [], "\n\n".join(text for _, text in TRIPLE_QUOTED.findall(source))


def module_name(path: str) -> Tuple[str, str]:
    """(folder that has to be on `sys.path`, dotted name): the highest package wins, as in pytest."""
    folder, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    parts = [] if name == "__init__" else [name]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        parts.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return folder, ".".join(parts)


def run(task: Any, number: int, recorder: Recorder) -> None:
    """Runs the examples of one docstring, which is node `number`; each is a check of its own."""
    node = task.nodes[number]
    recorder.begin(number, -1)
    namespace: Dict[str, Any] = {"__name__": "__main__"}
    if node["path"].endswith(".py"):
        try:
            namespace = dict(module(node["path"]).__dict__)
        except (Exception, SystemExit) as error:
            recorder.finish("collect", describe.exception(error, task.path))
            return
        except CheckTimeout as error:
            recorder.timed_out(0, error)
            recorder.finish("timeout", None)
            return
    recorder.imported()
    recorder.begin(number, -1)
    test = doctest.DocTest(task.examples[node["id"]], namespace, node["id"], node["path"], 0, None)
    _Runner(recorder, task.path, task.doctest_flags).run(test, out=_quiet, clear_globs=False)
    recorder.finish("ok", None)


def module(path: str) -> Any:
    """The module of a file, imported as pytest does for its doctests."""
    folder, name = module_name(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


class _Runner(doctest.DocTestRunner):
    """Tells the recorder instead of printing."""

    def __init__(self, recorder: Recorder, user_file: str, flags: int) -> None:
        super().__init__(verbose=False, optionflags=flags)
        self._recorder = recorder
        self._user_file = user_file
        self._numbers: Dict[int, int] = {}

    def run(self, test: Any, *args: Any, **kwargs: Any) -> Any:
        self._numbers = {id(example): number for number, example in enumerate(test.examples, 1)}
        return super().run(test, *args, **kwargs)

    def report_start(self, _out: Any, _test: Any, _example: Any) -> None:
        pass

    def report_success(self, _out: Any, _test: Any, example: Any, _got: str) -> None:
        self._tell(example, PASS, 0.0, None)

    def report_failure(self, _out: Any, _test: Any, example: Any, got: str) -> None:
        failure = {
            "kind": "assertion",
            "message": describe.cut(
                "Expected %s, got %s" % (example.want.strip(), got.strip()), 500
            ),
            "call": describe.cut(example.source.strip(), describe.VALUE),
            "expected": describe.cut(example.want.strip(), describe.VALUE),
            "got": describe.cut(got.strip(), describe.VALUE),
        }
        self._tell(example, FAIL, _near(got, example.want), failure)

    def report_unexpected_exception(
        self, _out: Any, _test: Any, example: Any, exc_info: Any
    ) -> None:
        number = self._numbers[id(example)]
        if isinstance(exc_info[1], CheckTimeout):
            self._recorder.timed_out(number, exc_info[1])
            return
        failure = describe.exception(exc_info[1], self._user_file)
        failure["call"] = describe.cut(example.source.strip(), describe.VALUE)
        failure["expected"] = describe.cut(example.want.strip(), describe.VALUE)
        self._tell(example, ERROR, 0.0, failure)

    def _tell(
        self, example: Any, outcome: str, near: float, failure: Optional[Dict[str, Any]]
    ) -> None:
        self._recorder.example(self._numbers[id(example)], outcome, near, failure)


def _quiet(_text: str) -> None:
    """Doctest's own report is not wanted."""


def _near(got: str, want: str) -> float:
    """Closeness of the values, where the texts are literals; of the texts otherwise."""
    try:
        return closeness.closeness(
            ast.literal_eval(got[:20000].strip()), ast.literal_eval(want.strip())
        )
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return closeness.closeness(got.strip(), want.strip())
