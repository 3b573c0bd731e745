"""Other definitions of the file that a function uses, shortened to what a caller must know."""

from __future__ import annotations

import ast
from textwrap import dedent

from coderepair.edit.regions import region_text
from coderepair.feedback.target import Target
from coderepair.model import Program

MAX_CHARS = 1600
_LINE_CHARS = 160
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions_used(program: Program, target: Target) -> str:
    """Headers of functions and classes, and assignments, of the module that the function mentions;
    of a method also its class's other methods and fields. At most `MAX_CHARS`, whole lines."""
    try:
        module = ast.parse(program.source)
        names = _names(region_text(program, target.region))
    except (SyntaxError, ValueError, RecursionError):
        return ""
    own, _, _ = target.name.partition(".")
    lines: list[str] = []
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == own and "." in target.name:
            lines += _members(node, target.name.rpartition(".")[2])
        elif isinstance(node, _DEFINITIONS):
            if node.name in names and node.name != target.name:
                lines.append(_header(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and names & _assigned(node):
            lines.append(_clip(ast.unparse(node)))
    return _bounded(lines)


def imports(source: str) -> str:
    """The import statements of a module, one a line; empty if it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return "\n".join(
        ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)
    )


def _names(region: str) -> set[str]:
    tree = ast.parse(dedent(region))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _header(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """`def f(a: int) -> str:  # first line of the docstring`."""
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        text = f"class {node.name}({bases}):" if bases else f"class {node.name}:"
    else:
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        text = f"{kind} {node.name}({ast.unparse(node.args)}){returns}: ..."
    summary = (ast.get_docstring(node) or "").partition("\n")[0]
    return _clip(f"{text}  # {summary}" if summary else text)


def _members(node: ast.ClassDef, method: str) -> list[str]:
    """The class's header, fields, the other methods' headers and what `__init__` sets."""
    lines = [_header(node)]
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name != method:
                lines.append(f"    {_header(child)}")
            if child.name == "__init__" and method != "__init__":
                lines += [f"        {line}" for line in _fields(child)]
        elif isinstance(child, ast.Assign | ast.AnnAssign):
            lines.append(f"    {_clip(ast.unparse(child))}")
    return lines


def _fields(init: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [
        _clip(ast.unparse(node))
        for node in init.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "self." in ast.unparse(node)
    ]


def _assigned(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    }


def _clip(text: str) -> str:
    line = " ".join(text.split("\n"))
    return line if len(line) <= _LINE_CHARS else line[: _LINE_CHARS - 3] + "..."


def _bounded(lines: list[str]) -> str:
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > MAX_CHARS:
            break
        kept.append(line)
    return "\n".join(kept)
