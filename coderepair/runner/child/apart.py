"""What of its file a test uses: its own text, and the definitions that it names, and those that they name."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Dict, Iterable, Iterator, List, Set, Tuple

MAX_KEPT = 8
EVERYWHERE = ("setup_", "teardown_", "setUpModule", "tearDownModule", "pytest_", "pytestmark")
"""Beginnings of names that count for every test of a file."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEPTH = 10


@lru_cache(maxsize=MAX_KEPT)
def parts(path: str) -> "Parts":
    """The parts of a file. Raises OSError, SyntaxError or ValueError."""
    with open(path, encoding="utf-8") as file:
        return Parts(file.read())


class Parts:
    """The statements of a test file by the names that they bind."""

    def __init__(self, text: str) -> None:
        """Raises SyntaxError or ValueError."""
        self.lines = text.splitlines()
        self.tree = ast.parse(text)
        self._bound: Dict[str, List[ast.stmt]] = {}
        self._always: List[ast.stmt] = []
        for statement in self.tree.body:
            names = set(_binds(statement))
            for name in names:
                self._bound.setdefault(name, []).append(statement)
            if not names or "*" in names or _counts_everywhere(statement, names):
                self._always.append(statement)

    def of(self, path: str) -> "Used | None":
        """What a test uses, by its qualified name (`test_a`, `TestB.test_c`); None if it is not here."""
        *classes, name = path.split(".")
        if not classes:
            test = _named(self.tree.body, name, FUNCTIONS)
        else:
            test = self._method(classes[0], name) if len(classes) == 1 else None
        if test is None:
            return None
        own = [each for name in classes for each in self._bound[name]]
        around = [each for statement in own for each in _without_tests(statement)]
        return self._closed([test, *around, *self._always], classes)

    def _method(self, owner: str, name: str, depth: int = 0) -> "ast.stmt | None":
        """A method of a class or, if it has none of that name, of those it is derived from."""
        found = _named(self.tree.body, owner, (ast.ClassDef,))
        if not isinstance(found, ast.ClassDef) or depth > DEPTH:
            return None
        bases = [each.id for each in found.bases if isinstance(each, ast.Name)]
        inherited = (self._method(base, name, depth + 1) for base in bases)
        return _named(found.body, name, FUNCTIONS) or next(filter(None, inherited), None)

    def _closed(self, statements: List[ast.stmt], classes: List[str]) -> "Used":
        names: Set[str] = set(classes)
        waiting = list(statements)
        found: List[ast.stmt] = []
        while waiting:
            statement = waiting.pop()
            found.append(statement)
            for name in names_in(statement) - names:
                names.add(name)
                for definition in self._bound.get(name, ()):
                    waiting += _without_tests(definition)
        return Used(found, names, self.lines)


class Used:
    """Statements, and all names in them."""

    def __init__(self, statements: List[ast.stmt], names: Set[str], lines: List[str]) -> None:
        self.statements = statements
        self.names = names
        self._lines = lines

    @property
    def text(self) -> str:
        """Their lines."""
        return "\n".join(map(self._text, self.statements))

    def _text(self, statement: ast.stmt) -> str:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(each.lineno for each in decorators)])
        return "\n".join(self._lines[first - 1 : statement.end_lineno or first])

    def walk(self) -> Iterator[ast.AST]:
        """Every node of them."""
        for statement in self.statements:
            yield from ast.walk(statement)


def names_in(node: ast.AST) -> Set[str]:
    """Names that a statement mentions; a parameter may be a fixture of that name."""
    found: Set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.arg):
            found.add(each.arg)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.add(each.value)  # `usefixtures("name")`, `globals()["name"]`
    return found


def _binds(statement: ast.stmt) -> Iterable[str]:
    """Names that a statement of a module gives a value, inside of `if`, `try` and `with` too."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    found: Set[str] = set()
    for each in ast.walk(statement):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
        elif isinstance(each, (ast.Import, ast.ImportFrom)):
            found.update((name.asname or name.name).partition(".")[0] for name in each.names)
        elif isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(each.name)
    return found


def _counts_everywhere(statement: ast.stmt, names: Set[str]) -> bool:
    if any(name.startswith(EVERYWHERE) for name in names):
        return True
    decorators = getattr(statement, "decorator_list", [])
    return any("autouse" in ast.dump(each) for each in decorators)


def _named(body: List[ast.stmt], name: str, kinds: Tuple[type, ...]) -> "ast.stmt | None":
    found = [each for each in body if isinstance(each, kinds) and getattr(each, "name", "") == name]
    return found[0] if len(found) == 1 else None


def _without_tests(statement: ast.stmt) -> List[ast.stmt]:
    """A statement; of a class what is around its tests."""
    if not isinstance(statement, ast.ClassDef):
        return [statement]
    rest = [each for each in statement.body if not getattr(each, "name", "").startswith("test")]
    words = [each.value for each in statement.keywords]
    around = [*statement.bases, *statement.decorator_list, *words]
    return [*(ast.copy_location(ast.Expr(each), each) for each in around), *rest]
