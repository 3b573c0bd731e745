"""Static errors in the lines of a program that may change, before any test is run (Bi et al. 2024).

The program as a whole is looked at, what is reported lies in its regions or in imports that are new.
Certainty goes before completeness: a correct program has to come through without a finding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from coderepair.edit.regions import FunctionNode
from coderepair.edit.syntax import compile_error
from coderepair.model import Program
from coderepair.project import calls, imports, names, objects
from coderepair.project.environment import Environment
from coderepair.project.findings import Finding
from coderepair.project.guards import Guards
from coderepair.project.index import ProjectIndex, module_name
from coderepair.project.inference import Inference, Scope, scope_of
from coderepair.project.lookup import Names
from coderepair.project.reading import read

_SILENCED = re.compile(r"#.*(type:\s*ignore|noqa|pylint:\s*disable|pyright:\s*ignore)")


def analyse(
    program: Program, path: str, index: ProjectIndex, python: str = "", before: str = ""
) -> list[Finding]:
    """The static errors of `program`, which stands at the absolute `path`, by line.

    `python` is the project's interpreter, asked for modules outside of the project (empty: nothing is
    known of those); `before` the user's text: top-level imports that are not in it count as changed.
    """
    error = compile_error(program.source)
    if error is not None:
        return [Finding(error.lineno or 1, "E0001", error.msg)]
    try:
        return _errors(program, path, index, python, before)
    except (SyntaxError, ValueError, RecursionError):  # nested too deeply, or for another Python
        return []


def _errors(
    program: Program, path: str, index: ProjectIndex, python: str, before: str
) -> list[Finding]:
    """Those of a program that compiles."""
    tree = ast.parse(program.source)
    relative = _relative(path, index.root)
    module = read(program.source, module_name(index.root, relative), relative)
    lines = _changed_lines(program, tree, before) - _silenced(program.source)
    resolver = Names(index, Environment(python), sorted(_imported(tree)))
    inference = Inference(resolver, module, frozenset(_set(tree)))
    guards = Guards(tree)
    found = [*names.check(program.source, tree, inference), *imports.check(tree, inference)]
    for scope, part in _in_scopes(tree):
        found += objects.check(part, scope, inference)
        found += calls.check(part, scope, inference)
    kept = {each for each in found if each.line in lines and not guards.expects(each)}
    return sorted(kept, key=lambda each: (each.line, each.code, each.message))


def _relative(path: str, root: Path) -> str:
    """Relative to the root where the file is below it; else its name."""
    file = Path(path).resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name


def _changed_lines(program: Program, tree: ast.Module, before: str) -> set[int]:
    """Lines of the regions (all, where there are none), and of imports that `before` has not."""
    source = program.source
    lines: set[int] = set()
    for start, end in program.regions or ((0, len(source)),):
        first = source.count("\n", 0, start) + 1
        lines |= set(range(first, first + source.count("\n", start, end) + 1))
    known = set(map(str.strip, before.split("\n")))
    texts = source.split("\n")
    for node in tree.body:
        if (
            isinstance(node, ast.Import | ast.ImportFrom)
            and texts[node.lineno - 1].strip() not in known
        ):
            lines |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _silenced(source: str) -> set[int]:
    """Lines that the user told other checkers to pass over."""
    texts = enumerate(source.split("\n"), 1)
    return {line for line, text in texts if _SILENCED.search(text)}


def _imported(tree: ast.Module) -> set[str]:
    """Top-level modules that are imported anywhere."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _set(tree: ast.Module) -> Iterator[str]:
    """Attributes that the module sets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _in_scopes(tree: ast.Module) -> Iterator[tuple[Scope, ast.AST]]:
    """Every node of the functions' bodies with the scope that its names are looked up in."""
    stack: list[tuple[ast.AST, Scope, str]] = [(tree, Scope(), "")]
    while stack:
        node, scope, owner = stack.pop()
        for child in _evaluated(node):
            inner, above = scope, owner
            if isinstance(child, FunctionNode):
                inner, above = scope_of(child, scope, owner), ""
            elif isinstance(child, ast.ClassDef):
                above = child.name if isinstance(node, ast.Module) else ""
            elif isinstance(
                child, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
            ):
                inner = _with_own(child, scope)
            if not isinstance(child, FunctionNode | ast.ClassDef):
                yield inner, child
            stack.append((child, inner, above))


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes right below one, without annotations, which are types and need not be values."""
    types = (getattr(node, "annotation", None), getattr(node, "returns", None))
    return (child for child in ast.iter_child_nodes(node) if child not in types)


def _with_own(node: ast.AST, scope: Scope) -> Scope:
    """A scope in which what a lambda or comprehension binds hides what is outside."""
    bound = dict(scope.bound)
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            bound[part.arg] = [part, part]
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            bound[part.id] = [part, part]
    return Scope(scope.function, scope.parent, scope.owner, bound)
