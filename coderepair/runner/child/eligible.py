"""Which tests can be judged from a process of their own: those that reach the program by calls with data.

What a test could share with the program besides (a patched module, an environment variable, a clock that
was set, a file it made) is looked for where it would have to be named: in the tests' imports, fixtures and
text. Whatever remains shows when the original program is judged both ways.
"""

from __future__ import annotations

import ast
import collections
import os
import re
import sys
import types
from typing import Any, Dict, Iterable, List, Optional, Set

from . import apart, raised, remote, values

STATEFUL = {
    "random", "os", "sys", "time", "locale", "decimal", "logging", "threading", "tempfile", "pathlib",
    "shutil", "socket", "contextvars", "datetime", "builtins", "io", "gc", "weakref", "signal",
}  # fmt: skip
"""Modules with a state that tests and program share; harmless where the program does not name them."""
NEVER = {"mock", "inspect", "ctypes", "importlib", "subprocess", "multiprocessing", "asyncio", "runpy",
         "warnings", "tracemalloc", "types", "dis", "ast", "pickle", "concurrent"}  # fmt: skip
FIXTURES = {"monkeypatch", "mocker", "tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory", "capfd",
            "capfdbinary", "capsysbinary", "recwarn", "caplog", "testdir", "pytester", "event_loop",
            "benchmark"}  # fmt: skip
TEXT = re.compile(
    r"\b(?:stdin|warns|deprecated_call|mock|patch|__code__|__closure__|getsource|assertIs|assertIsNot)\b"
)
CROSSING = frozenset({"__init__", "__len__", "__file__", "__class__"})
"""Special attributes that data has here as well as there; a function's or an exception's may differ."""
SINGLE = frozenset(values.TYPES) | {"NotImplemented"}
"""Names of objects that cross as themselves."""
CONSTANTS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis), range, re.Pattern)
CHANGING = (list, dict, set, bytearray, collections.deque)
REACHING = {"globals", "vars", "getattr", "eval", "exec", "__import__", "__dict__", "__globals__",
            "__defaults__", "__kwdefaults__", "__closure__", "__builtins__"}  # fmt: skip
"""Names by which a test gets at values that were there before it."""
HARMLESS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    type,
    remote.Remote,
    remote.Stranger,
)


def file_reason(path: str, program: str, target: str, root: str) -> str:
    """Why no test of a file can; empty if there is nothing against it. `program` is the original's text."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return "the file cannot be read"
    imported = sorted(_imports(ast.walk(tree)))
    found = (_import_reason(name, program, target, root) for name in imported)
    return _text_reason(text) or _peculiar(ast.walk(tree)) or next(filter(None, found), "")


def test_reason(used: apart.Used, program: str, target: str, root: str) -> str:
    """As `file_reason`, for what one test uses of its file."""
    nodes = list(used.walk())
    imported = sorted(_imports(nodes, used.names))
    found = (_import_reason(name, program, target, root) for name in imported)
    return _text_reason(used.text) or _peculiar(nodes) or next(filter(None, found), "")


def _text_reason(text: str) -> str:
    found = TEXT.search(text)
    return "uses " + found.group() if found else ""


def _import_reason(name: str, program: str, target: str, root: str) -> str:
    """Why no test can that imports this."""
    parts = set(name.split("."))
    if parts & NEVER:
        return "imports " + name
    shared = parts & STATEFUL
    if any(re.search(r"\b%s\b" % each, program) for each in shared):
        return "shares " + name
    return "" if _known(name, target, root) else "imports " + name


def _peculiar(nodes: Iterable[ast.AST]) -> str:
    """What a test asks of a value that a copy of it would answer differently."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr.startswith("__"):
            if node.attr.endswith("__") and node.attr not in CROSSING:
                return "reads " + node.attr
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = zip(sides, node.ops, sides[1:])  # noqa: B905
            if any(isinstance(by, (ast.Is, ast.IsNot)) and not _single(a, b) for a, by, b in pairs):
                return "compares identities"
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id"
        ):
            return "compares identities"
    return ""


def _single(*sides: ast.expr) -> bool:
    """Whether one of them is an object of which each process has one that crosses as itself."""
    return any(
        (isinstance(side, ast.Constant) and side.value in (None, True, False, Ellipsis))
        or (isinstance(side, ast.Name) and side.id in SINGLE)
        for side in sides
    )


def _imports(nodes: Iterable[ast.AST], used: Optional[Set[str]] = None) -> Set[str]:
    """What is imported, as far as it is used."""
    found: Set[str] = set()
    for node in nodes:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        names = [
            each
            for each in node.names
            if used is None
            or each.name == "*"
            or (each.asname or each.name).partition(".")[0] in used
        ]
        if isinstance(node, ast.Import):
            found.update(each.name for each in names)
        elif names:
            found.add(node.module or "")
            found.update(each.name for each in names if each.name in NEVER | STATEFUL)
    return found - {""}


def _known(name: str, target: str, root: str) -> bool:
    """Whether a module holds nothing of the project: the target, packages around it, libraries."""
    if name in STATEFUL | NEVER or target == name or target.startswith(name + "."):
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return name in sys.modules
    real = os.path.realpath(file)
    return "-packages" + os.sep in real or not real.startswith(os.path.realpath(root) + os.sep)


def module_reason(
    module: types.ModuleType, target: str, root: str, used: Optional[Set[str]] = None
) -> str:
    """As `file_reason`, from what a loaded test module holds, as far as it is used."""
    for name, value in module.__dict__.items():
        if used is not None and name not in used:
            continue
        if name.startswith("__") or isinstance(value, remote.Remote):
            continue
        home = (
            value.__name__
            if isinstance(value, types.ModuleType)
            else getattr(value, "__module__", None)
        )
        if not isinstance(home, str) or home in (module.__name__, remote.__name__):
            continue
        if home in sys.modules and not _known(home, target, root):
            return "uses %s of %s" % (name, home)
    return ""


def fixtures_reason(names: Iterable[str]) -> str:
    """Why a test with these fixtures cannot."""
    found = sorted(FIXTURES.intersection(names))
    return "fixture " + found[0] if found else ""


def is_pure(modules: Iterable[types.ModuleType]) -> bool:
    """Whether running their functions leaves nothing behind: no module holds a value that can change."""
    return all(
        _is_constant(value, 0) or _is_pure_callable(value)
        for module in modules
        for name, value in module.__dict__.items()
        if not name.startswith("__") and not name.startswith("@")
    )


def is_forgetful(modules: Iterable[types.ModuleType]) -> bool:
    """Whether also what a call changes in its arguments is gone with the test: for modules that are pure.

    Then a value that can change is made by the test that uses it, unless it gets at one of a library.
    """
    return all(_makes_its_values(module) for module in modules)


def _makes_its_values(module: types.ModuleType) -> bool:
    held = [value for name, value in module.__dict__.items() if not name.startswith("__")]
    codes = [each.__code__ for each in held if isinstance(each, types.FunctionType)]
    names: Set[str] = set().union(*map(_names, codes)) if codes else set()
    if names & REACHING or any(map(_imports_inside, codes)):
        return False
    libraries = [each for each in held if isinstance(each, (types.ModuleType, type))]
    if any(getattr(each, "__name__", "") in STATEFUL for each in libraries):
        return False
    found = (getattr(each, name, None) for each in libraries for name in names)
    return not any(isinstance(each, CHANGING) for each in found)


def _names(code: types.CodeType) -> Set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*inner)


def _imports_inside(code: types.CodeType) -> bool:
    import dis

    return any(each.opname == "IMPORT_NAME" for each in dis.get_instructions(code)) or any(
        _imports_inside(each) for each in code.co_consts if isinstance(each, types.CodeType)
    )


def _is_pure_callable(value: Any) -> bool:
    if isinstance(value, types.FunctionType):
        code = value.__code__
        defaults = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        cells = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        held = all(_is_constant(each, 0) for each in (*defaults, *cells))
        return held and not _writes_globals(code) and not value.__dict__
    if isinstance(value, type):
        return raised.is_stdlib(value.__module__) or value.__module__ == "builtins"
    return isinstance(value, HARMLESS)


def _filled(cell: Any) -> bool:
    try:
        return bool(cell.cell_contents is not None)
    except ValueError:
        return False


def _writes_globals(code: types.CodeType) -> bool:
    import dis

    if any(
        each.opname in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR")
        for each in dis.get_instructions(code)
    ):
        return True
    return any(_writes_globals(each) for each in code.co_consts if isinstance(each, types.CodeType))


def _is_constant(value: Any, depth: int) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return depth < 20 and all(_is_constant(each, depth + 1) for each in value)
    return type(value) in CONSTANTS


def local_modules(loaded: Dict[str, Any], files: List[str]) -> List[types.ModuleType]:
    """The loaded modules of these files."""
    wanted = {os.path.realpath(each) for each in files}
    return [
        module
        for module in list(loaded.values())
        if isinstance(module, types.ModuleType)
        and os.path.realpath(getattr(module, "__file__", None) or "/") in wanted
    ]
