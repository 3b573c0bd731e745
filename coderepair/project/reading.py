"""From the source of a module to its record. Nothing is imported or run."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from coderepair.edit.nodes import header, own_nodes
from coderepair.edit.regions import FunctionNode
from coderepair.project.records import Definition, Kind, Module, Parameters

SIGNATURE_CHARS, SUMMARY_CHARS, MAX_WORDS = 200, 120, 40
_TRANSPARENT = frozenset(
    {"staticmethod", "classmethod", "abstractmethod", "abc.abstractmethod", "cache", "lru_cache"}
    | {"functools.cache", "functools.lru_cache", "contextmanager", "contextlib.contextmanager"}
    | {"override", "typing.override"}
)
"""Decorators that leave a function's parameters as they are."""
_OPENS = frozenset({"exec", "eval", "globals", "vars", "setattr"})
"""Functions by which a module can get names that cannot be seen."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def read(source: str, name: str, path: str) -> Module:
    """The record of a module's source. Raises SyntaxError, ValueError or RecursionError."""
    body = ast.parse(source).body
    names: Counter[str] = Counter()
    imports: list[tuple[str, str, str]] = []
    stars: list[str] = []
    definitions: list[Definition] = []
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    for node in _top_level(body):
        names.update(_bound(node))
        match node:
            case ast.Import():
                imports += [_imported(alias) for alias in node.names]
            case ast.ImportFrom():
                module = absolute(node, package)
                stars += [module for alias in node.names if alias.name == "*"]
                imports += [
                    (alias.asname or alias.name, module, alias.name)
                    for alias in node.names
                    if alias.name != "*"
                ]
            case _:
                definitions += _defined(node)
    inside = {each for node in body for each in _globals(node)}
    return Module(
        name,
        path,
        tuple(definitions),
        tuple(imports),
        frozenset(names) | inside,
        tuple(stars),
        "__getattr__" in names or any(map(_opens, body)),
        frozenset(each for each, count in names.items() if count > 1) | inside,
    )


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that is imported from, in a module of `package`; empty if unknown."""
    if not node.level:
        return node.module or ""
    if not package:
        return ""
    parts = package.split(".") if package else []
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def words(text: str) -> list[str]:
    """Lower-case parts of names and prose: `getHTTPUrl_2` gives `get http url 2`."""
    return [part.lower() for part in _WORD.findall(text)]


def parameters_of(function: FunctionNode, *, bound: bool = False) -> Parameters:
    """What calls of a function have to give; `bound` leaves the first one out."""
    arguments = function.args
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    skipped = int(bound and bool(positional))
    required = len(positional) - len(arguments.defaults)
    return Parameters(
        tuple(positional[skipped:]),
        max(0, len(arguments.posonlyargs) - skipped),
        max(0, required - skipped),
        tuple(each.arg for each in arguments.kwonlyargs),
        tuple(
            each.arg
            for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if default is None
        ),
        arguments.vararg is not None,
        arguments.kwarg is not None,
    )


def decorators(node: FunctionNode | ast.ClassDef) -> list[str]:
    """Their dotted names, without what they are called with."""
    return [
        ast.unparse(each.func if isinstance(each, ast.Call) else each)
        for each in node.decorator_list
    ]


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module, those inside branches, loops and `try` included."""
    for node in body:
        yield node
        if not isinstance(node, FunctionNode | ast.ClassDef):
            for part in own_nodes(node):
                if isinstance(part, ast.stmt):
                    yield part


def _bound(node: ast.stmt) -> Iterator[str]:
    """Names that a statement itself binds."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0]
        case ast.AnnAssign() if node.value is None:
            return
        case _:
            patterns = [case.pattern for case in getattr(node, "cases", ())]
            for part in (each for top in (node, *patterns) for each in header(top)):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id
                elif isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    yield part.name


def _globals(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Global):
            yield from part.names


def _opens(node: ast.stmt) -> bool:
    return not isinstance(node, FunctionNode | ast.ClassDef) and any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in _OPENS
        for part in own_nodes(node)
    )


def _imported(alias: ast.alias) -> tuple[str, str, str]:
    """`import a.b` binds `a`, `import a.b as c` binds c to a.b."""
    top = alias.name.partition(".")[0]
    return (alias.asname, alias.name, "") if alias.asname else (top, top, "")


def _defined(node: ast.stmt) -> Iterator[Definition]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield function_record(node, node.name, Kind.FUNCTION)
        case ast.ClassDef():
            yield class_record(node)
            for child in node.body:
                if isinstance(child, FunctionNode):
                    yield function_record(child, f"{node.name}.{child.name}", Kind.METHOD)
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            text = _clip(ast.unparse(node), SIGNATURE_CHARS)
            yield Definition(name, Kind.VARIABLE, node.lineno, text, words=tuple(words(name)))


def function_record(node: FunctionNode, name: str, kind: Kind) -> Definition:
    """The record of a function or method."""
    made_by = decorators(node)
    known = all(each in _TRANSPARENT for each in made_by)
    bound = kind is Kind.METHOD and "staticmethod" not in made_by
    summary = (ast.get_docstring(node) or "").partition("\n")[0]
    return Definition(
        name,
        kind,
        node.lineno,
        _clip(_header(node), SIGNATURE_CHARS),
        _clip(summary, SUMMARY_CHARS),
        parameters_of(node, bound=bound) if known else None,
        not known or _gives(node),
        words=_words(name, ast.get_docstring(node)),
    )


def class_record(node: ast.ClassDef) -> Definition:
    """The record of a class; its parameters are those of `__init__`, or of a plain data class."""
    made_by = decorators(node)
    data = made_by in (["dataclass"], ["dataclasses.dataclass"])
    methods = {child.name: child for child in node.body if isinstance(child, FunctionNode)}
    bases = ", ".join(map(ast.unparse, node.bases))
    summary = (ast.get_docstring(node) or "").partition("\n")[0]
    return Definition(
        node.name,
        Kind.CLASS,
        node.lineno,
        _clip(f"class {node.name}({bases})" if bases else f"class {node.name}", SIGNATURE_CHARS),
        _clip(summary, SUMMARY_CHARS),
        _constructor(node, methods, data=data, plain=not made_by),
        bases=tuple(map(ast.unparse, node.bases)),
        members=tuple(sorted(_members(node))),
        open=bool(node.keywords)
        or not (data or not made_by)
        or bool({"__getattr__", "__getattribute__", "__setattr__"} & methods.keys())
        or any(map(_sets_anything, ast.walk(node))),
        words=_words(node.name, ast.get_docstring(node)),
    )


def _constructor(
    node: ast.ClassDef, methods: dict[str, FunctionNode], *, data: bool, plain: bool
) -> Parameters | None:
    """None where it is inherited or cannot be known."""
    if node.keywords or "__new__" in methods or not (data or plain):
        return None
    if "__init__" in methods:
        init = methods["__init__"]
        return None if init.decorator_list else parameters_of(init, bound=True)
    if node.bases and ast.unparse(node.bases[0]) != "object":
        return None
    return _fields(node) if data else Parameters()


def _fields(node: ast.ClassDef) -> Parameters | None:
    """Parameters of a data class without bases; None where `field` or a decorator's options decide."""
    if any(isinstance(each, ast.Call) for each in node.decorator_list):
        return None
    names: list[str] = []
    required = 0
    for child in node.body:
        if not isinstance(child, ast.AnnAssign) or not isinstance(child.target, ast.Name):
            continue
        kind = ast.unparse(child.annotation)
        if re.search(r"\b(ClassVar|InitVar|KW_ONLY)\b", kind):
            return None
        if isinstance(child.value, ast.Call) and "init" in ast.unparse(child.value):
            return None
        names.append(child.target.id)
        required += child.value is None
    return Parameters(tuple(names), 0, required)


def _members(node: ast.ClassDef) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            found.add(part.attr)
    for part in own_nodes(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, FunctionNode | ast.ClassDef):
            found.add(part.name)
    return found


def _sets_anything(part: ast.AST) -> bool:
    """Whether attributes may be set whose names are not to be seen."""
    if isinstance(part, ast.Attribute):
        return part.attr == "__dict__"
    return (
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Name)
        and part.func.id in ("setattr", "vars")
    )


def _gives(node: FunctionNode) -> bool:
    """Whether a call may have a value; a body that is only there to be overridden may."""
    if isinstance(node, ast.AsyncFunctionDef):
        return True
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if all(isinstance(each, ast.Pass | ast.Raise) or _is_text(each) for each in body):
        return True
    return any(
        isinstance(part, ast.Yield | ast.YieldFrom)
        or (isinstance(part, ast.Return) and part.value is not None)
        for part in own_nodes(node)
    )


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _header(node: FunctionNode) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    return f"{kind} {node.name}({ast.unparse(node.args)}){returns}"


def _words(name: str, docstring: str | None) -> tuple[str, ...]:
    return tuple((words(name) + words(docstring or ""))[:MAX_WORDS])


def _clip(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
